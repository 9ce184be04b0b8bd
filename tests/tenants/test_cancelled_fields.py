"""Fields of one document are cancelled one by one, and their statements are run in one transaction."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.people.model import person
from tenants.connection import DatabaseSettings, DatabaseUnavailableError
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.session import ReadSession, SystemTask, Task, in_tenant
from tenants.transaction import BrokenTransactionError
from tests.support.keys import key_service

HANG = 30.0  # seconds; far beyond what the settings here allow
COUNT = select(func.count()).select_from(person).where(in_tenant(person))


def person_row() -> dict[str, object]:
    return {"id": uuid7(), "name": "Somebody"}


async def count(database: Database, tenant: TenantId) -> int:
    async with database.reading(SystemTask(Task.DEMO, tenant)) as session:
        [(found,)] = await session.rows(COUNT)
    return int(found)


def sleeping(session: ReadSession, seconds: float) -> asyncio.Task[Any]:
    """Start a statement that takes `seconds`, as one field of several does."""
    return asyncio.create_task(session.fetch("SELECT pg_sleep($1)", [seconds]))


async def test_a_cancelled_field_s_statement_ends_first_and_its_transaction_is_whole(
    database: Database, tenant: TenantId
) -> None:
    async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
        await session.insert(person, [person_row()])
        field = sleeping(session, 0.3)
        beside = asyncio.create_task(session.fetch("SELECT 7", []))
        await asyncio.sleep(0.1)
        field.cancel()
        with pytest.raises(asyncio.CancelledError):
            await field
        # Ended, and not cut short: the transaction goes on.
        assert [list(row) for row in await beside] == [[7]]
    assert await count(database, tenant) == 1


async def test_a_field_that_is_cancelled_again_and_again_still_ends_its_statement_first(
    database: Database, tenant: TenantId
) -> None:
    async with asyncio.timeout(HANG), database.writing(SystemTask(Task.DEMO, tenant)) as session:
        await session.insert(person, [person_row()])
        field = sleeping(session, 0.8)
        for _ in range(4):
            await asyncio.sleep(0.1)
            field.cancel()
        with pytest.raises(asyncio.CancelledError):
            await field
    assert await count(database, tenant) == 1


async def test_a_cancelled_field_s_statement_that_fails_breaks_the_transaction(
    database: Database, tenant: TenantId
) -> None:
    with pytest.raises(BrokenTransactionError, match="of the session"):
        async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
            await session.insert(person, [person_row()])
            field = asyncio.create_task(session.fetch("SELECT 1 / (pg_sleep(0.3)::text = 'x')::int", []))
            await asyncio.sleep(0.1)
            field.cancel()
            with pytest.raises(asyncio.CancelledError):
                await field
    assert await count(database, tenant) == 0


async def test_a_statement_of_the_driver_that_takes_too_long_is_ended(database_url: str, tenant: TenantId) -> None:
    class Impatient:
        tenant_id = tenant

    database = Database(DatabaseSettings(database_url, statement_timeout=0.2), key_service())
    try:
        async with asyncio.timeout(HANG):
            with pytest.raises(DatabaseUnavailableError):
                async with database.reading(Impatient()) as session:
                    # The server's own limit is lifted: the client's has to be enough.
                    await session.fetch("SET LOCAL statement_timeout = 0", [])
                    await session.fetch("SELECT pg_sleep(60)", [])
        assert await count(database, tenant) == 0
    finally:
        await database.close()


async def test_a_transaction_ends_after_the_statement_of_a_field_that_nobody_waits_for(
    database: Database, tenant: TenantId
) -> None:
    async with asyncio.timeout(HANG):
        async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
            await session.insert(person, [person_row()])
            field = sleeping(session, 0.5)
            await asyncio.sleep(0.1)
            field.cancel()
        with pytest.raises(asyncio.CancelledError):
            await field
    assert await count(database, tenant) == 1
