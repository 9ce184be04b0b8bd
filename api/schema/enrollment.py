"""Enrollment and AssessmentResult: who takes which course, and with what result."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.reading.category import DataCategory
from api.reading.declare import access, cell, entity, key, many, one
from api.schema import lists
from api.schema.access import FieldAccess
from api.schema.connection import Connection
from api.schema.course import Assessment, Course
from api.schema.enums import EnrollmentStatus, FinalResult
from api.schema.learner import Learner
from api.schema.node import Node
from domain.enrollments.model import assessment_result, enrollment

columns = enrollment.c
LEARNING = DataCategory.LEARNING


@entity(
    assessment_result,
    joins=((enrollment, assessment_result.c.enrollment_id),),
    subject=columns.learner_id,
    course=columns.course_id,
    through="Enrollment.results",
)
@strawberry.type(description="What a learner handed in for an assessment, and its mark.")
class AssessmentResult(Node):
    """A result; it stands as its enrolment."""

    id: strawberry.ID = key("AssessmentResult", LEARNING, of=assessment_result.c.id)
    assessment: Assessment = one("Assessment", assessment_result.c.assessment_id, None, "What was assessed.")
    enrollment: Annotated["Enrollment", strawberry.lazy("api.schema.enrollment")] | None = one(
        "Enrollment", assessment_result.c.enrollment_id, LEARNING, "The enrolment it belongs to."
    )
    submitted_on: date | None = cell(assessment_result.c.submitted_on, LEARNING, "The day it was handed in.")
    banked: bool | None = cell(
        assessment_result.c.banked, LEARNING, "Whether it was carried over from an earlier attempt."
    )
    score: float | None = cell(assessment_result.c.score, LEARNING, "The mark, 0 to 100.")


@entity(enrollment, subject=columns.learner_id, course=columns.course_id)
@strawberry.type(description="That a person takes a course, and how it goes.")
class Enrollment(Node):
    """An enrolment."""

    id: strawberry.ID = key("Enrollment", LEARNING, of=columns.id)
    learner: Learner | None = one("Learner", columns.learner_id, DataCategory.IDENTIFIER, "Who takes the course.")
    course: Course = one("Course", columns.course_id, None, "The course that is taken.")
    status: EnrollmentStatus | None = cell(columns.status, LEARNING, "Where it stands.")
    enrolled_at: datetime | None = cell(columns.enrolled_at, LEARNING, "When it began.")
    completed_at: datetime | None = cell(columns.completed_at, LEARNING, "When it was completed.")
    withdrawn_at: datetime | None = cell(columns.withdrawn_at, LEARNING, "When the learner withdrew.")
    progress: float | None = cell(columns.progress, LEARNING, "How much of the course is done, 0 to 1.")
    final_result: FinalResult | None = cell(columns.final_result, LEARNING, "How it ended.")
    previous_attempts: int | None = cell(columns.previous_attempts, LEARNING, "How often it was tried before.")
    studied_credits: int | None = cell(columns.studied_credits, LEARNING, "Credits studied at the time.")
    average_score: float | None = cell(columns.average_score, LEARNING, "The mean of the marks, 0 to 100.")
    watch_seconds: int | None = cell(columns.watch_seconds, LEARNING, "Seconds of video watched.")
    last_activity_at: datetime | None = cell(
        columns.last_activity_at, DataCategory.BEHAVIOUR, "When something was last done in it."
    )
    results: Connection[AssessmentResult] | None = many(
        "AssessmentResult", lists.results_of, LEARNING, "The marks.", stands_as_parent=True
    )
    viewer_access: list[FieldAccess] = access()
