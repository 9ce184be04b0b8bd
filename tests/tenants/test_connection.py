"""In which state a connection is passed on, and what becomes of those that died."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.people.model import person
from tenants.connection import DatabaseSettings, DatabaseUnavailableError, Held, Pool
from tenants.database import Database, _left
from tenants.ids import TenantId, uuid7
from tenants.session import ReadSession, SystemTask, Task, in_tenant
from tenants.transaction import Isolation, opening_in
from tests.support.cluster import Urls
from tests.support.keys import key_service
from tests.tenants.single import LATE, as_superuser, connection_in_pool

HANG = 30.0  # seconds; far beyond what the settings here allow
PEOPLE = select(func.count()).select_from(person).where(in_tenant(person))


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Held]:
    """Note every connection that is taken to begin a transaction on."""
    noted: list[Held] = []

    async def noting(pool: Pool) -> Held:
        noted.append(held := await take(pool))
        return held

    take = Pool.take
    monkeypatch.setattr(Pool, "take", noting)
    return noted


def task(tenant: TenantId) -> SystemTask:
    return SystemTask(Task.DEMO, tenant)


async def test_what_was_rolled_back_keeps_its_connection(narrow: Database, tenant: TenantId) -> None:
    before = await connection_in_pool(narrow)
    with pytest.raises(RuntimeError):
        async with narrow.writing(task(tenant)) as session:
            await session.insert(person, [{"id": uuid7(), "name": "A"}])
            raise RuntimeError
    assert await connection_in_pool(narrow) == (before[0], False, "")


@pytest.mark.parametrize("past_it", [False, True])
async def test_a_transaction_that_was_not_seen_to_end_loses_its_connection(
    narrow: Database, tenant: TenantId, *, past_it: bool
) -> None:
    before = await connection_in_pool(narrow)
    transaction = await narrow._open(partial(opening_in, tenant, Isolation.NEWEST), 1)
    if past_it:
        await transaction.held.driver.execute("COMMIT")
    transaction.release()
    after = await connection_in_pool(narrow)
    assert after[0] != before[0]
    assert after[1:] == (False, None)


async def test_what_was_waited_for_a_connection_is_off_the_limit_of_what_waits_in_it(
    database_url: str, tenant: TenantId
) -> None:
    settings = DatabaseSettings(database_url, pool_size=1, pool_wait=30, connect_timeout=10, open_limit=40)
    database = Database(settings, key_service())

    async def limit() -> list[Any]:
        async with database.writing(SystemTask(Task.DEMO, tenant)) as session:
            found = await session.fetch("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'", [])
            return [row[0] for row in found]

    try:
        held = await database._pool.take()
        waiting = asyncio.create_task(limit())
        await asyncio.sleep(0.5)
        held.give_back()
        whole = int(settings.task_statement_timeout * 1000)
        assert (await waiting)[0] <= whole - 500
        assert await limit() == [whole]
        assert _left(1.5, 1.0) == 0.5
        assert _left(1.5, 30.0) == pytest.approx(0.3)
    finally:
        await database.close()


async def test_a_connection_is_not_given_back_inside_a_transaction(narrow: Database) -> None:
    held = await narrow._pool.take()
    await held.driver.execute(opening_in(uuid7(), Isolation.NEWEST, 1))
    held.give_back()
    assert (await connection_in_pool(narrow))[1:] == (False, None)


async def test_no_transaction_begins_inside_another(narrow: Database, tenant: TenantId) -> None:
    async with narrow._engine.connect() as connection:  # past every check
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute("BEGIN")
    async with narrow.reading(task(tenant)) as session:
        assert session._transaction.held.driver is not driver
    assert driver.is_closed()


async def test_a_cancelled_opener_leaves_no_open_transaction(narrow: Database) -> None:
    before = await connection_in_pool(narrow)
    opening = asyncio.create_task(narrow._open(lambda _: "BEGIN; SELECT pg_sleep(2)", 1))
    await asyncio.sleep(0.2)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    after = await connection_in_pool(narrow)
    assert after[0] != before[0]
    assert after[1:] == (False, None)


async def test_an_opener_that_takes_too_long_leaves_no_open_transaction(database_url: str) -> None:
    database = Database(DatabaseSettings(database_url, pool_size=1, connect_timeout=10, open_limit=1), key_service())
    try:
        with pytest.raises(DatabaseUnavailableError):
            await database._open(lambda _: "BEGIN; SELECT pg_sleep(5)", 1)
        assert (await connection_in_pool(database))[1:] == (False, None)
    finally:
        await database.close()


async def test_a_cancelled_commit_loses_its_connection(narrow: Database, urls: Urls, tenant: TenantId) -> None:
    await as_superuser(urls, LATE.format(body="PERFORM pg_sleep(2)"))
    before = await connection_in_pool(narrow)
    inside = asyncio.Event()

    async def write() -> None:
        async with narrow.writing(task(tenant)) as session:
            await session.insert(person, [{"id": uuid7(), "name": "A"}])
            inside.set()

    writing = asyncio.create_task(write())
    await inside.wait()
    await asyncio.sleep(0.2)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    after = await connection_in_pool(narrow)
    assert after[0] != before[0]
    assert after[1:] == (False, None)


async def read(session: ReadSession) -> None:
    await session.fetch("SELECT 1", [])
    await session.rows(PEOPLE)


async def fail(session: ReadSession) -> None:
    await session.fetch("SELECT 1", [])
    raise RuntimeError


@pytest.mark.parametrize("inside", [read, fail])
async def test_cancelled_at_any_step_a_transaction_is_not_passed_on(
    narrow: Database, tenant: TenantId, inside: Callable[[ReadSession], Coroutine[Any, Any, None]]
) -> None:
    cancelled = 0

    async def visit() -> None:
        with suppress(RuntimeError):
            async with narrow.reading(task(tenant)) as session:
                await inside(session)

    for steps in range(60):
        visiting = asyncio.create_task(visit())
        for _ in range(steps):
            await asyncio.sleep(0 if steps % 3 else 0.0001)
        visiting.cancel()
        try:
            await visiting
        except asyncio.CancelledError:
            cancelled += 1
        _, is_open, set_tenant = await connection_in_pool(narrow)
        assert not is_open
        assert set_tenant in (None, "")
    assert cancelled > 5
    await visit()


async def test_every_connection_that_died_while_idle_is_passed_over(
    database_url: str, urls: Urls, tenant: TenantId, taken: list[Held]
) -> None:
    database = Database(DatabaseSettings(database_url, pool_size=3, connect_timeout=10, open_limit=20), key_service())
    try:
        all_open = asyncio.Barrier(3)

        async def visit() -> None:
            async with database.reading(task(tenant)) as session:
                await session.fetch("SELECT 1", [])
                await all_open.wait()

        await asyncio.gather(*(visit() for _ in range(3)))
        old = {id(held.driver): held.driver for held in taken}
        assert len(old) == 3
        await as_superuser(
            urls,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sextrontgen_app' "
            "AND datname = current_database()",
        )
        taken.clear()
        await asyncio.gather(*(visit() for _ in range(3)))
        again = [id(held.driver) in old for held in taken]
        assert (again.count(True), again.count(False)) == (3, 3)
    finally:
        await database.close()


async def test_a_new_connection_that_dies_at_once_is_the_last(narrow: Database, taken: list[Held]) -> None:
    async with asyncio.timeout(HANG):
        with pytest.raises(DatabaseUnavailableError):
            await narrow._open(lambda _: "SELECT pg_terminate_backend(pg_backend_pid())", 1)
    assert len(taken) == 1


async def test_who_came_first_has_a_connection_first(narrow: Database, tenant: TenantId) -> None:
    had: list[int] = []

    async def visit_again_and_again(who: int) -> None:
        for _ in range(20):
            async with narrow.reading(task(tenant)):
                had.append(who)

    async with asyncio.timeout(HANG), asyncio.TaskGroup() as clients:
        for who in range(4):
            clients.create_task(visit_again_and_again(who))
    assert had == [0, 1, 2, 3] * 20


async def test_who_fails_or_gives_up_while_waiting_takes_no_place(narrow: Database, tenant: TenantId) -> None:
    async with narrow.reading(task(tenant)):
        waiting = [asyncio.create_task(narrow._pool.take()) for _ in range(3)]
        await asyncio.sleep(0.05)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    nowhere = Database(DatabaseSettings("postgresql://nobody@/none?host=/nowhere", pool_size=1), key_service())
    for _ in range(3):
        with pytest.raises(DatabaseUnavailableError, match="does not answer"):
            async with nowhere.reading(task(tenant)):
                pass
    async with narrow.reading(task(tenant)) as session:
        assert await session.fetch("SELECT 1", [])
    assert (narrow._pool._free._value, nowhere._pool._free._value) == (1, 1)
