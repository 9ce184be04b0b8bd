"""Many rows in one statement."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from domain.courses.model import course
from domain.people.model import person
from tenants.bulk import upsert
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task, in_tenant


def rows(count: int, **same: Any) -> list[dict[str, Any]]:
    return [{"id": uuid7(), "external_id": f"x{number}", "name": f"P{number}", **same} for number in range(count)]


async def names(database: Database, tenant: TenantId) -> dict[str, str]:
    async with database.reading(SystemTask(Task.IMPORT, tenant)) as session:
        found = await session.rows(select(person.c.external_id, person.c.name).where(in_tenant(person)))
    return {row.external_id: row.name for row in found}


async def test_rows_are_added_then_changed_then_left_alone(database: Database, tenant: TenantId) -> None:
    given = rows(2000, minor=False)
    async with database.writing(SystemTask(Task.IMPORT, tenant)) as session:
        assert await upsert(session, person, given, key=["external_id"], change=["name"]) == 2000
        assert await upsert(session, person, given, key=["external_id"], change=["name"]) == 0
        changed = [{**row, "id": uuid7(), "name": "Changed"} for row in given[:3]]
        assert await upsert(session, person, changed, key=["external_id"], change=["name"]) == 3
        assert await upsert(session, person, changed[:1], key=["external_id"], change=[]) == 0
    found = await names(database, tenant)
    assert len(found) == 2000
    assert [found[f"x{number}"] for number in range(4)] == ["Changed", "Changed", "Changed", "P3"]


async def test_a_row_that_is_there_keeps_its_id(database: Database, tenant: TenantId) -> None:
    first, again = rows(1), rows(1, title="Dr")
    async with database.writing(SystemTask(Task.IMPORT, tenant)) as session:
        await upsert(session, person, first, key=["external_id"], change=["name"])
        await upsert(session, person, again, key=["external_id"], change=["title"])
        [found] = await session.rows(select(person.c.id, person.c.title))
    assert (found.id, found.title) == (first[0]["id"], "Dr")


async def test_nothing_given_is_nothing_done(database: Database, tenant: TenantId) -> None:
    async with database.writing(SystemTask(Task.IMPORT, tenant)) as session:
        assert await upsert(session, person, [], key=["external_id"], change=["name"]) == 0


async def test_one_bad_row_keeps_all_out(database: Database, tenant: TenantId) -> None:
    given = rows(10)
    given[7]["name"] = "x" * 201
    with pytest.raises(DBAPIError):
        async with database.writing(SystemTask(Task.IMPORT, tenant)) as session:
            await upsert(session, person, given, key=["external_id"], change=["name"])
    assert await names(database, tenant) == {}


async def test_the_same_key_in_two_tenants_is_two_rows(database: Database, tenant: TenantId) -> None:
    other = await ensure_tenant(database, "riverside", "Riverside College")
    given = [{"id": uuid7(), "external_id": "c1", "code": "AAA", "title": "A"}]
    for each in (tenant, other):
        async with database.writing(SystemTask(Task.IMPORT, each)) as session:
            assert await upsert(session, course, given, key=["external_id"], change=["title"]) == 1
