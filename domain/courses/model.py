"""Courses, teaching, assessments. A presentation (one run of a course) is a course of its own."""

from enum import StrEnum

from sqlalchemy import Column, Date, Double, Integer, Text, Uuid, func

from tenants.tables import Sorted, Timestamp, at_most, belongs_to, between, index, one_of, tenant_table, unique


class AssessmentKind(StrEnum):
    """Who marks it, or that it is the exam."""

    TUTOR_MARKED = "TUTOR_MARKED"
    COMPUTER_MARKED = "COMPUTER_MARKED"
    EXAM = "EXAM"


course = tenant_table(
    "course",
    Column("external_id", Text, nullable=True, comment="the course's key in the data set it came from"),
    Column("code", Sorted, nullable=False),
    Column("title", Sorted, nullable=False),
    Column("description", Text, nullable=True),
    Column("presentation", Sorted, nullable=True, comment="which run of the course, such as 2014J"),
    Column("starts_on", Date, nullable=True),
    Column("length_days", Integer, nullable=True),
    unique("external_id"),
    index("course_code_idx", "code", "id"),
    index("course_title_idx", "title", "id"),
    index("course_starts_on_idx", "starts_on", "id"),
    at_most("external_id", 100),
    at_most("code", 40),
    at_most("title", 200),
    at_most("description", 10000),
    at_most("presentation", 40),
    between("length_days", 0, 3660),
    comment="A course, in one presentation.",
)

teaching = tenant_table(
    "teaching",
    Column("course_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("since", Timestamp, nullable=False, server_default=func.now()),
    belongs_to("course", "course_id"),
    belongs_to("person", "person_id"),
    index("teaching_person_id_idx", "person_id", "course_id"),
    key=("course_id", "person_id"),
    comment="That a person teaches a course.",
)

assessment = tenant_table(
    "assessment",
    Column("external_id", Text, nullable=True, comment="the assessment's key in the data set it came from"),
    Column("course_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("due_day", Integer, nullable=True, comment="days after the course's start"),
    Column("weight", Double, nullable=False, comment="per cent of the course's mark"),
    belongs_to("course", "course_id"),
    unique("external_id"),
    index("assessment_course_id_idx", "course_id", "id"),
    one_of("kind", AssessmentKind),
    at_most("external_id", 100),
    between("due_day", -3660, 3660),
    between("weight", 0, 100),
    comment="Something in a course that is marked.",
)
