"""The root resolvers and the server, tuned like `benchmarks.stock`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types.nodes import SelectedField

from api.ids import decode_id, encode_id
from benchmarks import statements
from benchmarks.fields import Connection, Tenant
from benchmarks.statements import Driver
from benchmarks.stock_sql.objects import Course, Learner, Source, course, learners
from benchmarks.target import Target


class Context(dict[str, Any]):
    """One request's context, as Strawberry's own view makes it, with the driver."""

    driver: Driver
    target: Target


Info = strawberry.Info[Context, None]


def _size(info: Info, *path: str) -> int:
    """Return how many the document asks for of the list at `path`, fields below this one; else 25."""
    selections: list[Any] = list(info.selected_fields)
    for name in path:
        below = [each for field in selections for each in field.selections]
        selections = [each for each in below if isinstance(each, SelectedField) and each.name == name]
    return int(selections[0].arguments.get("first", 25)) if selections else 0


@strawberry.type
class Viewer:
    """Who asks: whom the configuration names."""

    id: strawberry.ID
    tenant: Tenant


async def _viewer(info: Info) -> Viewer:
    (row,) = await info.context.driver.rows(statements.VIEWER)
    tenant = Tenant(id=strawberry.ID(encode_id("Tenant", row["tenant_id"])), slug=row["slug"], name=row["name"])
    return Viewer(id=strawberry.ID(encode_id("Viewer", info.context.target.viewer_id)), tenant=tenant)


async def _course(info: Info, id: strawberry.ID) -> Course | None:  # noqa: A002 # the contract's name
    first = _size(info, "enrollments")
    return course(await info.context.driver.rows(statements.ROSTER, decode_id(id)[1], first + 1), first)


async def _learners(info: Info, first: int = 25) -> Source:
    enrollments = _size(info, "nodes", "enrollments")
    results = _size(info, "nodes", "enrollments", "nodes", "results")
    rows = await info.context.driver.rows(statements.NESTED, first + 1, enrollments + 1, results + 1)
    return learners(rows, (first, enrollments, results))


@strawberry.type
class Query:
    """The root."""

    viewer: Viewer = strawberry.field(resolver=_viewer)
    course: Course | None = strawberry.field(resolver=_course)
    learners: Connection[Learner] = strawberry.field(resolver=_learners)


schema = strawberry.Schema(query=Query, extensions=[ParserCache, ValidationCache])


class Endpoint(GraphQL[Context, None]):
    """Strawberry's own view with the driver in its context."""

    driver: Driver
    target: Target

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Return the context of one request."""
        context = Context(request=request, response=response)
        context.driver, context.target = self.driver, self.target
        return context

    def encode_json(self, data: object) -> bytes:
        """Return the answer as it is sent."""
        return orjson.dumps(data)


def create_app(target: Target) -> Starlette:
    """Return the application on `target`."""
    endpoint = Endpoint(schema, graphql_ide=None, subscription_protocols=())
    endpoint.driver, endpoint.target = Driver(target), target

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await endpoint.driver.open()
        yield
        await endpoint.driver.close()

    return Starlette(routes=[Route("/graphql", endpoint)], lifespan=lifespan)
