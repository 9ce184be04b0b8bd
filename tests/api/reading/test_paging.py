"""Every connection in every order: pages of any size, from either end, make up the same list."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import GraphQLObjectType, get_named_type

from api.app import create_app
from api.ids import encode_id
from api.schema.build import build_schema
from api.settings import Environment, Settings
from authz.audit.event import access_event
from domain.accounts.keys import load_keys
from domain.accounts.tokens import Tokens
from tenants.directory import ensure_tenant
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task
from tests.api.conftest import client_of
from tests.api.reading.conftest import open_database
from tests.oracle.mixed import Mixed, mixed
from tests.oracle.paged import LISTS, SORTED, List, shown
from tests.support.cluster import Urls
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import seal, trail_beside

CASES = [(each, order, role) for each in LISTS for order in each.orders for role in each.roles]
LEARNERS, COURSE = LISTS[0], next(each for each in LISTS if each.name == "Course.enrollments")

Get = Callable[..., Any]
Page = Callable[[List, str, str], Get]


async def _fill(urls: Urls, made: Mixed) -> TenantId:
    database = open_database(urls)
    tenant_id = await ensure_tenant(database, f"mixed-{uuid7()}", "Mixed")
    async with database.writing(SystemTask(Task.SIGN_IN, tenant_id)) as session:
        for table, rows in made.rows.items():
            await session.insert(table, rows)
    # Some found by their terms, some one by one.
    for events in (made.events[::2], made.events[1::2]):
        await seal(database, tenant_id)
        async with database.writing(SystemTask(Task.SIGN_IN, tenant_id)) as session:
            await session.insert(access_event, events)
    await database.close()
    return tenant_id


@pytest.fixture(scope="module")
def tokens_of(urls: Urls, key_file: Path) -> tuple[Mixed, Mapping[str, str]]:
    """Give the tenant of many nulls and ties, and a token for each of its viewers."""
    made = mixed()
    tenant_id = asyncio.run(_fill(urls, made))
    issuer = Tokens(load_keys(key_file.read_bytes()), "sextrontgen", "sextrontgen")
    until = datetime.now(UTC) + timedelta(minutes=9)
    return made, {role: issuer.issue(tenant_id, key, made.sessions[role], until) for role, key in made.viewers.items()}


@pytest.fixture(scope="module")
async def client(urls: Urls, key_file: Path, anyio_backend: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the application, the same for all tests here."""
    settings = Settings.read(
        environment=Environment.DEVELOPMENT, database_url=urls.application, token_keys=key_file,
        **trail_beside(key_file),
        master_keys=MASTER_KEYS, statement_timeout=20, pool_wait=20, request_timeout=60,
    )  # fmt: skip
    app = create_app(settings)
    async with app.router.lifespan_context(app), client_of(app) as opened:
        yield opened


@pytest.fixture
def page(client: httpx2.AsyncClient, tokens_of: tuple[Mixed, Mapping[str, str]]) -> Page:
    """Give a way to get pages of a list in an order as somebody."""
    made, tokens = tokens_of

    async def get(asked: List, order: str, role: str, **arguments: object) -> Mapping[str, Any]:
        kind = asked.name.partition(".")[0]
        given = {**arguments, **({"id": encode_id(kind, made.ids[kind])} if "$id" in asked.way else {})}
        headers = {"authorization": f"Bearer {tokens[role]}"}
        body = {"query": asked.document(order), "variables": given}
        answer = (await client.post("/graphql", json=body, headers=headers)).json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        assert codes <= {"FIELD_FORBIDDEN"}, answer
        found = asked.connection_in(answer["data"])
        assert [edge["node"]["id"] for edge in found["edges"]] == [node["id"] for node in found["nodes"]]
        cursors = [edge["cursor"] for edge in found["edges"]]
        ends = [found["pageInfo"]["startCursor"], found["pageInfo"]["endCursor"]]
        assert ends == ([cursors[0], cursors[-1]] if cursors else [None, None])
        return found

    return lambda asked, order, role: partial(get, asked, order, role)


async def walk(get: Get, size: int, *, backwards: bool) -> list[Any]:
    """Return all edges in the list's order, read from either end, page by page."""
    count, side, more, end, behind = (
        ("last", "before", "hasPreviousPage", "startCursor", "hasNextPage")
        if backwards
        else ("first", "after", "hasNextPage", "endCursor", "hasPreviousPage")
    )
    found: list[Any] = []
    cursors: list[str | None] = [None]
    while True:
        got = await get(**{count: size, side: cursors[-1]})
        assert got["pageInfo"][behind] is (len(cursors) > 1)
        found = got["edges"] + found if backwards else found + got["edges"]
        if not got["pageInfo"][more]:
            # A page that is there is never empty, so the one before it told the truth.
            assert got["edges"]
            return found
        assert len(got["edges"]) == size
        assert got["pageInfo"][end] not in cursors
        cursors.append(got["pageInfo"][end])


