"""The stock server, tuned as its documentation says: caches of parsing and validation, a fast encoder of JSON.

Autocommit spares a transaction around each read, and the pool resets nothing when a connection comes back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from benchmarks.stock.reading import Reading, Sessions
from benchmarks.stock.schema import Context, schema
from benchmarks.target import POOL_SIZE, SESSION_SETTINGS, Target


class Endpoint(GraphQL[Context, None]):
    """Strawberry's own view with a reading per request."""

    sessions: Sessions
    target: Target

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Return the context of one request."""
        context = Context(request=request, response=response)
        context.reading = Reading(self.sessions, self.target.tenant_id)
        context.viewer_id = self.target.viewer_id
        return context

    def encode_json(self, data: object) -> bytes:
        """Return the answer as it is sent."""
        return orjson.dumps(data)


def create_app(target: Target) -> Starlette:
    """Return the application on `target`."""
    engine = _engine(target.url)
    endpoint = Endpoint(schema, graphql_ide=None, subscription_protocols=())
    endpoint.sessions = async_sessionmaker(engine, expire_on_commit=False)
    endpoint.target = target

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    return Starlette(routes=[Route("/graphql", endpoint)], lifespan=lifespan)


def _engine(url: str) -> AsyncEngine:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(url, server_settings=SESSION_SETTINGS)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        isolation_level="AUTOCOMMIT",
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_reset_on_return=None,
    )
