"""The types with their lists and references, resolved from the ORM's objects as they are."""

from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.extensions import ParserCache, ValidationCache

from api.ids import decode_id, encode_id
from benchmarks.fields import (
    Connection,
    CourseFields,
    EnrollmentFields,
    LearnerFields,
    ResultFields,
    Tenant,
)
from benchmarks.stock import models, statements
from benchmarks.stock.reading import Reading


class Context(dict[str, Any]):
    """One request's context, as Strawberry's own view makes it, with the reading."""

    reading: Reading
    viewer_id: UUID


Info = strawberry.Info[Context, None]
Source = Any
"""What a type is read from: the ORM's object, or a page of them; Strawberry takes the attributes by their names."""


@strawberry.type
class AssessmentResult(ResultFields):
    """A result."""


async def _results(parent: strawberry.Parent[models.Enrollment], info: Info, first: int = 25) -> Source:
    return await info.context.reading.results_of_enrollment.load((parent.key, first))


async def _learner(parent: strawberry.Parent[models.Enrollment], info: Info) -> Source:
    return await info.context.reading.people.load(parent.learner_id)


@strawberry.type
class Enrollment(EnrollmentFields):
    """An enrolment."""

    learner: Annotated["Learner", strawberry.lazy("benchmarks.stock.schema")] | None = strawberry.field(
        resolver=_learner
    )
    results: Connection[AssessmentResult] | None = strawberry.field(resolver=_results)


async def _enrollments_of_learner(parent: strawberry.Parent[models.Person], info: Info, first: int = 25) -> Source:
    return await info.context.reading.enrollments_of_learner.load((parent.key, first))


@strawberry.type
class Learner(LearnerFields):
    """A learner."""

    enrollments: Connection[Enrollment] | None = strawberry.field(resolver=_enrollments_of_learner)


async def _enrollments_of_course(parent: strawberry.Parent[models.Course], info: Info, first: int = 25) -> Source:
    return await info.context.reading.page(statements.ENROLLMENTS_OF_COURSE, first, key=parent.key)


@strawberry.type
class Course(CourseFields):
    """A course."""

    enrollments: Connection[Enrollment] = strawberry.field(resolver=_enrollments_of_course)


async def _tenant(info: Info) -> Source:
    return await info.context.reading.one(statements.TENANT)


@strawberry.type
class Viewer:
    """Who asks: whom the configuration names."""

    id: strawberry.ID
    tenant: Tenant = strawberry.field(resolver=_tenant)


def _viewer(info: Info) -> Viewer:
    return Viewer(id=strawberry.ID(encode_id("Viewer", info.context.viewer_id)))


async def _course(info: Info, id: strawberry.ID) -> Source:  # noqa: A002 # the contract's name
    return await info.context.reading.one(statements.COURSE, key=decode_id(id)[1])


async def _learners(info: Info, first: int = 25) -> Source:
    return await info.context.reading.page(statements.PEOPLE, first)


@strawberry.type
class Query:
    """The root."""

    viewer: Viewer = strawberry.field(resolver=_viewer)
    course: Course | None = strawberry.field(resolver=_course)
    learners: Connection[Learner] = strawberry.field(resolver=_learners)


schema = strawberry.Schema(query=Query, extensions=[ParserCache, ValidationCache])
