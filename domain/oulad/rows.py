"""The tables' rows that the data set becomes. Ids are fresh; a row that is there already keeps its own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.oulad.check import Result
from domain.oulad.dataset import Assessment, Course, Enrolment, Student
from domain.oulad.identity import STAFF, STUDENTS, Identity, identity
from domain.people.model import GrantedRole
from tenants.ids import uuid7

Values = Mapping[str, Any]

COURSE_COLUMNS = ("code", "title", "presentation", "starts_on", "length_days")
ASSESSMENT_COLUMNS = ("course_id", "kind", "due_day", "weight")
PERSON_COLUMNS = ("education", "gender", "age_band", "region", "disability", "deprivation_band")
ENROLMENT_COLUMNS = (
    "status",
    "enrolled_at",
    "completed_at",
    "withdrawn_at",
    "progress",
    "final_result",
    "previous_attempts",
    "studied_credits",
    "average_score",
    "last_activity_at",
)
RESULT_COLUMNS = ("submitted_on", "banked", "score")
"""What the files hold, and so set again when it differs. The rest of a row is set once, when it is added."""


def course_row(course: Course) -> Values:
    """Return the row of a presentation."""
    return {
        "id": uuid7(),
        "external_id": course.external_id,
        "code": course.module,
        "title": f"Module {course.module}",
        "presentation": course.presentation,
        "starts_on": course.starts_on,
        "length_days": course.length,
    }


def assessment_row(assessment: Assessment, course_id: UUID) -> Values:
    """Return the row of an assessment of the course `course_id`."""
    return {
        "id": uuid7(),
        "external_id": assessment.external_id,
        "course_id": course_id,
        "kind": assessment.kind,
        "due_day": assessment.due_day,
        "weight": assessment.weight,
    }


def student_key(number: int) -> str:
    """Return the external id of the student `number`."""
    return f"oulad:{number}"


def student_row(number: int, student: Student) -> Values:
    """Return the row of a student as a person, with a generated identity."""
    return {
        **_person(student_key(number), identity(str(number), STUDENTS)),
        "education": student.education,
        "gender": student.gender,
        "age_band": student.age_band,
        "region": student.region,
        "disability": student.disability,
        "deprivation_band": student.deprivation_band,
    }


def instructor_key(module: str) -> str:
    """Return the external id of the person who teaches every presentation of `module`."""
    return f"oulad:instructor:{module}"


def instructor_row(module: str) -> Values:
    """Return the row of that person, whom the data set does not have."""
    return _person(instructor_key(module), identity(module, STAFF))


def membership_row(person_id: UUID) -> Values:
    """Return the row that makes a person a member."""
    return {"person_id": person_id}


def instructor_grant_row(person_id: UUID) -> Values:
    """Return the row that makes a member an instructor."""
    return {"person_id": person_id, "role": GrantedRole.INSTRUCTOR}


def teaching_row(course_id: UUID, person_id: UUID) -> Values:
    """Return the row that gives a course to an instructor."""
    return {"course_id": course_id, "person_id": person_id}


def enrolment_row(course: Course, enrolment: Enrolment, course_id: UUID, learner_id: UUID) -> Values:
    """Return the row of an enrolment."""
    return {
        "id": uuid7(),
        "course_id": course_id,
        "learner_id": learner_id,
        "status": enrolment.status,
        "enrolled_at": course.at(enrolment.registered_on),
        "completed_at": course.at(course.length) if enrolment.is_completed else None,
        "withdrawn_at": course.at(enrolment.unregistered_on),
        "progress": course.progress(enrolment),
        "final_result": enrolment.final_result,
        "previous_attempts": enrolment.previous_attempts,
        "studied_credits": enrolment.studied_credits,
        "average_score": enrolment.average_score,
        "last_activity_at": course.at(enrolment.last_submitted_on),
    }


def result_row(result: Result, course: Course, enrollment_id: UUID, assessment_id: UUID) -> Values:
    """Return the row of a result in `course`."""
    return {
        "id": uuid7(),
        "enrollment_id": enrollment_id,
        "assessment_id": assessment_id,
        "submitted_on": course.on(result.day),
        "banked": result.banked,
        "score": None if result.score is None else result.score / 100,
    }


def _person(external_id: str, who: Identity) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "external_id": external_id,
        "name": who.name,
        "email": who.email,
        "language": "en",
        # An unknown age counts as a minor's, so an import has to say otherwise. The files give no ages, only bands, of
        # which the lowest is "0-35": they do not prove it. It is this import that treats the students of a university,
        # anonymised and long past their courses of 2013 and 2014, as adults.
        "minor": False,
        "restricted": False,
    }
