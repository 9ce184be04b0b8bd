"""The staff's cases on a demo tenant: kept while open, replaced when they have ended."""

import pytest

from domain.demo.cases import ensure_staff_cases
from domain.demo.kinds import STAFF, Kind
from domain.demo.service import ensure_demo
from domain.demo.tenant import DEMO_TENANTS
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tests.domain.demo.conftest import Ask

NORTHWIND = TenantId(DEMO_TENANTS[0].id)
CLOSED = "UPDATE staff_case SET closed_at = now(), outcome = 'done' WHERE id = :id"
EXPIRED = (
    "UPDATE staff_case SET opened_at = now() - interval '31 days', expires_at = now() - interval '1 second' "
    "WHERE id = :id"
)


@pytest.mark.parametrize("role", [kind.value for kind in STAFF])
@pytest.mark.parametrize("ending", [CLOSED, EXPIRED], ids=["closed", "expired"])
async def test_a_case_that_ended_is_replaced(database: Database, ask: Ask, role: str, ending: str) -> None:
    before = await ensure_demo(database, lambda _line: None)
    ended = before["northwind"][role].case_id
    await ask("northwind", ending, id=ended)
    ended_row = await ask("northwind", "SELECT * FROM staff_case WHERE id = :id", id=ended)

    after = await ensure_demo(database, lambda _line: None)

    renewed = after["northwind"].pop(role)
    kept = before["northwind"].pop(role)
    assert after == before
    assert (renewed.person_id, renewed.role) == (kept.person_id, kept.role)
    assert renewed.case_id not in {None, ended}
    rows = await ask(
        "northwind", "SELECT id FROM staff_case WHERE closed_at IS NULL AND expires_at > now() + '29 days'"
    )
    assert renewed.case_id in {row.id for row in rows}
    assert len(rows) == 3
    assert await ask("northwind", "SELECT * FROM staff_case WHERE id = :id", id=ended) == ended_row
    again = await ensure_demo(database, lambda _line: None)
    assert again["northwind"][role] == renewed


async def test_a_replaced_support_case_is_about_the_same_people(database: Database, ask: Ask) -> None:
    before = (await ensure_demo(database, lambda _line: None))["northwind"]
    await ask("northwind", CLOSED, id=before["support"].case_id)
    after = (await ensure_demo(database, lambda _line: None))["northwind"]
    query = "SELECT person_id FROM staff_case_subject WHERE case_id = :id"
    people = {row.person_id for row in await ask("northwind", query, id=after["support"].case_id)}
    assert people == {before["learner"].person_id, before["minor"].person_id}


async def test_who_gets_a_case_gets_a_key_to_seal_what_is_recorded_of_them(database: Database, ask: Ask) -> None:
    casts = await ensure_demo(database, lambda _line: None)
    for slug in ("northwind", "riverside"):
        owners = {row.owner_id for row in await ask(slug, "SELECT owner_id FROM keys.data_key")}
        assert {one.person_id for one in casts[slug].values()} <= owners


async def test_a_case_about_other_people_is_not_the_demos(database: Database, ask: Ask) -> None:
    cast = (await ensure_demo(database, lambda _line: None))["northwind"]
    others = (cast["guardian"].person_id,)
    cases = await ensure_staff_cases(database, NORTHWIND, others)
    assert cases[Kind.SUPPORT] != cast["support"].case_id
    assert cases[Kind.SECURITY] == cast["security"].case_id
    assert (await ensure_demo(database, lambda _line: None))["northwind"] == cast


async def test_a_case_of_another_purpose_is_not_the_demos(database: Database, ask: Ask) -> None:
    cast = (await ensure_demo(database, lambda _line: None))["northwind"]
    await ask(
        "northwind", "UPDATE staff_case SET purpose = 'FRAUD_PREVENTION' WHERE id = :id", id=cast["security"].case_id
    )
    renewed = (await ensure_demo(database, lambda _line: None))["northwind"]["security"].case_id
    assert renewed != cast["security"].case_id


async def test_no_case_without_a_tenant(database: Database) -> None:
    with pytest.raises(LookupError, match="no tenant"):
        await ensure_staff_cases(database, TenantId(uuid7()), ())
