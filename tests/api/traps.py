"""The schema with traps: fields that fail in every way a field can, beside the real ones."""

import asyncio
from collections.abc import Awaitable, Callable

import strawberry
from graphql import GraphQLError, GraphQLSchema
from sqlalchemy import text
from strawberry.schema.config import StrawberryConfig

from api.context import Context
from api.reading.declare import attach
from api.schema.query import Query as RealQuery

CANARY = "canary-7f3a"

Info = strawberry.Info[Context, None]

hooks: dict[str, Callable[[], Awaitable[None]]] = {}
"""What `hooked` waits for, by name; a test puts it there and takes it away."""


@strawberry.input
class Shape:
    """An input with members of its own."""

    number: int
    word: str | None = None


@strawberry.type
class Query(RealQuery):
    """The real root, and traps."""

    @strawberry.field
    def boom(self) -> int:
        """Fail as code fails."""
        raise ValueError(f"{CANARY} in an exception")

    @strawberry.field
    def boom_inside(self) -> list["Trap"]:
        """Give objects that fail."""
        return [Trap() for _ in range(50)]

    @strawberry.field
    def refused(self) -> int | None:
        """Fail as GraphQL libraries fail, without a code."""
        raise GraphQLError(f"{CANARY} in a GraphQL error")

    @strawberry.field
    def overflow(self) -> int:
        """Give a number that Int cannot hold, which graphql-core quotes."""
        return 2**40

    @strawberry.field
    def nothing(self) -> int:
        """Give null where there must be something."""
        return None  # type: ignore[return-value] # that is the trap

    @strawberry.field
    async def wrong_statement(self, info: Info) -> int | None:
        """Fail in the database, by a mistake of the program's that quotes a value."""
        await info.context.session.rows(text(f"SELECT '{CANARY}'::integer"))  # the trap
        return 1

    @strawberry.field
    async def bound_value(self, info: Info, word: str) -> int | None:
        """Fail in the database on a bound value."""
        await info.context.session.rows(text("SELECT CAST(CAST(:word AS text) AS integer)"), {"word": word})
        return 1

    @strawberry.field
    async def sleeping(self, info: Info, seconds: float = 60) -> int | None:
        """Wait in the database."""
        await info.context.session.rows(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
        return 1

    @strawberry.field
    async def slow(self, seconds: float = 60) -> int:
        """Wait here."""
        await asyncio.sleep(seconds)
        return 1

    @strawberry.field
    async def hooked(self, info: Info, name: str = "hook", read: bool = True) -> str | None:
        """Wait for what the test put there, then read, or give a secret that was read before."""
        await hooks[name]()
        if read:
            await info.context.session.rows(text("SELECT 1"))
        return CANARY

    @strawberry.field
    def echo(self, number: int, shape: Shape | None = None) -> int:
        """Take arguments."""
        return number

    @strawberry.field
    def long(self, characters: int) -> str:
        """Give a long text."""
        return "x" * characters


@strawberry.type
class Trap:
    """An object that fails."""

    @strawberry.field
    def boom(self) -> int | None:
        """Fail as code fails."""
        raise ValueError(CANARY)


@strawberry.type
class Mutation:
    """A root for GET to refuse."""

    @strawberry.mutation
    def change(self) -> int:
        """Change nothing."""
        return 1


def build() -> GraphQLSchema:
    """Return the schema with traps."""
    declared = strawberry.Schema(
        query=Query, mutation=Mutation, config=StrawberryConfig(disable_field_suggestions=True)
    )
    attach(declared._schema)
    return declared._schema
