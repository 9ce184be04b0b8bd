"""Making the demo: twice, at once, interrupted, beside others."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Table

from domain.demo import names
from domain.demo.names import DemoUnavailableError, Names
from domain.demo.seed import Calendar
from domain.demo.service import ForeignTenantError, ensure_demo
from domain.demo.store import Content
from domain.demo.tenant import DEMO_TENANTS, draw
from domain.people.service import find_member
from tenants.database import Database
from tenants.ids import TenantId
from tenants.session import SystemTask, Task
from tests.domain.demo.conftest import Ask, Demo, People, opened

CASES = ("staff_case", "staff_case_subject")


def silent(_line: str) -> None:
    """Say nothing."""


def tables() -> Sequence[Table]:
    return list(draw(DEMO_TENANTS[0], Names(), Calendar.starting_now()))


async def snapshot(ask: Ask) -> dict[tuple[str, str], set[str]]:
    """Return every row of every tenant as text."""
    listed = [*(table.name for table in tables()), *CASES]
    return {
        (slug, table): {row.whole for row in await ask(slug, f"SELECT {table}::text AS whole FROM {table}")}
        for slug in ("platform", "northwind", "riverside")
        for table in listed
    }


async def stored_ids(ask: Ask, slug: str, table: Table) -> set[tuple[Any, ...]]:
    key = ", ".join(column.name for column in table.primary_key if column.name != "tenant_id")
    return {tuple(row) for row in await ask(slug, f"SELECT {key} FROM {table.name}")}


def drawn_ids(content: Content, table: Table) -> set[tuple[Any, ...]]:
    key = [column.name for column in table.primary_key if column.name != "tenant_id"]
    return {tuple(row[name] for name in key) for row in content[table]}


async def whole(ask: Ask) -> bool:
    """Tell whether both tenants hold exactly what is drawn."""
    for tenant in DEMO_TENANTS:
        content = draw(tenant, Names(), Calendar.starting_now())
        for table in content:
            if await stored_ids(ask, tenant.slug, table) != drawn_ids(content, table):
                return False
    return True


async def test_what_is_drawn_is_what_is_stored(demo: Demo) -> None:
    assert await whole(demo.ask)


async def test_two_fresh_databases_hold_the_same(demo: Demo, database: Database, ask: Ask, people: People) -> None:
    assert await ensure_demo(database, silent) == demo.casts
    same = ("tenant_id", "id", "name", "email", "phone", "gender", "region", "disability", "deprivation_band")
    for slug in ("northwind", "riverside", "platform"):
        here, there = await people(slug), await demo.people(slug)
        assert [[row[name] for name in same] for row in here] == [[row[name] for name in same] for row in there]
        # Each database has keys of its own.
        query = "SELECT email, email_hash FROM person WHERE email IS NOT NULL"
        assert not set(await ask(slug, query)) & set(await demo.ask(slug, query))
        query = "SELECT id, enrollment_id, score FROM assessment_result"
        assert set(await ask(slug, query)) == set(await demo.ask(slug, query))


async def test_a_second_start_changes_nothing_and_says_nothing(database: Database, ask: Ask) -> None:
    said: list[str] = []
    first = await ensure_demo(database, said.append)
    assert [line.partition(":")[0] for line in said] == ["Northwind Academy", "Riverside College"]
    before = await snapshot(ask)
    assert await ensure_demo(database, said.append) == first
    assert await snapshot(ask) == before
    assert len(said) == 2


async def test_what_somebody_changed_stays_changed(database: Database, ask: Ask) -> None:
    casts = await ensure_demo(database, silent)
    learner = casts["northwind"]["learner"].person_id
    await ask("northwind", "UPDATE person SET title = 'Pilot' WHERE id = :id", id=learner)
    await ensure_demo(database, silent)
    rows = await ask("northwind", "SELECT title FROM person WHERE id = :id", id=learner)
    assert rows[0].title == "Pilot"


KILLED = """
import asyncio, os, signal, sys
from domain.demo import service, store
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tests.support.keys import key_service

calls = 0
original = store.upsert

async def upsert(*given, **named):
    global calls
    calls += 1
    done = await original(*given, **named)
    if calls == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return done

