"""Asking the same before and after rows were rewritten, and telling what differs."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from domain.accounts.tokens import Tokens
from tenants.ids import TenantId
from tests.noninterference.asking import Answer, Asked, Served
from tests.noninterference.tables import Tables, differences, put, rewrite
from tests.oracle.capacities import OracleViewer

MOST_REQUESTS = 4
_WARM_UP = Asked("{ viewer { roles } }", {})

Following = Callable[[Answer, Asked], Asked | None]
"""What is asked after an answer to a document; None when there is nothing more to ask."""


class Rewriting(NamedTuple):
    """A tenant's rows before and after."""

    before: Tables
    after: Tables


class Outcome(NamedTuple):
    """The documents asked, the answers before, and by document where those afterwards differ."""

    asked: list[Asked]
    answers: list[Answer]
    differences: list[tuple[Asked, str]]


@dataclass(frozen=True)
class Stage:
    """An application, and a database for the rows of tenants."""

    served: Served
    issuer: Tokens

    @asynccontextmanager
    async def hold(self, *tenants: Tables) -> AsyncIterator[None]:
        """Hold the rows of these tenants in the database; they are gone on leaving."""
        async with self.served.database.undone() as connection:
            for tables in tenants:
                await put(connection, tables)
                await self.served.database.unwrap(tables["tenant"][0]["tenant_id"])
            yield

    async def compare(
        self,
        viewer: OracleViewer,
        first: Asked,
        rewritings: Sequence[Rewriting],
        following: Following = lambda _answer, _asked: None,
        instances: tuple[int, int] = (0, 0),
    ) -> Outcome:
        """Return what differs for a viewer of the first tenant, whose rows are held and stay as they are.

        `instances`: which of the two answers before, and which afterwards.
        """
        token = self.token(rewritings[0].before, viewer)
        for instance in instances:
            # What an instance reads of a tenant but once, it has read.
            await self.served.ask(token, _WARM_UP, instance=instance)
        asked, answers = [first], list[Answer]()
        while len(answers) < len(asked):
            answers.append(await self.served.ask(token, asked[-1], instance=instances[0]))
            more = following(answers[-1], asked[-1]) if len(asked) < MOST_REQUESTS else None
            asked += [more] if more else []
        async with self.rewritten(rewritings):
            found: list[tuple[Asked, str]] = []
            for one, before in zip(asked, answers, strict=True):
                after = await self.served.ask(token, one, instance=instances[1])
                found += [(one, each) for each in differing(before, after)]
        return Outcome(asked, answers, found)

    @asynccontextmanager
    async def rewritten(self, rewritings: Sequence[Rewriting]) -> AsyncIterator[None]:
        """Hold the rows as they are afterwards; they are what they were on leaving."""
        driver = self.served.database.driver
        await driver.execute("SAVEPOINT rewriting")
        for each in rewritings:
            await rewrite(driver, differences(each.before, each.after))
        try:
            yield
        finally:
            await driver.execute("ROLLBACK TO SAVEPOINT rewriting; RELEASE SAVEPOINT rewriting")

    def token(self, tables: Tables, viewer: OracleViewer) -> str:
        """Return a token of a viewer of the tenant."""
        until = datetime.now(UTC) + timedelta(minutes=9)
        tenant_id: UUID = tables["tenant"][0]["tenant_id"]
        return self.issuer.issue(TenantId(tenant_id), viewer.person_id, _session_of(tables, viewer), until)


def differing(before: Answer, after: Answer) -> Iterator[str]:
    """Yield in which ways two answers are not the same."""
    if before.status != after.status:
        yield f"HTTP {before.status}, then {after.status}"
    if before.body != after.body:
        yield f"the body:\n  {_around(before.body, after.body)}\n  {_around(after.body, before.body)}"
    if before.headers != after.headers:
        yield f"headers: {sorted(set(before.headers) ^ set(after.headers))}"
    if not before.has_data:
        # Of fields beside one that cannot be answered, each is read as far as it comes until all are called off.
        return
    if len(before.statements) != len(after.statements):
        yield f"{len(before.statements)} statements, then {len(after.statements)}"
    for number, (one, other) in enumerate(zip(before.statements, after.statements, strict=False)):
        if one != other:
            yield f"statement {number}:\n  {one}\n  {other}"
            return


def _around(body: bytes, other: bytes) -> str:
    """Return the part of `body` where it begins to differ from `other`."""
    pairs = enumerate(zip(body, other, strict=False))
    start = next((at for at, (one, two) in pairs if one != two), min(len(body), len(other)))
    return body[max(0, start - 120) : start + 160].decode(errors="replace")


def _session_of(tables: Tables, viewer: OracleViewer) -> UUID:
    name, key = ("case_id", viewer.case_id) if viewer.case_id else ("person_id", viewer.person_id)
    found: UUID = next(row["id"] for row in tables["session"] if row[name] == key and row["ended_at"] is None)
    return found
