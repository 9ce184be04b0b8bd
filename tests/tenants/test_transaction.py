"""The begin and the end of a transaction: what is set, and what is refused."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.people.model import person
from tenants.connection import DatabaseSettings, DatabaseUnavailableError
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task, WriteSession, in_tenant
from tenants.transaction import BrokenTransactionError, Isolation, TransactionOverError, opening_in, opening_outside
from tests.support.cluster import Urls
from tests.support.keys import key_service
from tests.tenants.single import LATE, as_superuser, connection_in_pool

PEOPLE = select(func.count()).select_from(person).where(in_tenant(person))


def task(tenant: TenantId) -> SystemTask:
    return SystemTask(Task.DEMO, tenant)


@pytest.mark.parametrize("wrong", ["018f0000-0000-7000-8000-000000000001", "'; DROP TABLE person; --", None, 7])
def test_a_tenant_that_is_not_a_uuid_opens_nothing(wrong: Any) -> None:
    with pytest.raises(TypeError, match="A tenant is a UUID"):
        opening_in(wrong, Isolation.ONE_STATE, 1)


def test_a_tenant_s_text_comes_from_its_number() -> None:
    class Lying(UUID):
        def __str__(self) -> str:
            return "'; DROP TABLE person; --"

    there = uuid7()
    found = {
        opening_in(given, Isolation.ONE_STATE, 1)
        for given in (there, Lying(int=there.int), asyncpg.pgproto.pgproto.UUID(str(there)))
    }
    assert len(found) == 1
    assert f"SET LOCAL app.tenant = '{there}';" in found.pop()


@pytest.mark.parametrize("limit", [0.0, 0.0001])
def test_no_limit_is_so_short_that_it_is_none(limit: float) -> None:
    opening = opening_outside(Isolation.NEWEST, limit)
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert f"SET LOCAL {name} = 1;" in opening


async def test_everything_is_set_for_the_transaction_and_ends_with_it(narrow: Database, tenant: TenantId) -> None:
    inside = {
        "app.tenant": str(tenant),
        "statement_timeout": "2min",
        "lock_timeout": "2min",
        "idle_in_transaction_session_timeout": "2min",
        "jit": "off",
        "random_page_cost": "1.1",
        "plan_cache_mode": "force_generic_plan",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
    }
    shown = "SELECT name, current_setting(name, true) FROM unnest($1::text[]) AS name"

    async def outside() -> dict[str, str]:
        held = await narrow._pool.take()
        try:
            return dict(await held.driver.fetch(shown, list(inside)))
        finally:
            held.give_back()

    before = await outside()
    assert before["statement_timeout"] == "0"
    for opened in (narrow.reading, narrow.writing):
        async with opened(task(tenant)) as session:
            assert dict(map(tuple, await session.fetch(shown, [list(inside)]))) == inside
        assert await outside() == {**before, "app.tenant": ""}


async def test_each_kind_of_transaction_has_its_isolation_whatever_the_default_is(
    database_url: str, tenant: TenantId
) -> None:
    database = Database(
        DatabaseSettings(f"{database_url}&default_transaction_isolation=serializable", open_limit=20), key_service()
    )
    try:
        async with database.reading(task(tenant)) as session:
            assert [list(row) for row in await session.fetch("SHOW transaction_isolation", [])] == [["repeatable read"]]
        async with database.writing(task(tenant)) as session:
            assert [list(row) for row in await session.fetch("SHOW transaction_isolation", [])] == [["read committed"]]
        async with database.outside() as connection:
            shown = await connection.execute(text("SHOW transaction_isolation"))
            assert shown.scalar_one() == "read committed"
    finally:
        await database.close()


async def test_without_a_statement_cache_nothing_outlives_a_transaction_on_its_connection(
    database_url: str, tenant: TenantId
) -> None:
    """As PgBouncer wants it in transaction mode, where the next transaction is on another connection."""
    database = Database(DatabaseSettings(database_url, pool_size=1, statement_cache=0, open_limit=20), key_service())

    async def visit() -> None:
        async with database.writing(task(tenant)) as session:
            await session.insert(person, [{"id": uuid7(), "name": "A"}, {"id": uuid7(), "name": "B"}])
            assert await session.first(PEOPLE) is not None
            assert await session.fetch("SELECT name FROM person WHERE name = $1", ["A"])
            assert list((await session.fetch("SELECT count(*) FROM pg_prepared_statements", []))[0]) == [0]

    try:
        await visit()
        held = await database._pool.take()
        await held.driver.execute("DISCARD ALL")
        held.give_back()
        await visit()
    finally:
        await database.close()


async def test_the_commit_of_a_failed_transaction_is_not_taken_for_one(narrow: Database) -> None:
    with pytest.raises(BrokenTransactionError, match="undone"):
        async with narrow.outside() as connection:
            with suppress(DBAPIError):
                await connection.execute(text("SELECT 1 / 0"))
    assert (await connection_in_pool(narrow))[1:] == (False, "")


async def test_a_commit_that_a_late_trigger_stops_is_an_error_and_leaves_nothing(
    narrow: Database, urls: Urls, tenant: TenantId
) -> None:
    await as_superuser(urls, LATE.format(body="RAISE EXCEPTION 'canary'"))
    with pytest.raises(DatabaseUnavailableError, match="did not take the transaction's end") as caught:
        async with narrow.writing(task(tenant)) as session:
            await session.insert(person, [{"id": uuid7(), "name": "A"}])
    assert caught.value.__cause__ is None
    async with narrow.reading(task(tenant)) as session:
        assert [list(row) for row in await session.rows(PEOPLE)] == [[0]]


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
async def test_a_transaction_that_is_ended_from_within_is_refused(narrow: Database, tenant: TenantId, end: str) -> None:
    with pytest.raises(BrokenTransactionError, match="from within"):
        async with narrow.writing(task(tenant)) as session:
            await session.fetch(end, [])
    assert (await connection_in_pool(narrow))[1:] == (False, "")


async def test_a_session_takes_no_statement_after_its_block(narrow: Database, tenant: TenantId) -> None:
    async with narrow.reading(task(tenant)) as session:
        assert await session.fetch("SELECT 1", [])
    with pytest.raises(RuntimeError):
        async with narrow.writing(task(tenant)) as broken:
            raise RuntimeError
    for ended in (session, broken):
        with pytest.raises(TransactionOverError, match="before its block is left"):
            await ended.fetch("SELECT 1", [])
        with pytest.raises(TransactionOverError):
            await ended.rows(PEOPLE)


async def test_a_statement_that_waits_for_its_turn_does_not_begin_after_the_end_did(
    narrow: Database, tenant: TenantId
) -> None:
    async with narrow.reading(task(tenant)) as session:
        await session._one_at_a_time.acquire()
        waiting = asyncio.create_task(session.fetch("SELECT 1", []))
        await asyncio.sleep(0)
    session._one_at_a_time.release()
    with pytest.raises(TransactionOverError):
        await waiting


async def test_while_the_commit_runs_no_statement_begins(narrow: Database, urls: Urls, tenant: TenantId) -> None:
    await as_superuser(urls, LATE.format(body="PERFORM pg_sleep(0.5)"))
    inside = asyncio.Event()

    async def late(session: WriteSession) -> None:
        await inside.wait()
        await asyncio.sleep(0.1)
        for statement in (session.fetch("SELECT 1", []), session.rows(PEOPLE)):
            with pytest.raises(TransactionOverError):
                await statement

    async with narrow.writing(task(tenant)) as session:
        await session.insert(person, [{"id": uuid7(), "name": "A"}])
        escaped = asyncio.create_task(late(session))
        inside.set()
    await escaped
    async with narrow.reading(task(tenant)) as after:
        assert [list(row) for row in await after.rows(PEOPLE)] == [[1]]


async def test_a_session_whose_connection_died_does_not_go_on_with_another(narrow: Database, tenant: TenantId) -> None:
    # Without a transaction a statement would stand at once and see no tenant.
    with pytest.raises(DatabaseUnavailableError):
        async with narrow.writing(task(tenant)) as session:
            with suppress(DatabaseUnavailableError):
                await session.fetch("SELECT pg_terminate_backend(pg_backend_pid())", [])
            for _ in range(3):
                with pytest.raises((DatabaseUnavailableError, SQLAlchemyError)):
                    await session.rows(select(func.pg_backend_pid()))
                with pytest.raises(DatabaseUnavailableError):
                    await session.fetch("SELECT 1", [])
            session._broken = False  # so that the commit itself is asked
    assert (await connection_in_pool(narrow))[1:] == (False, None)
