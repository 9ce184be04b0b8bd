"""The cast of a tenant whose people come from elsewhere."""

import pytest

from domain.demo.cast import ensure_cast
from domain.demo.kinds import Kind, Who
from domain.demo.service import ensure_demo
from domain.people.model import membership, person
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task
from tests.domain.demo.conftest import Ask

SLUG = "open-university"
LEARNER, INSTRUCTOR = uuid7(), uuid7()


@pytest.fixture
async def imported(database: Database) -> TenantId:
    """Make a tenant with a learner and an instructor, as an importer does."""
    tenant_id = await ensure_tenant(database, SLUG, "Open University")
    async with database.writing(SystemTask(Task.IMPORT, tenant_id)) as session:
        await session.insert(person, [{"id": each, "minor": False} for each in (LEARNER, INSTRUCTOR)])
        await session.insert(membership, [{"person_id": each} for each in (LEARNER, INSTRUCTOR)])
    return tenant_id


async def test_the_cast_is_complete_and_enrolled_nowhere(imported: TenantId, database: Database, ask: Ask) -> None:
    cast = await ensure_cast(database, imported, learner_id=LEARNER, instructor_id=INSTRUCTOR)
    assert set(cast) == {*(kind.value for kind in Kind)} - {"invited"}
    assert (cast["learner"].person_id, cast["instructor"].person_id) == (LEARNER, INSTRUCTOR)
    rows = await ask(SLUG, "SELECT id, minor FROM person JOIN membership ON person_id = id")
    assert {row.id: row.minor for row in rows} == {
        LEARNER: False,
        INSTRUCTOR: False,
        cast["minor"].person_id: True,
        cast["guardian"].person_id: False,
        cast["enterprise_admin"].person_id: False,
    }
    for table in ("enrollment", "seat", "course"):
        assert await ask(SLUG, f"SELECT 1 FROM {table}") == []


async def test_minor_guardian_and_admin_are_what_they_are_called(
    imported: TenantId, database: Database, ask: Ask
) -> None:
    cast = await ensure_cast(database, imported, learner_id=LEARNER, instructor_id=INSTRUCTOR)
    rows = await ask(
        SLUG, "SELECT guardian_id, ward_id FROM guardianship WHERE confirmed_at < now() AND withdrawn_at IS NULL"
    )
    assert [tuple(row) for row in rows] == [(cast["guardian"].person_id, cast["minor"].person_id)]
    rows = await ask(SLUG, "SELECT person_id, role FROM role_grant")
    assert [tuple(row) for row in rows] == [(cast["enterprise_admin"].person_id, "ENTERPRISE_ADMIN")]


async def test_the_staff_have_open_cases(imported: TenantId, database: Database, ask: Ask) -> None:
    cast = await ensure_cast(database, imported, learner_id=LEARNER, instructor_id=INSTRUCTOR)
    rows = await ask(
        SLUG, "SELECT id, staff_id, staff_role FROM staff_case WHERE expires_at > now() + interval '29 days'"
    )
    assert {(row.id, row.staff_id, row.staff_role.lower()) for row in rows} == {
        (cast[role].case_id, cast[role].person_id, role) for role in ("support", "security", "privacy")
    }
    rows = await ask(SLUG, "SELECT person_id FROM staff_case_subject")
    assert {row.person_id for row in rows} == {LEARNER, cast["minor"].person_id}


async def test_a_second_time_changes_nothing(imported: TenantId, database: Database, ask: Ask) -> None:
    first = await ensure_cast(database, imported, learner_id=LEARNER, instructor_id=INSTRUCTOR)
    before = await ask(SLUG, "SELECT person::text AS whole FROM person ORDER BY id")
    assert await ensure_cast(database, imported, learner_id=LEARNER, instructor_id=INSTRUCTOR) == first
    assert await ask(SLUG, "SELECT person::text AS whole FROM person ORDER BY id") == before


async def test_ids_do_not_depend_on_the_tenants_id(imported: TenantId, database: Database) -> None:
    cast = await ensure_cast(database, imported, learner_id=LEARNER, instructor_id=INSTRUCTOR)
    assert cast["minor"].person_id == Who(Kind.MINOR).id(SLUG)


async def test_it_stands_beside_the_demo(imported: TenantId, database: Database) -> None:
    casts = await ensure_demo(database, lambda _line: None)
    cast = await ensure_cast(database, imported, learner_id=LEARNER, instructor_id=INSTRUCTOR)
    assert cast["support"].person_id == casts["northwind"]["support"].person_id
    assert cast["support"].case_id != casts["northwind"]["support"].case_id
    assert cast["minor"].person_id != casts["northwind"]["minor"].person_id
    assert await ensure_demo(database, lambda _line: None) == casts


async def test_no_cast_without_a_tenant(database: Database) -> None:
    with pytest.raises(LookupError, match="no tenant"):
        await ensure_cast(database, TenantId(uuid7()), learner_id=LEARNER, instructor_id=INSTRUCTOR)