store.upsert = upsert
database = Database(DatabaseSettings(sys.argv[1], connect_timeout=10, open_limit=20), key_service())
asyncio.run(service.ensure_demo(database, print))
"""


# 4 tables of the platform, 12 of northwind, its cases in 2 each, then riverside: within each part, and between them.
@pytest.mark.parametrize("call", [2, 5, 12, 16, 18, 25, 34])
async def test_a_start_after_a_kill_completes_the_demo(
    call: int, database: Database, database_url: str, ask: Ask
) -> None:
    program = [sys.executable, "-c", KILLED, database_url, str(call)]
    process = await asyncio.to_thread(subprocess.run, program, capture_output=True, timeout=120, check=False)
    assert process.returncode == -9, process.stderr.decode()
    assert len(await ensure_demo(database, silent)) == 2
    assert await whole(ask)


async def test_a_killed_start_leaves_no_half_tenant(database: Database, database_url: str, ask: Ask) -> None:
    program = [sys.executable, "-c", KILLED, database_url, "12"]
    await asyncio.to_thread(subprocess.run, program, capture_output=True, timeout=120, check=False)
    for table in tables():
        assert await ask("northwind", f"SELECT 1 FROM {table.name}") == []


async def test_two_starts_at_once_make_one_demo(database: Database, database_url: str, ask: Ask) -> None:
    other = opened(database_url)
    said: list[str] = []
    first, second = await asyncio.gather(ensure_demo(database, said.append), ensure_demo(other, said.append))
    await other.close()
    assert first == second
    assert len(said) == 2
    assert await whole(ask)
    assert len(await ask("northwind", "SELECT 1 FROM staff_case")) == 3


async def test_nothing_of_one_tenant_is_in_the_other(demo: Demo) -> None:
    for table in tables():
        if "id" in table.primary_key:
            northwind = await stored_ids(demo.ask, "northwind", table)
            assert not northwind & await stored_ids(demo.ask, "riverside", table)
    rows = await demo.ask("riverside", "SELECT DISTINCT tenant_id FROM person")
    assert [row.tenant_id for row in rows] == [DEMO_TENANTS[1].id]
    learner = demo.id("learner")
    assert await demo.ask("riverside", "SELECT 1 FROM person WHERE id = :id", id=learner) == []
    told = [value for row in await demo.people("riverside") for value in row.values() if isinstance(value, str)]
    assert len(told) > 1000
    assert not [value for value in told if "northwind" in value]


async def test_one_of_riverside_has_the_address_of_northwinds_learner(demo: Demo) -> None:
    (learner,) = [row for row in await demo.people("northwind") if row["id"] == demo.id("learner")]
    (other,) = [row for row in await demo.people("riverside") if row["email"] == learner["email"]]
    assert other["id"] != learner["id"]
    async with demo.database.reading(SystemTask(Task.DEMO, TenantId(DEMO_TENANTS[1].id))) as session:
        assert await find_member(session, email=learner["email"].upper()) == other["id"]
    # Nobody sees from outside that these two are one.
    found = [await demo.ask(slug, "SELECT email_hash FROM person WHERE email_hash IS NOT NULL")
             for slug in ("northwind", "riverside")]  # fmt: skip
    assert not set(found[0]) & set(found[1])


async def test_a_tenant_of_that_name_which_is_not_the_demos_is_left_alone(
    tenant: TenantId, database: Database, ask: Ask
) -> None:
    with pytest.raises(ForeignTenantError, match=r"'northwind'.*another database"):
        await ensure_demo(database, silent)
    assert await ask("northwind", "SELECT 1 FROM person") == []


async def test_without_mimesis_the_error_names_the_extra(
    database: Database, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> ModuleType:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(names, "import_module", missing)
    with pytest.raises(DemoUnavailableError, match=r"sextrontgen\[embedded\]"):
        await ensure_demo(database, silent)
    monkeypatch.setattr(names, "import_module", import_module)
    await ensure_demo(database, silent)
    assert await whole(ask)


async def test_a_demo_that_is_there_needs_no_mimesis(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await ensure_demo(database, silent)
    monkeypatch.setattr(names, "import_module", lambda name: pytest.fail("nothing is to be drawn"))
    assert await ensure_demo(database, silent) == first


async def test_a_broken_module_within_mimesis_is_not_taken_for_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_name: str) -> ModuleType:
        raise ImportError("broken")

    monkeypatch.setattr(names, "import_module", broken)
    with pytest.raises(ImportError, match="broken"):
        Names()


async def test_dates_are_those_of_the_day_of_creation(demo: Demo) -> None:
    rows = await demo.ask("northwind", "SELECT max(last_seen_at) AS newest FROM person")
    assert 1 <= (datetime.now(UTC).date() - rows[0].newest.date()).days <= 2
