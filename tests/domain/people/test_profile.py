"""Changing a profile: what differs, with what it was; two at once, and neither is lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.change import Change
from domain.people.model import person
from domain.people.service import PROFILE, update_profile
from domain.values.unfit import UnfitValuesError
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task
from tests.support.cluster import Urls
from tests.support.waiting import somebody_waits


@pytest.fixture
def who(tenant: TenantId) -> SystemTask:
    return SystemTask(Task.SIGN_IN, tenant)


@pytest.fixture
async def somebody(database: Database, who: SystemTask) -> UUID:
    """Make a person with a profile."""
    key = uuid7()
    async with database.writing(who) as session:
        await session.insert(person, [{"id": key, "title": "Engineer", "location": "Kraków"}])
    return key


@pytest.fixture
async def raw(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urls.superuser)
    yield connection
    await connection.close()


async def profile(raw: asyncpg.Connection, key: UUID) -> dict[str, str | None]:
    row = await raw.fetchrow("SELECT * FROM person WHERE id = $1", key)
    return {name: row[name] for name in PROFILE if row[name] is not None}


async def test_what_differs_comes_back_with_what_it_was(
    database: Database, who: SystemTask, somebody: UUID, raw: asyncpg.Connection
) -> None:
    given = {"title": " Engineer ", "location": "", "language": "EN", "phone": None}
    async with database.writing(who) as session:
        changes = await update_profile(session, somebody, given)
    assert changes == [Change("location", "Kraków", None), Change("language", None, "en")]
    assert await profile(raw, somebody) == {"title": "Engineer", "language": "en"}


async def test_all_that_cannot_be_taken_is_said_at_once(database: Database, who: SystemTask, somebody: UUID) -> None:
    given = {"title": "a\x00", "language": "?", "location": "Kraków", "phone": "1"}
    async with database.writing(who) as session:
        with pytest.raises(UnfitValuesError) as told:
            await update_profile(session, somebody, given)
    assert list(told.value.problems) == ["title", "language", "phone"]
    assert "Kraków" not in str(told.value)


async def test_nobody_is_no_person(database: Database, who: SystemTask) -> None:
    async with database.writing(who) as session:
        with pytest.raises(LookupError):
            await update_profile(session, uuid7(), {"title": "x"})


SECOND = [
    ({"location": "Łódź"}, [Change("location", "Kraków", "Łódź")], {"title": "Analyst", "location": "Łódź"}),
    ({"title": "Chef"}, [Change("title", "Analyst", "Chef")], {"title": "Chef", "location": "Kraków"}),
]
"""What a second one gives, what it changes then, and what is left of both."""


@pytest.mark.parametrize("second", SECOND)
async def test_of_two_changes_at_once_the_second_waits_and_finds_what_the_first_left(
    database: Database, who: SystemTask, somebody: UUID, raw: asyncpg.Connection, second: Any
) -> None:
    given, changes, left = second

    async def change() -> list[Change]:
        async with database.writing(who) as session:
            return await update_profile(session, somebody, given)

    async with database.writing(who) as session:
        first = await update_profile(session, somebody, {"title": "Analyst"})
        waiting = asyncio.create_task(change())
        await somebody_waits(raw)
    assert first == [Change("title", "Engineer", "Analyst")]
    assert await waiting == changes
    assert await profile(raw, somebody) == left
