"""Random tenants vary all that a decision may rest on."""

import random
from typing import Any

import asyncpg

from domain.demo.service import ensure_demo
from domain.demo.tenant import DEMO_TENANTS
from tenants.database import Database
from tests.oracle.random_rules import CALLS, SPOKEN_OF, change_rules, random_rules
from tests.oracle.shuffle import shuffle
from tests.oracle.world import World, load
from tests.support.cluster import Urls

TENANT = DEMO_TENANTS[1].id


def seen(world: World) -> dict[str, Any]:
    """Return who is what, and what to whom."""
    people, rows = sorted(world.people), world.people
    return {
        "minors": {key for key in people if rows[key]["minor"]},
        "restricted": {key for key in people if rows[key]["restricted"]},
        "names": [rows[key]["name"] for key in people],
        "members": {key for key in people if world.is_member(key)},
        "grants": {key: world.grants(key) for key in people},
        "wards": {key: world.wards(key) for key in people},
        "taught": {key: world.taught_by(key) for key in people},
        "seats": {key for key in people if world.holds_live_seat(key)},
        "enrolments": {key: row.facts["status"] for key, row in world.enrollments.items()},
        "rules": world.rules.told(),
    }


async def test_a_turn_changes_all_that_counts(database: Database, urls: Urls) -> None:
    cast = (await ensure_demo(database, lambda _: None))[DEMO_TENANTS[1].slug]
    staying = {one.person_id for one in cast.values() if one.case_id is None}
    connection = await asyncpg.connect(urls.superuser)
    found = [seen(await load(urls.owner, TENANT))]
    for seed in (1, 2):
        rng = random.Random(seed)
        await shuffle(connection, TENANT, rng, staying)
        await change_rules(connection, TENANT, rng)
        found.append(seen(await load(urls.owner, TENANT)))
    await connection.close()
    before, once, twice = found
    assert [what for what in before if before[what] == once[what] or once[what] == twice[what]] == []
    assert staying <= once["members"] & twice["members"]
    assert len(before["members"]) > len(once["members"]) > 100


def test_rules_follow_from_their_seed_and_are_such_as_a_tenant_may_make() -> None:
    rules = list(random_rules(random.Random(3), 400))
    assert rules == list(random_rules(random.Random(3), 400))
    assert {role for role, *_ in rules} == set(SPOKEN_OF)
    assert {subject for _, _, subject, _ in rules} == {None, "MINOR", "RESTRICTED"}
    assert {allow for *_, allow in rules} == {True, False}
    denied = {object_ for _, object_, _, allow in rules if not allow}
    assert set(CALLS) <= denied
    assert {"#" in object_ for object_ in denied} == {True, False}
