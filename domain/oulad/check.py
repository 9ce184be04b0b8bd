"""The first pass: every file read to its end and checked, alone and against the others, before anything is loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from domain.oulad import forms
from domain.oulad.dataset import Assessment, Course, Dataset, Enrolment, Student
from domain.oulad.forms import ASSESSMENTS, COURSES, STUDENT_ASSESSMENT, STUDENT_INFO, STUDENT_REGISTRATION
from domain.oulad.problems import FollowUpError, Problems, RowError
from domain.oulad.progress import Progress, reporter
from domain.oulad.row import Row
from domain.oulad.sheet import Form, Sheet


def check(folder: Path, progress: Progress) -> Dataset:
    """Return the data set in `folder`. Raises `OuladError` with everything that is wrong with its files."""
    problems = Problems()
    if not folder.is_dir():
        problems.add(str(folder), "there is no such folder")
        problems.stop_if_any()
    return _Checker(folder, problems, progress).run()


@dataclass(frozen=True, slots=True)
class Result:
    """A row of studentAssessment.csv."""

    assessment: int
    student: int
    day: int
    banked: bool
    score: int | None
    """In hundredths."""


def read_result(row: Row) -> Result:
    """Return the result in `row`. Raises `RowError`."""
    return Result(
        assessment=_number(row, "id_assessment"),
        student=_number(row, "id_student"),
        day=_day(row, "date_submitted"),
        banked=row.choice("is_banked", forms.BANKED),
        score=row.hundredths_or_none("score", 0, 100),
    )


class _Checker:
    """Takes the rows in the order in which the files refer to each other."""

    def __init__(self, folder: Path, problems: Problems, progress: Progress) -> None:
        self._folder = folder
        self._problems = problems
        self._progress = progress
        self._complete: set[Form] = set()
        self._data = Dataset()

    def run(self) -> Dataset:
        self._check(COURSES, self._take_course)
        self._check(ASSESSMENTS, self._take_assessment)
        info = self._check(STUDENT_INFO, self._take_enrolment)
        self._check(STUDENT_REGISTRATION, self._take_registration)
        self._check_all_registered(info)
        results = self._check(STUDENT_ASSESSMENT, self._take_result)
        self._problems.stop_if_any()
        self._data.results_digest = results.digest
        return self._data

    def _check(self, form: Form, take: Callable[[Row], None]) -> Sheet:
        sheet = Sheet(self._folder, form, self._problems, reporter(self._progress, f"checking {form.name}"))
        if sheet.check(take):
            self._complete.add(form)
        return sheet

    def _take_course(self, row: Row) -> None:
        key = _course_key(row)
        length = row.whole("module_presentation_length", 1, forms.FURTHEST_DAY)
        if key in self._data.courses:
            raise RowError("this presentation has a line already")
        module, presentation = key
        starts_on = date(int(presentation[:4]), forms.START_MONTHS[presentation[4]], 1)
        self._data.courses[key] = Course(module, presentation, starts_on, length)

    def _take_assessment(self, row: Row) -> None:
        number = _number(row, "id_assessment")
        kind = row.choice("assessment_type", forms.KINDS)
        due_day = _day_or_none(row, "date")
        weight = row.hundredths("weight", 0, 100) / 100
        course = self._course(row)
        if number in self._data.assessments:
            raise RowError("this assessment has a line already")
        if course.assessments == forms.MOST_ASSESSMENTS:
            raise RowError(f"the presentation has more than {forms.MOST_ASSESSMENTS} assessments")
        self._data.assessments[number] = Assessment(number, course, course.assessments, kind, due_day, weight)
        course.assessments += 1

    def _take_enrolment(self, row: Row) -> None:
        number = _number(row, "id_student")
        enrolment = Enrolment(
            line=row.line,
            final_result=row.choice("final_result", forms.RESULTS),
            previous_attempts=row.whole("num_of_prev_attempts", 0, forms.MOST_ATTEMPTS),
            studied_credits=row.whole("studied_credits", 0, forms.MOST_CREDITS),
        )
        facts = {
            "gender": row.choice("gender", forms.GENDERS),
            "region": row.choice("region", forms.REGIONS),
            "education": row.choice("highest_education", forms.EDUCATION),
            "age_band": row.choice("age_band", forms.AGE_BANDS),
        }
        deprivation_band = row.choice_or_none("imd_band", forms.DEPRIVATION_BANDS)
        disability = row.choice("disability", forms.DISABILITY)
        course = self._course(row)
        if number in course.enrolled:
            raise RowError("this student has a line for this presentation already")
        course.enrolled[number] = enrolment
        as_of = (course.starts_on, course.module)
        known = self._data.students.get(number)
        if known is None or as_of > known.as_of:
            self._data.students[number] = Student(
                as_of, **facts, deprivation_band=deprivation_band, disability=disability
            )

    def _take_registration(self, row: Row) -> None:
        number = _number(row, "id_student")
        registered_on = _day_or_none(row, "date_registration")
        unregistered_on = _day_or_none(row, "date_unregistration")
        enrolment = self._course(row).enrolled.get(number)
        if enrolment is None:
            raise self._missing(STUDENT_INFO, "the student has no line for this presentation")
        if enrolment.is_registered:
            raise RowError("this student has a line for this presentation already")
        enrolment.is_registered = True
        enrolment.registered_on, enrolment.unregistered_on = registered_on, unregistered_on

    def _check_all_registered(self, info: Sheet) -> None:
        if STUDENT_REGISTRATION not in self._complete:
            return
        for course in self._data.courses.values():
            for enrolment in course.enrolled.values():
                if not enrolment.is_registered:
                    info.add(
                        enrolment.line, f"the student has no line for this presentation in {STUDENT_REGISTRATION.name}"
                    )

    def _take_result(self, row: Row) -> None:
        result = read_result(row)
        assessment = self._data.assessments.get(result.assessment)
        if assessment is None:
            raise self._missing(ASSESSMENTS, "the assessment has no line")
        enrolment = assessment.course.enrolled.get(result.student)
        if enrolment is None:
            raise self._missing(STUDENT_INFO, "the student has no line for the assessment's presentation")
        if enrolment.submitted >> assessment.position & 1:
            raise RowError("this student has a line for this assessment already")
        enrolment.add_result(assessment.position, result.day, result.score)
        self._data.results += 1

    def _course(self, row: Row) -> Course:
        course = self._data.courses.get(_course_key(row))
        if course is None:
            raise self._missing(COURSES, "the presentation has no line")
        return course

    def _missing(self, form: Form, reason: str) -> Exception:
        """Return the error of a row that refers to something that `form` lacks: if that is so, and not just unread."""
        return RowError(f"{reason} in {form.name}") if form in self._complete else FollowUpError()


def _course_key(row: Row) -> tuple[str, str]:
    module = row.code("code_module", forms.MODULE, "BBB")
    return module, row.code("code_presentation", forms.PRESENTATION, "2014J")


def _number(row: Row, column: str) -> int:
    return row.whole(column, 1, forms.LARGEST_NUMBER)


def _day(row: Row, column: str) -> int:
    return row.whole(column, -forms.FURTHEST_DAY, forms.FURTHEST_DAY)


def _day_or_none(row: Row, column: str) -> int | None:
    return _day(row, column) if row.has(column) else None