@pytest.mark.parametrize(("asked", "order", "role"), CASES, ids=[f"{a.name}-{o or 'plain'}-{r}" for a, o, r in CASES])
async def test_pages_of_any_size_from_either_end_make_up_the_whole_list_in_order(
    page: Page, asked: List, order: str, role: str
) -> None:
    get = page(asked, order, role)
    whole = await walk(get, 100, backwards=False)
    assert len(whole) >= 6
    assert asked.is_in_order([edge["node"] for edge in whole], order)
    assert len({edge["cursor"] for edge in whole}) == len(whole)
    for size, backwards in ((100, True), (3, False), (3, True), (1, False), (1, True)):
        assert await walk(get, size, backwards=backwards) == whole


async def test_every_connection_of_the_schema_is_paged_through_here() -> None:
    kinds = [kind for kind in build_schema().type_map.values() if isinstance(kind, GraphQLObjectType)]
    fields = [(f"{kind.name}.{name}", field) for kind in kinds for name, field in kind.fields.items()]
    found = {name for name, field in fields if get_named_type(field.type).name.endswith("Connection")}
    assert found == {each.name for each in LISTS}


async def values(page: Page, asked: List, order: str, role: str) -> dict[str, Any]:
    """Return what somebody sees of what a list is ordered by, by id."""
    edges = (await page(asked, order, role)(first=100))["edges"]
    return {edge["node"]["id"]: shown(edge["node"], SORTED[order][0]) for edge in edges}


@pytest.mark.parametrize("asked", [LEARNERS, COURSE], ids=["learners", "enrollments"])
async def test_there_are_nulls_ties_and_hidden_values_in_what_is_paged_through(page: Page, asked: List) -> None:
    for order in asked.orders[1:]:
        every = await values(page, asked, order, "privacy")
        known = [value for value in every.values() if value is not None]
        assert len(known) - len(set(known)) >= 2, order
        assert len(every) - len(known) >= 2, order
        hidden = 0
        for role in asked.roles[1:]:
            seen = await values(page, asked, order, role)
            hidden += sum(value is None and every[key] is not None for key, value in seen.items())
        # Of whose enrolment is seen the name is seen too.
        assert hidden >= 3 or order == "LEARNER_NAME_ASC", order


@pytest.mark.parametrize(("order", "role"), [("PROGRESS_DESC", "privacy"), ("LAST_ACTIVITY_DESC", "instructor")])
async def test_any_two_cursors_enclose_what_lies_between_them(page: Page, order: str, role: str) -> None:
    get = page(COURSE, order, role)
    edges = (await get(first=100))["edges"]
    cursors = [None, *(edge["cursor"] for edge in edges)]
    rng = random.Random(order)
    for start, end in product(range(len(cursors)), repeat=2):
        size, backwards = rng.choice((1, 2, 3, 100)), rng.random() < 0.5
        low, high = start, end - 1 if end else len(edges)
        high = max(low, high)
        low, high = (max(low, high - size), high) if backwards else (low, min(high, low + size))
        got = await get(**{"last" if backwards else "first": size}, after=cursors[start], before=cursors[end])
        assert got["edges"] == edges[low:high]
        info = got["pageInfo"]
        # A cursor is the place of a row, which lies beyond the page itself.
        assert info["hasPreviousPage"] is (start > 0 or low > 0)
        assert info["hasNextPage"] is (end > 0 or high < len(edges))


async def test_a_cursor_is_the_same_each_time_and_tells_nothing_of_its_row(page: Page) -> None:
    get = page(LEARNERS, "NAME_ASC", "privacy")
    edges, again = [(await get(first=50))["edges"] for _ in range(2)]
    assert edges == again
    for edge in edges:
        opened = base64.urlsafe_b64decode(edge["cursor"] + "=" * (-len(edge["cursor"]) % 4))
        key = base64.b64decode(edge["node"]["id"]).decode().partition(":")[2]
        for each in (key.encode(), bytes.fromhex(key.replace("-", "")), (edge["node"]["name"] or "no name").encode()):
            # A name of a letter or two is in anything.
            assert len(each) < 4 or (each not in opened and each not in edge["cursor"].encode())
