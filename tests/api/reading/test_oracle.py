"""Random documents: data, errors and record agree with an oracle that shares no code with what it judges."""

from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import httpx2
import orjson
import pytest

from domain.demo.tenant import DEMO_TENANTS
from tests.api.reading.conftest import Demo
from tests.oracle.capacities import OracleViewer, member, staff
from tests.oracle.documents import generate
from tests.oracle.drive import Asking, FetchEvent
from tests.oracle.material import gather
from tests.oracle.world import World, load


def fetcher(connection: asyncpg.Connection) -> FetchEvent:
    async def fetch(request_id: str) -> Mapping[str, Any] | None:
        row = await connection.fetchrow("SELECT * FROM access_event WHERE request_id = $1", request_id)
        if row is None:
            return None
        sets = {name: orjson.loads(row[name]) for name in ("disclosures", "denials")}
        return {**dict(row), **sets}

    return fetch


def viewers(world: World, demo: Demo) -> dict[str, OracleViewer]:
    cast = demo.casts[DEMO_TENANTS[0].slug]
    return {
        role: staff(world, one.case_id) if one.case_id else member(world, one.person_id) for role, one in cast.items()
    }


@pytest.mark.prove
@pytest.mark.parametrize("part", range(4))
async def test_random_documents_are_answered_and_recorded_as_the_oracle_says(
    demo: Demo,
    demo_client: httpx2.AsyncClient,
    tokens: dict[str, dict[str, str]],
    many: Callable[[int, int], int],
    part: int,
) -> None:
    world, other = [await load(demo.urls.owner, tenant.id) for tenant in DEMO_TENANTS[:2]]
    material = gather(world, other)
    connection = await asyncpg.connect(demo.urls.superuser)
    found: list[str] = []
    asked = 0
    try:
        for role, viewer in viewers(world, demo).items():
            asking = Asking(demo_client, tokens[DEMO_TENANTS[0].slug][role], viewer, world, fetcher(connection))
            for number in range(many(6, 250)):
                document = generate(part * 1_000_000 + asked * 1000 + number, material)
                found += await asking.check(document.text, document.variables)
                asked += 1
                assert len(found) < 12, "\n\n".join(found)
    finally:
        await connection.close()
    assert not found, "\n\n".join(found)
    assert asked == 8 * many(6, 250)
