"""The opener of transactions: what commits, what does not, and what a dead or busy database leaves behind."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from domain.people.model import person
from tenants.connection import DatabaseSettings, DatabaseUnavailableError
from tenants.database import Database, UnsafeRoleError
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task, in_tenant
from tenants.transaction import BrokenTransactionError
from tests.support.cluster import Urls
from tests.support.keys import key_service

COUNT = select(func.count()).select_from(person).where(in_tenant(person))
CANARY = "canary-5b1f"


def person_row() -> dict[str, object]:
    return {"id": uuid7(), "name": CANARY}


async def count(database: Database, tenant: TenantId) -> int:
    async with database.reading(SystemTask(Task.DEMO, tenant)) as session:
        row = await session.first(COUNT)
    assert row is not None
    return int(row[0])


async def test_leaving_the_block_commits(database: Database, tenant: TenantId) -> None:
    async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
        await session.insert(person, [person_row()])
    assert await count(database, tenant) == 1


async def test_an_exception_undoes_everything(database: Database, tenant: TenantId) -> None:
    with pytest.raises(RuntimeError):
        async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
            await session.insert(person, [person_row()])
            raise RuntimeError
    assert await count(database, tenant) == 0


async def test_a_cancelled_transaction_undoes_everything(database: Database, tenant: TenantId) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
            await session.insert(person, [person_row()])
            inside.set()
            await session.rows(select(func.pg_sleep(30)))

    writing = asyncio.create_task(write())
    await inside.wait()
    await asyncio.sleep(0.05)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await count(database, tenant) == 0


async def test_all_statements_of_a_reading_see_one_state(database: Database, tenant: TenantId) -> None:
    async with database.reading(SystemTask(Task.DEMO, tenant)) as session:
        before = await session.rows(COUNT)
        async with database.writing(SystemTask(Task.DEMO, tenant)) as other:
            await other.insert(person, [person_row()])
        assert await session.rows(COUNT) == before
    assert await count(database, tenant) == 1


async def test_statements_side_by_side_on_one_session_take_turns(database: Database, tenant: TenantId) -> None:
    async with database.reading(SystemTask(Task.DEMO, tenant)) as session:
        found = await asyncio.gather(*(session.first(select(func.pg_sleep(0.01), text(str(n)))) for n in range(8)))
    assert [row[1] for row in found if row is not None] == list(range(8))


async def test_a_statement_for_a_tenant_fails_outside_a_session(database: Database) -> None:
    async with database.outside() as connection:
        with pytest.raises(StatementError, match="current_tenant"):
            await connection.execute(COUNT)


async def test_a_statement_that_takes_too_long_is_ended(database_url: str, tenant: TenantId) -> None:
    class Impatient:
        tenant_id = tenant

    database = Database(DatabaseSettings(database_url, statement_timeout=0.2), key_service())
    try:
        with pytest.raises(DatabaseUnavailableError):
            async with database.reading(Impatient()) as session:
                await session.rows(select(func.pg_sleep(30)))
        assert await count(database, tenant) == 0
    finally:
        await database.close()


async def test_an_exhausted_pool_says_so_and_is_whole_again(database_url: str, tenant: TenantId) -> None:
    task = SystemTask(Task.DEMO, tenant)
    database = Database(DatabaseSettings(database_url, pool_size=1, pool_wait=0.1), key_service())
    try:
        async with database.reading(task):
            with pytest.raises(DatabaseUnavailableError, match="in use"):
                async with database.reading(task):
                    pass
        assert await count(database, tenant) == 0
    finally:
        await database.close()


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "postgresql://nobody@/none?host=/nowhere"])
async def test_a_database_that_is_not_there_says_so(url: str, tenant: TenantId) -> None:
    database = Database(DatabaseSettings(url), key_service())
    try:
        with pytest.raises(DatabaseUnavailableError):
            await count(database, tenant)
    finally:
        await database.close()


async def test_a_connection_that_died_while_idle_is_replaced(database_url: str, urls: Urls, tenant: TenantId) -> None:
    database = Database(DatabaseSettings(database_url, pool_size=1), key_service())
    unbound = Database(DatabaseSettings(urls.superuser), key_service())
    try:
        assert await count(database, tenant) == 0
        async with unbound.outside() as connection:
            ended = await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sextrontgen_app' "
                    "AND datname = current_database()"
                )
            )
            assert ended.all()
        assert await count(database, tenant) == 0
    finally:
        await database.close()
        await unbound.close()


async def test_an_error_of_the_program_names_no_value(database: Database, tenant: TenantId) -> None:
    row = person_row()
    with pytest.raises(DBAPIError) as caught:
        async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
            await session.insert(person, [{**row, "language": f"{CANARY}, which is longer than a tag may be"}])
    assert CANARY not in str(caught.value)
    assert CANARY not in str(caught.value.statement)
    assert "SQL parameters hidden" in str(caught.value)


async def test_a_transaction_in_which_a_statement_failed_is_not_taken_for_committed(
    database: Database, tenant: TenantId
) -> None:
    with pytest.raises(BrokenTransactionError, match="of the session"):
        async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
            await session.insert(person, [person_row()])
            with suppress(DBAPIError):
                await session.insert(person, [{**person_row(), "name": "x" * 201}])
    assert await count(database, tenant) == 0


async def test_a_compiled_statement_is_run_by_the_driver_in_the_same_transaction(
    database: Database, tenant: TenantId
) -> None:
    async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
        await session.insert(person, [person_row()])
        [found] = await session.fetch(
            "SELECT count(*), current_setting('app.tenant') FROM person WHERE name = $1", [CANARY]
        )
    assert list(found) == [1, str(tenant)]


async def test_a_role_that_is_not_bound_is_refused(database: Database, urls: Urls) -> None:
    await database.check_role()
    for url in (urls.superuser, urls.owner):
        unbound = Database(DatabaseSettings(url), key_service())
        try:
            with pytest.raises(UnsafeRoleError, match="serve under sextrontgen_app"):
                await unbound.check_role()
        finally:
            await unbound.close()
