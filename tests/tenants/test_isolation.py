"""Two layers keep tenants apart, and each does so without the other."""

import asyncio
import random
from collections.abc import Callable

import asyncpg
import pytest
from sqlalchemy import Executable, Select, func, select
from sqlalchemy.exc import ProgrammingError

from domain.people.model import person
from tenants.connection import DatabaseSettings, DatabaseUnavailableError
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task, WriteSession, in_tenant
from tests.support.cluster import Urls
from tests.support.keys import key_service

PEOPLE_EACH = 5
EVERYBODY: Select[TenantId] = select(person.c.tenant_id)
"""Without the application's filter: what comes back is what row-level security lets through."""


def task(tenant_id: TenantId) -> SystemTask:
    return SystemTask(Task.DEMO, tenant_id)


async def fill(database: Database, count: int) -> list[TenantId]:
    tenants = [await ensure_tenant(database, f"tenant-{number}", f"Tenant {number}") for number in range(count)]
    for tenant_id in tenants:
        async with database.writing(task(tenant_id)) as session:
            await session.insert(person, [{"id": uuid7(), "name": f"P{number}"} for number in range(PEOPLE_EACH)])
    return tenants


async def test_row_level_security_alone_separates_tenants(database: Database) -> None:
    for tenant_id in await fill(database, 3):
        async with database.reading(task(tenant_id)) as session:
            seen = await session.rows(EVERYBODY)
        assert {row.tenant_id for row in seen} == {tenant_id}
        assert len(seen) == PEOPLE_EACH


async def test_the_application_s_filter_alone_separates_tenants(database: Database, urls: Urls) -> None:
    tenants = await fill(database, 3)
    # The superuser is above row-level security: what is left is the predicate.
    unbound = Database(DatabaseSettings(urls.superuser), key_service())
    try:
        for tenant_id in tenants:
            async with unbound.reading(task(tenant_id)) as session:
                assert len(await session.rows(EVERYBODY)) == PEOPLE_EACH * len(tenants)
                seen = await session.rows(EVERYBODY.where(in_tenant(person)))
            assert {row.tenant_id for row in seen} == {tenant_id}
            assert len(seen) == PEOPLE_EACH
    finally:
        await unbound.close()


async def test_without_a_tenant_there_is_no_row(database: Database, urls: Urls) -> None:
    await fill(database, 1)
    async with database.outside() as connection:
        assert (await connection.execute(select(func.count()).select_from(person))).scalar_one() == 0
    for url in (urls.application, urls.owner):
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM person") == 0
        await connection.execute("SELECT set_config('app.tenant', '', false)")
        assert await connection.fetchval("SELECT count(*) FROM person") == 0
        await connection.close()


async def test_a_tenant_set_for_one_transaction_is_gone_in_the_next(database_url: str) -> None:
    database = Database(DatabaseSettings(database_url, pool_size=1), key_service())
    try:
        [tenant_id] = await fill(database, 1)
        async with database.reading(task(tenant_id)) as session:
            assert len(await session.rows(EVERYBODY)) == PEOPLE_EACH
        # The very connection, as it lies in the pool: nothing opens or sets anything here.
        async with database._engine.connect() as connection:
            assert (await connection.execute(select(func.current_setting("app.tenant", True)))).scalar_one() == ""
            assert (await connection.execute(EVERYBODY)).all() == []
    finally:
        await database.close()


INTRUSIONS: dict[str, Callable[[TenantId], Executable]] = {
    "by inserting a row": lambda other: person.insert().values(id=uuid7(), tenant_id=other, name="Intruder"),
    "by moving a row there": lambda other: person.update().values(tenant_id=other),
}


@pytest.mark.parametrize("how", INTRUSIONS)
async def test_another_tenant_cannot_be_written_to(database: Database, how: str) -> None:
    mine, other = await fill(database, 2)
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.writing(task(mine)) as session:
            await session.change(INTRUSIONS[how](other))
    async with database.writing(task(mine)) as session:
        assert await session.change(person.update().where(person.c.tenant_id == other).values(name="Changed")) == 0
    async with database.reading(task(other)) as session:
        names = {row.name for row in await session.rows(select(person.c.name))}
    assert names == {f"P{number}" for number in range(PEOPLE_EACH)}


async def test_the_same_address_lives_in_two_tenants(database: Database) -> None:
    for tenant_id in await fill(database, 2):
        async with database.writing(task(tenant_id)) as session:
            await session.insert(person, [{"id": uuid7(), "email": "one@example.org"}])


@pytest.mark.prove
async def test_nothing_foreign_is_seen_through_two_connections_and_random_cancellations(
    database: Database, database_url: str, many: Callable[[int, int], int]
) -> None:
    tenants = await fill(database, 50)
    chance = random.Random(20261124)
    tight = Database(
        DatabaseSettings(database_url, pool_size=2, pool_wait=60, connect_timeout=30, open_limit=90), key_service()
    )
    seen = {"whole": 0, "cancelled": 0, "foreign": 0}

    async def visit(tenant_id: TenantId, *, writes: bool) -> None:
        opened = tight.writing(task(tenant_id)) if writes else tight.reading(task(tenant_id))
        async with opened as session:
            if isinstance(session, WriteSession):
                await session.change(person.update().values(title=str(tenant_id)))
            rows = await session.rows(select(person.c.tenant_id, person.c.title))
        strangers = [row for row in rows if row.tenant_id != tenant_id or row.title not in (None, str(tenant_id))]
        seen["foreign"] += len(strangers) + (len(rows) != PEOPLE_EACH)
        seen["whole"] += 1

    async def one_client(share: int) -> None:
        for _ in range(share):
            visiting = asyncio.ensure_future(visit(chance.choice(tenants), writes=chance.random() < 0.3))
            if chance.random() < 0.25:
                await asyncio.sleep(chance.random() * 0.008)
                visiting.cancel()
            try:
                await visiting
            except asyncio.CancelledError:
                seen["cancelled"] += 1
            except DatabaseUnavailableError:
                seen["busy"] = seen.get("busy", 0) + 1

    total = many(1_000, 20_000)
    await asyncio.gather(*(one_client(total // 8) for _ in range(8)))
    await tight.close()
    assert seen["foreign"] == 0
    assert seen["whole"] + seen["cancelled"] == total, seen
    assert seen["cancelled"] > total // 50, seen
