"""The objects of an answer, made from the rows of its one statement."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import strawberry

from api.ids import encode_id
from benchmarks.fields import Connection, CourseFields, EnrollmentFields, LearnerFields, Page, ResultFields

Row = Any
"""A row of asyncpg, which publishes no types."""

Source = Any
"""What a connection is read from: a page, whose attributes Strawberry takes by their names."""


@strawberry.type
class AssessmentResult(ResultFields):
    """A result."""


def _result_page(parent: strawberry.Parent["Enrollment"], first: int = 25) -> Source:  # noqa: ARG001 # the root read it
    return parent.result_page


@strawberry.type
class Enrollment(EnrollmentFields):
    """An enrolment with what the statement read of it."""

    result_page: strawberry.Private[Page[AssessmentResult] | None] = None
    learner: "Learner | None" = None
    results: Connection[AssessmentResult] | None = strawberry.field(resolver=_result_page)


def _enrollment_page(parent: strawberry.Parent[Any], first: int = 25) -> Source:  # noqa: ARG001 # the root read it
    return parent.enrollment_page


@strawberry.type
class Learner(LearnerFields):
    """A learner with what the statement read of them."""

    enrollment_page: strawberry.Private[Page[Enrollment] | None] = None
    enrollments: Connection[Enrollment] | None = strawberry.field(resolver=_enrollment_page)


@strawberry.type
class Course(CourseFields):
    """A course with what the statement read of it."""

    enrollment_page: strawberry.Private[Page[Enrollment]]
    enrollments: Connection[Enrollment] = strawberry.field(resolver=_enrollment_page)


def course(rows: Sequence[Row], first: int) -> Course | None:
    """Return the course of a roster's rows."""
    if not rows:
        return None
    enrollments = [_enrolled(row) for row in rows if row["id"] is not None]
    course_id = strawberry.ID(encode_id("Course", rows[0]["course_id"]))
    return Course(id=course_id, enrollment_page=Page.of(enrollments, first))


def learners(rows: Sequence[Row], sizes: tuple[int, int, int]) -> Page[Learner]:
    """Return the learners of the nested rows: so many, with so many enrolments and results each."""
    return Page.of([_learner(list(group), sizes) for _, group in groupby(rows, itemgetter("learner_id"))], sizes[0])


def _learner(rows: Sequence[Row], sizes: tuple[int, int, int]) -> Learner:
    return Learner(
        id=strawberry.ID(encode_id("Learner", rows[0]["learner_id"])),
        name=rows[0]["name"],
        enrollment_page=Page.of(list(_enrollments(rows, sizes[2])), sizes[1]),
    )


def _enrollments(rows: Sequence[Row], first: int) -> Iterator[Enrollment]:
    for key, group in groupby(rows, itemgetter("enrollment_id")):
        if key is not None:
            of_one = list(group)
            results = [_result(row) for row in of_one if row["result_id"] is not None]
            yield Enrollment(
                id=strawberry.ID(encode_id("Enrollment", key)),
                status=of_one[0]["status"],
                result_page=Page.of(results, first),
            )


def _result(row: Row) -> AssessmentResult:
    return AssessmentResult(
        id=strawberry.ID(encode_id("AssessmentResult", row["result_id"])),
        score=row["score"],
        submitted_on=row["submitted_on"],
    )


def _enrolled(row: Row) -> Enrollment:
    return Enrollment(
        id=strawberry.ID(encode_id("Enrollment", row["id"])),
        status=row["status"],
        progress=row["progress"],
        average_score=row["average_score"],
        final_result=row["final_result"],
        last_activity_at=row["last_activity_at"],
        enrolled_at=row["enrolled_at"],
        learner=Learner(
            id=strawberry.ID(encode_id("Learner", row["learner_id"])),
            name=row["name"],
            picture_url=row["picture_url"],
            title=row["title"],
            education=row["education"],
            minor=row["minor"],
        ),
    )
