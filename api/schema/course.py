"""Course, Instructor, Assessment: what is taught, by whom, and what is marked."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import ColumnElement, exists

from api.reading.category import DataCategory
from api.reading.declare import cell, entity, key, many, one
from api.reading.entity import Tables
from api.reading.order import Key
from api.schema import lists
from api.schema.connection import Connection
from api.schema.enums import AssessmentKind
from api.schema.node import Node
from domain.courses.model import assessment, course, teaching
from domain.people.model import person
from tenants.session import CURRENT_TENANT

if TYPE_CHECKING:
    from api.schema.enrollment import Enrollment

Enrollments = Connection[Annotated["Enrollment", strawberry.lazy("api.schema.enrollment")]]


def _teaches(tables: Tables) -> ColumnElement[bool]:
    lesson = teaching.alias("lesson")
    mine = [lesson.c.tenant_id == CURRENT_TENANT, lesson.c.person_id == tables[person].c.id]
    return exists().where(*mine).correlate_except(lesson)


@entity(person, subject=person.c.id, exists=_teaches, published=True)
@strawberry.type(description="Somebody who teaches, as every member of the tenant may know them.")
class Instructor(Node):
    """A published teaching profile."""

    id: strawberry.ID = key("Instructor", DataCategory.IDENTIFIER, of=person.c.id)
    name: str | None = cell(person.c.name, DataCategory.IDENTITY, "The name they go by.")
    title: str | None = cell(person.c.title, DataCategory.PROFILE, "Their professional title.")
    picture_url: str | None = cell(person.c.picture_url, DataCategory.IDENTITY, "Where their picture is.")


@entity(assessment)
@strawberry.type(description="Something in a course that is marked.")
class Assessment(Node):
    """Something that is marked."""

    id: strawberry.ID = key("Assessment", of=assessment.c.id)
    course: Annotated["Course", strawberry.lazy("api.schema.course")] = one(
        "Course", assessment.c.course_id, None, "The course it belongs to."
    )
    kind: AssessmentKind = cell(assessment.c.kind, None, "Who marks it, or that it is the exam.")
    due_day: int | None = cell(assessment.c.due_day, None, "Days after the course's start.")
    weight: float = cell(assessment.c.weight, None, "Per cent of the course's mark.")


@entity(course)
@strawberry.type(description="A course, in one presentation.")
class Course(Node):
    """A course."""

    id: strawberry.ID = key("Course", of=course.c.id)
    code: str = cell(course.c.code, None, "Its short code.")
    title: str = cell(course.c.title, None, "Its title.")
    description: str | None = cell(course.c.description, None, "What it is about.")
    presentation: str | None = cell(course.c.presentation, None, "Which run of the course this is.")
    starts_on: date | None = cell(course.c.starts_on, None, "Its first day.")
    length_days: int | None = cell(course.c.length_days, None, "How many days it takes.")
    instructors: list[Instructor] = many("Instructor", lists.instructors_of, None, "Who teaches it.", plain=100)
    assessments: list[Assessment] = many(
        "Assessment", lists.assessments_of, None, "What is marked in it.",
        plain_order=(Key("dueDay"), Key("id")), plain=200,
    )  # fmt: skip
    enrollments: Enrollments = many(
        "Enrollment", lists.enrollments_of_course, None, "Who takes it, as far as the viewer may know.",
        filters=lists.ENROLLMENT_FILTERS, orders=lists.ENROLLMENT_ORDERS,
    )  # fmt: skip
