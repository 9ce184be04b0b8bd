"""A long trail: whatever is asked of it is found along an index, and a page looks at not much more than it shows."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from api.app import create_app
from api.ids import encode_id
from api.settings import Environment, Settings
from benchmarks.events import Many, fill
from domain.accounts.keys import load_keys
from domain.accounts.lasting import lasting_session
from domain.accounts.tokens import Tokens
from domain.demo.cast import CastMember
from domain.demo.tenant import DEMO_TENANTS
from tenants.embedded import Addresses
from tenants.ids import TenantId
from tenants.secret_files import read_secret
from tenants.session import ReadSession, SystemTask, Task
from tenants.transaction import Isolation, opening_in
from tests.api.conftest import client_of
from tests.api.reading.conftest import Demo, open_database
from tests.support.cluster import addresses_of, clone, remove
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import seal, trail_beside

EVENTS, OFTEN = 2_000, 3
"""Every third event is about the learner."""
PAGE = 25
MOST_ROWS = 1_000
"""Rows that a page may look at in all its tables: a walk through the trail would look at thousands."""

TENANT = TenantId(DEMO_TENANTS[0].id)
OWN_LOG = "{ viewer { learner { accessLog(first: 25, after: $after) { pageInfo { endCursor } nodes { at } } } } }"
QUERY = """query Ask($f: AccessEventFilter, $after: String) {
    accessEvents(filter: $f, first: 25, after: $after) { pageInfo { endCursor } nodes { at } } }"""
FILTERS: Mapping[str, Mapping[str, object]] = {
    "nothing": {},
    "actor": {"actor": "instructor"},
    "subject": {"subject": "learner"},
    "field": {"field": "Learner.email"},
    "one category": {"category": ["CONTACT"]},
    "categories": {"category": ["CONTACT", "IDENTITY", "PAYMENT"]},
    "purposes": {"purpose": ["TEACHING", "SEAT_MANAGEMENT"]},
    "roles": {"role": ["INSTRUCTOR", "GUARDIAN"]},
    "case": {"case": "DEMO-1"},
    "outcome": {"outcome": ["DENIED"]},
    "operation": {"operation": "Operation7"},
    "time": {"at": {"to": "2026-09-01T00:00:00Z"}},
    "what is nowhere": {"operation": "Nothing", "field": "Learner.email"},
    "several": {"subject": "learner", "field": "Learner.email", "purpose": ["TEACHING"], "role": ["INSTRUCTOR"]},
}


@pytest.fixture(scope="module")
def long(demo: Demo, server: Addresses) -> Iterator[Demo]:
    """Give the demo with thousands of events, all but some sealed."""
    name = asyncio.run(clone(server, urlsplit(demo.urls.superuser).path.strip("/")))
    filled = Demo(addresses_of(server, name), demo.casts)
    asyncio.run(_fill(filled))
    yield filled
    asyncio.run(remove(server, name))


async def _fill(demo: Demo) -> None:
    learner = demo.casts["northwind"]["learner"].person_id
    await fill(demo.urls.superuser, Many(TENANT, learner, EVENTS, OFTEN), lambda _done, _all: None)
    database = open_database(demo.urls)
    await seal(database, TENANT)
    await database.close()
    await fill(demo.urls.superuser, Many(TENANT, learner, 20, OFTEN), lambda _done, _all: None)


async def _tokens(demo: Demo, keys: bytes) -> dict[str, str]:
    issuer = Tokens(load_keys(keys), "sextrontgen", "sextrontgen")
    now, found = datetime.now(UTC), {}
    database = open_database(demo.urls)
    async with database.writing(SystemTask(Task.DEMO, TENANT)) as session:
        for role, one in demo.casts["northwind"].items():
            until = now + timedelta(hours=1)
            session_id, _ = await lasting_session(
                session, person_id=one.person_id, case_id=one.case_id, at_least=now, until=until
            )
            found[role] = issuer.issue(TENANT, one.person_id, session_id, now + timedelta(minutes=9))
    await database.close()
    return found


@pytest.fixture
async def asked(long: Demo, key_file: Path) -> AsyncIterator[Callable[..., Any]]:
    """Give a way to ask on the long trail."""
    tokens = await _tokens(long, read_secret(key_file))
    settings = Settings.read(
        environment=Environment.DEVELOPMENT, database_url=long.urls.application, token_keys=key_file,
        **trail_beside(key_file), master_keys=MASTER_KEYS, statement_timeout=20, pool_wait=20, request_timeout=60,
    )  # fmt: skip
    app = create_app(settings)
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield lambda role, query, **variables: _ask(client, tokens[role], query, variables)


async def _ask(client: httpx2.AsyncClient, token: str, query: str, variables: Mapping[str, object]) -> Any:
    response = await client.post(
        "/graphql", json={"query": query, "variables": variables}, headers={"authorization": f"Bearer {token}"}
    )
    return response.json()["data"]


def given(condition: Mapping[str, object], cast: Mapping[str, CastMember]) -> dict[str, object]:
    """Return a filter with ids for the names of roles."""
    names = {role: encode_id("Learner", one.person_id) for role, one in cast.items()}
    return {key: names.get(value, value) if isinstance(value, str) else value for key, value in condition.items()}


def listening(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Sequence[Any]]]:
    """Return where the statements that read events for an answer will stand, with their arguments."""
    heard: list[tuple[str, Sequence[Any]]] = []
    fetch = ReadSession.fetch

    async def fetching(self: ReadSession, statement: str, arguments: Sequence[Any]) -> Sequence[Sequence[Any]]:
        if "access_event" in statement and statement.startswith("SELECT"):
            heard.append((statement, arguments))
        return await fetch(self, statement, arguments)

    monkeypatch.setattr(ReadSession, "fetch", fetching)
    return heard


async def rows_looked_at(url: str, statement: str, arguments: Sequence[Any]) -> int:
    """Return how many rows the statement's scans met, those that they passed over among them."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(opening_in(TENANT, Isolation.ONE_STATE, 20))
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", *arguments)
    finally:
        await connection.close()
    return _met(json.loads(explained)[0]["Plan"])


