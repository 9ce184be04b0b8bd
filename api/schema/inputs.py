"""Filters and orders that several types share."""

from datetime import datetime
from enum import StrEnum

import strawberry

from api.reading.category import DataCategory
from api.schema.enums import AccessOutcome, EnrollmentStatus, FinalResult, Purpose, Role, SeatStatus

strawberry.enum(FinalResult, description="How an enrolment ended.")


@strawberry.input(description="Conditions on a text; all of them hold.")
class StringFilter:
    """Conditions on a text, by code points."""

    eq: str | None = strawberry.field(default=strawberry.UNSET, description="It is this text.")
    in_: list[str] | None = strawberry.field(name="in", default=strawberry.UNSET, description="It is one of these.")
    starts_with: str | None = strawberry.field(default=strawberry.UNSET, description="It begins with this text.")


@strawberry.input(description="A range of numbers, both ends included.")
class FloatRange:
    """A closed range."""

    min: float | None = strawberry.field(default=strawberry.UNSET, description="At least this.")
    max: float | None = strawberry.field(default=strawberry.UNSET, description="At most this.")


@strawberry.input(description="A range of time.")
class TimeRange:
    """From (included) to (not included)."""

    from_: datetime | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="From this instant on."
    )
    to: datetime | None = strawberry.field(default=strawberry.UNSET, description="Before this instant.")


@strawberry.input(description="Which learners.")
class LearnerFilter:
    """Conditions on learners."""

    name: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="By name.")
    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="By email address, the whole of it, in any case."
    )
    minor: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether a minor.")
    course: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Who takes this course.")
    seat_status: SeatStatus | None = strawberry.field(
        default=strawberry.UNSET, description="Who holds a seat of this status."
    )


@strawberry.input(description="Which courses.")
class CourseFilter:
    """Conditions on courses."""

    code: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="By code.")
    title: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="By title.")
    presentation: StringFilter | None = strawberry.field(default=strawberry.UNSET, description="By presentation.")


@strawberry.input(description="Which enrolments.")
class EnrollmentFilter:
    """Conditions on enrolments."""

    status: list[EnrollmentStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="In one of these states."
    )
    final_result: list[FinalResult] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these results."
    )
    progress: FloatRange | None = strawberry.field(default=strawberry.UNSET, description="By progress, 0 to 1.")
    average_score: FloatRange | None = strawberry.field(
        default=strawberry.UNSET, description="By average score, 0 to 100."
    )
    last_activity_at: TimeRange | None = strawberry.field(default=strawberry.UNSET, description="By last activity.")


@strawberry.input(description="Which seats.")
class SeatFilter:
    """Conditions on seats."""

    status: list[SeatStatus] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")


@strawberry.enum(description="Orders of learners.")
class LearnerOrder(StrEnum):
    """By name, or by when they were last seen."""

    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    LAST_SEEN_DESC = "LAST_SEEN_DESC"


@strawberry.enum(description="Orders of courses.")
class CourseOrder(StrEnum):
    """By code, title or start."""

    CODE_ASC = "CODE_ASC"
    TITLE_ASC = "TITLE_ASC"
    STARTS_ON_DESC = "STARTS_ON_DESC"


@strawberry.enum(description="Orders of enrolments.")
class EnrollmentOrder(StrEnum):
    """By the learner's name, or by how the enrolment goes."""

    LEARNER_NAME_ASC = "LEARNER_NAME_ASC"
    PROGRESS_DESC = "PROGRESS_DESC"
    PROGRESS_ASC = "PROGRESS_ASC"
    AVERAGE_SCORE_DESC = "AVERAGE_SCORE_DESC"
    LAST_ACTIVITY_DESC = "LAST_ACTIVITY_DESC"
    ENROLLED_AT_DESC = "ENROLLED_AT_DESC"


@strawberry.input(description="Which access events; all conditions hold.")
class AccessEventFilter:
    """Conditions on access events."""

    actor: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Who asked.")
    subject: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Of whom.")
    field: str | None = strawberry.field(default=strawberry.UNSET, description="Which field, as Type.field.")
    category: list[DataCategory] | None = strawberry.field(
        default=strawberry.UNSET, description="Of one of these categories."
    )
    purpose: list[Purpose] | None = strawberry.field(default=strawberry.UNSET, description="For one of these purposes.")
    role: list[Role] | None = strawberry.field(
        default=strawberry.UNSET, description="By somebody in one of these roles."
    )
    case: str | None = strawberry.field(default=strawberry.UNSET, description="In the case with this ticket.")
    outcome: list[AccessOutcome] | None = strawberry.field(
        default=strawberry.UNSET, description="With one of these outcomes."
    )
    operation: str | None = strawberry.field(default=strawberry.UNSET, description="The operation of this name.")
    at: TimeRange | None = strawberry.field(default=strawberry.UNSET, description="When.")
