"""The published form of the data set: files, columns, words, ranges.

Source: J. Kuzilek, M. Hlosta, Z. Zdrahal, "Open University Learning Analytics dataset", Scientific Data 4:170171
(2017), doi 10.1038/sdata.2017.171, section "Data Records".
"""

import re
from typing import Final

from domain.courses.model import AssessmentKind
from domain.enrollments.model import FinalResult
from domain.oulad.sheet import Form

COURSES = Form("courses.csv", ("code_module", "code_presentation", "module_presentation_length"))
ASSESSMENTS = Form(
    "assessments.csv", ("code_module", "code_presentation", "id_assessment", "assessment_type", "date", "weight")
)
STUDENT_INFO = Form(
    "studentInfo.csv",
    (
        "code_module",
        "code_presentation",
        "id_student",
        "gender",
        "region",
        "highest_education",
        "imd_band",
        "age_band",
        "num_of_prev_attempts",
        "studied_credits",
        "disability",
        "final_result",
    ),
)
STUDENT_REGISTRATION = Form(
    "studentRegistration.csv",
    ("code_module", "code_presentation", "id_student", "date_registration", "date_unregistration"),
)
STUDENT_ASSESSMENT = Form(
    "studentAssessment.csv", ("id_assessment", "id_student", "date_submitted", "is_banked", "score")
)

MODULE: Final = re.compile(r"[A-Z]{3}")
PRESENTATION: Final = re.compile(r"(19|20)[0-9]{2}[BJ]")

START_MONTHS: Final = {"B": 2, "J": 10}
"""The letter of a presentation is the month that it starts in: February or October."""

LARGEST_NUMBER: Final = 2**31 - 1
"""Of a student or an assessment."""
FURTHEST_DAY: Final = 3660
MOST_ASSESSMENTS: Final = 200
"""Of one presentation."""
MOST_ATTEMPTS: Final = 1_000
MOST_CREDITS: Final = 10_000

KINDS: Final = {
    "TMA": AssessmentKind.TUTOR_MARKED,
    "CMA": AssessmentKind.COMPUTER_MARKED,
    "Exam": AssessmentKind.EXAM,
}
RESULTS: Final = {
    "Pass": FinalResult.PASS,
    "Fail": FinalResult.FAIL,
    "Withdrawn": FinalResult.WITHDRAWN,
    "Distinction": FinalResult.DISTINCTION,
}
GENDERS: Final = {"F": "Female", "M": "Male"}
DISABILITY: Final = {"Y": True, "N": False}
BANKED: Final = {"1": True, "0": False}


def _as_published(*words: str) -> dict[str, str]:
    return {word: word for word in words}


AGE_BANDS: Final = _as_published("0-35", "35-55", "55<=")
# One band is published without its per cent sign.
DEPRIVATION_BANDS: Final = _as_published("10-20", *(f"{least}-{least + 10}%" for least in range(0, 100, 10)))
EDUCATION: Final = _as_published(
    "A Level or Equivalent",
    "HE Qualification",
    "Lower Than A Level",
    "No Formal quals",
    "Post Graduate Qualification",
)
REGIONS: Final = _as_published(
    "East Anglian Region",
    "East Midlands Region",
    "Ireland",
    "London Region",
    "North Region",
    "North Western Region",
    "Scotland",
    "South East Region",
    "South Region",
    "South West Region",
    "Wales",
    "West Midlands Region",
    "Yorkshire Region",
)