def _met(node: Mapping[str, Any]) -> int:
    loops = node["Actual Loops"]
    mine = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    is_scan = node["Node Type"].endswith("Scan") and "Relation Name" in node
    return (round(mine * loops) if is_scan else 0) + sum(map(_met, node.get("Plans", ())))


@pytest.mark.parametrize("condition", FILTERS.values(), ids=FILTERS.keys())
async def test_a_page_of_a_long_trail_looks_at_little_whatever_is_asked(
    asked: Callable[..., Any], long: Demo, monkeypatch: pytest.MonkeyPatch, condition: Mapping[str, object]
) -> None:
    found = given(condition, long.casts["northwind"])
    after = None
    for _ in range(2):
        heard = listening(monkeypatch)
        page = (await asked("security", QUERY, f=found, after=after))["accessEvents"]
        assert len(heard) == 1
        assert await rows_looked_at(long.urls.application, *heard[0]) < MOST_ROWS
        after = page["pageInfo"]["endCursor"]
        if len(page["nodes"]) < PAGE:
            return
    # The last page of all is as near as the first.
    heard = listening(monkeypatch)
    last = QUERY.replace("first: 25, after: $after", "last: 25").replace("$after: String", "")
    await asked("security", last.replace(", )", ")"), f=found)
    assert await rows_looked_at(long.urls.application, *heard[0]) < MOST_ROWS


async def test_a_page_of_one_s_own_long_log_looks_at_little(
    asked: Callable[..., Any], long: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    after, seen = None, 0
    for _ in range(3):
        heard = listening(monkeypatch)
        data = await asked("learner", f"query Ask($after: String) {OWN_LOG}", after=after)
        page = data["viewer"]["learner"]["accessLog"]
        (statement, arguments) = heard[-1]
        assert await rows_looked_at(long.urls.application, statement, arguments) < MOST_ROWS
        after, seen = page["pageInfo"]["endCursor"], seen + len(page["nodes"])
    assert seen == 3 * PAGE


async def test_a_walk_through_the_trail_would_be_noticed(long: Demo) -> None:
    walk = "SELECT count(*) FROM access_event WHERE tenant_id = $1"
    assert await rows_looked_at(long.urls.application, walk, [TENANT]) > MOST_ROWS
