"""One request's reading: statements on a session each, and the DataLoaders that gather keys."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from strawberry.dataloader import DataLoader

from benchmarks.fields import Page
from benchmarks.stock import statements
from benchmarks.stock.models import Enrollment, Person, Result

Sessions = async_sessionmaker[AsyncSession]
Value = UUID | int | list[UUID]
"""What a statement is given."""

Wanted = tuple[UUID, int]
"""A parent's key, and how many of its rows."""

R = TypeVar("R")


class Reading:
    """What the resolvers of one request read with; an `AsyncSession` must not be shared by fields side by side."""

    def __init__(self, sessions: Sessions, tenant_id: UUID) -> None:
        self._sessions = sessions
        self._tenant_id = tenant_id
        self.people = DataLoader(self._people)
        self.enrollments_of_learner = DataLoader(self._enrollments)
        self.results_of_enrollment = DataLoader(self._results)

    async def all(self, statement: Select[R], **values: Value) -> Sequence[R]:
        """Return what `statement` finds in the tenant."""
        async with self._sessions() as session:
            return (await session.scalars(statement, {"tenant": self._tenant_id, **values})).all()

    async def one(self, statement: Select[R], **values: Value) -> R | None:
        """Return the first that `statement` finds in the tenant, or None."""
        found = await self.all(statement, **values)
        return found[0] if found else None

    async def page(self, statement: Select[R], first: int, **values: Value) -> Page[R]:
        """Return the first `first` that `statement` finds in the tenant."""
        return Page.of(await self.all(statement, one_more=first + 1, **values), first)

    async def _people(self, keys: list[UUID]) -> list[Person | None]:
        found = {each.key: each for each in await self.all(statements.PEOPLE_BY_KEY, keys=keys)}
        return [found.get(key) for key in keys]

    async def _enrollments(self, wanted: list[Wanted]) -> list[Page[Enrollment]]:
        return await self._pages(wanted, statements.ENROLLMENTS_OF_LEARNERS, "learner_id")

    async def _results(self, wanted: list[Wanted]) -> list[Page[Result]]:
        return await self._pages(wanted, statements.RESULTS_OF_ENROLLMENTS, "enrollment_id")

    async def _pages(self, wanted: list[Wanted], statement: Select[Any], parent: str) -> list[Page[Any]]:
        most = max(first for _, first in wanted)
        found: defaultdict[UUID, list[Any]] = defaultdict(list)
        for row in await self.all(statement, keys=[key for key, _ in wanted], one_more=most + 1):
            found[getattr(row, parent)].append(row)
        return [Page.of(found[key], first) for key, first in wanted]
