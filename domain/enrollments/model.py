"""Enrolments and the results of their assessments."""

from enum import StrEnum

from sqlalchemy import Boolean, Column, Date, Double, Integer, Text, Uuid, false

from tenants.tables import Timestamp, belongs_to, between, index, one_of, tenant_table, unique

MOST_32_BITS = 2**31 - 1


class EnrollmentStatus(StrEnum):
    """Where an enrolment stands."""

    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    WITHDRAWN = "WITHDRAWN"


class FinalResult(StrEnum):
    """How an enrolment ended."""

    DISTINCTION = "DISTINCTION"
    PASS = "PASS"  # noqa: S105 - a mark, not a password
    FAIL = "FAIL"
    WITHDRAWN = "WITHDRAWN"


enrollment = tenant_table(
    "enrollment",
    Column("course_id", Uuid, nullable=False),
    Column("learner_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("enrolled_at", Timestamp, nullable=True),
    Column("completed_at", Timestamp, nullable=True),
    Column("withdrawn_at", Timestamp, nullable=True),
    Column("progress", Double, nullable=True, comment="0 to 1"),
    Column("final_result", Text, nullable=True),
    Column("previous_attempts", Integer, nullable=True),
    Column("studied_credits", Integer, nullable=True),
    Column("average_score", Double, nullable=True, comment="0 to 100"),
    Column("watch_seconds", Integer, nullable=True),
    Column("last_activity_at", Timestamp, nullable=True),
    belongs_to("course", "course_id"),
    belongs_to("person", "learner_id"),
    unique("course_id", "learner_id"),
    index("enrollment_learner_id_idx", "learner_id", "course_id"),
    index("enrollment_course_id_idx", "course_id", "id"),
    one_of("status", EnrollmentStatus),
    one_of("final_result", FinalResult),
    between("progress", 0, 1),
    between("average_score", 0, 100),
    between("previous_attempts", 0, 1000),
    between("studied_credits", 0, 10000),
    between("watch_seconds", 0, MOST_32_BITS),
    comment="That a person takes a course.",
)

assessment_result = tenant_table(
    "assessment_result",
    Column("enrollment_id", Uuid, nullable=False),
    Column("assessment_id", Uuid, nullable=False),
    Column("submitted_on", Date, nullable=True),
    Column("banked", Boolean, nullable=False, server_default=false(), comment="carried over from an earlier attempt"),
    Column("score", Double, nullable=True, comment="0 to 100"),
    belongs_to("enrollment", "enrollment_id"),
    belongs_to("assessment", "assessment_id"),
    unique("enrollment_id", "assessment_id"),
    index("assessment_result_assessment_id_idx", "assessment_id"),
    between("score", 0, 100),
    comment="What an enrolled person handed in for an assessment, and its mark.",
)
