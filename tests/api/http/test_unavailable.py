"""A database that is away, stuck, full or slow: 503 in bounded time and no value, and all is well when it is back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette

import api.http.graphql
from tests.api.conftest import MakeApp, client_of
from tests.api.door import Door
from tests.api.people import People
from tests.api.traps import CANARY, hooks
from tests.support.cluster import Urls

VIEWER = "{ viewer { id tenant { id } } }"
HANG = 15.0  # seconds; far beyond what the settings here allow


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    """Give a door in front of the test's database."""
    made = Door(database_url)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def token(people: People) -> str:
    """Give a member's token."""
    return await people.sign_in(await people.member())


@pytest.fixture
async def behind(make_app: MakeApp, door: Door) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of an application behind the door, with two connections."""
    app = make_app(database_url=door.url, pool_size=2, statement_timeout=0.5, pool_wait=0.5, introspection=True)
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client
        await door.open()


@pytest.fixture(autouse=True)
def _no_hooks() -> Any:
    yield
    hooks.clear()


async def ask(client: httpx2.AsyncClient, token: str, query: str = VIEWER) -> httpx2.Response:
    async with asyncio.timeout(HANG):
        return await client.post("/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"})


async def is_well(client: httpx2.AsyncClient, token: str) -> bool:
    """Tell whether more requests than there are connections are answered at once."""
    answers = await asyncio.gather(*(ask(client, token) for _ in range(4)))
    return all(answer.status_code == 200 and "errors" not in answer.json() for answer in answers)


def is_unavailable(answer: httpx2.Response) -> bool:
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "1"
    (error,) = answer.json()["errors"]
    assert set(error) == {"message", "extensions"}
    assert error["extensions"] == {"code": "AUDIT_UNAVAILABLE"}
    assert "data" not in answer.json()
    assert CANARY not in answer.text
    return True


async def test_where_nobody_listens_nothing_is_answered_but_what_is_open(app: Starlette, token: str) -> None:
    async with client_of(app) as client:
        assert is_unavailable(await ask(client, token))
        answer = await client.post("/graphql", json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}


async def test_a_server_that_was_away_is_used_again_when_it_is_back(
    behind: httpx2.AsyncClient, door: Door, token: str
) -> None:
    assert await is_well(behind, token)
    door.shut()
    assert is_unavailable(await ask(behind, token))
    assert is_unavailable(await ask(behind, token))
    await door.open()
    assert await is_well(behind, token)


async def test_a_server_that_is_stuck_is_not_waited_for(behind: httpx2.AsyncClient, door: Door, token: str) -> None:
    assert await is_well(behind, token)
    door.stick()
    answers = await asyncio.gather(*(ask(behind, token) for _ in range(5)))
    assert all(map(is_unavailable, answers))
    await door.open()
    assert await is_well(behind, token)


async def test_a_server_that_is_stuck_from_the_first_connection_on_is_not_waited_for(
    make_app: MakeApp, door: Door, token: str
) -> None:
    app = make_app(database_url=door.url, pool_size=2, statement_timeout=0.5, pool_wait=0.5)
    door.stick()
    async with client_of(app) as client:
        assert all(map(is_unavailable, await asyncio.gather(*(ask(client, token) for _ in range(3)))))
        await door.open()
        assert await is_well(client, token)


@pytest.mark.parametrize("fault", [Door.stick, Door.cut, Door.shut])
async def test_a_fault_within_a_request_leaves_nothing_of_it(
    behind: httpx2.AsyncClient, door: Door, token: str, fault: Callable[[Door], None]
) -> None:
    async def fail() -> None:
        fault(door)

    hooks["hook"] = fail
    assert is_unavailable(await ask(behind, token, "{ viewer { id } hooked }"))
    await door.open()
    assert await is_well(behind, token)


@pytest.mark.parametrize("fault", [Door.stick, Door.cut, Door.shut, Door.dismiss])
async def test_what_was_read_does_not_leave_when_the_commit_fails(
    behind: httpx2.AsyncClient, door: Door, token: str, fault: Callable[[Door], None]
) -> None:
    async def fail() -> None:
        fault(door)
        await asyncio.sleep(0.05)  # until it has come to the driver

    hooks["hook"] = fail
    assert is_unavailable(await ask(behind, token, "{ viewer { id } hooked(read: false) }"))
    await door.open()
    assert await is_well(behind, token)


async def test_a_refusal_does_not_wait_for_a_server_that_is_stuck(
    behind: httpx2.AsyncClient, door: Door, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(*_given: object) -> None:
        door.stick()

    with monkeypatch.context() as patch:
        patch.setattr(api.http.graphql, "bearer_of", nobody)
        answer = await ask(behind, token)
    assert answer.status_code in (401, 503)
    await door.open()
    assert await is_well(behind, token)


async def test_connections_that_the_server_ended_are_replaced(
    behind: httpx2.AsyncClient, token: str, urls: Urls
) -> None:
    assert await is_well(behind, token)
    connection = await asyncpg.connect(urls.superuser)
    try:
        ended = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'sextrontgen' AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    assert ended
    answers = [(await ask(behind, token)).status_code for _ in range(3)]
    assert answers[-1] == 200
    assert set(answers) <= {200, 503}
    assert await is_well(behind, token)


async def test_when_every_connection_is_taken_the_next_request_is_told_so(
    behind: httpx2.AsyncClient, token: str
) -> None:
    taken, go = asyncio.Semaphore(0), asyncio.Event()

    async def hold() -> None:
        taken.release()
        await go.wait()

    hooks["hook"] = hold
    held = [asyncio.create_task(ask(behind, token, "{ hooked(read: false) }")) for _ in range(2)]
    async with asyncio.timeout(HANG):
        await taken.acquire()
        await taken.acquire()
    # The server ends transactions that idle longer than its limit, so the holders may be refused too.
    assert is_unavailable(await ask(behind, token))
    go.set()
    assert {answer.status_code for answer in await asyncio.gather(*held)} <= {200, 503}
    assert await is_well(behind, token)


async def test_a_locked_table_is_not_waited_for(behind: httpx2.AsyncClient, token: str, urls: Urls) -> None:
    assert await is_well(behind, token)
    connection = await asyncpg.connect(urls.superuser)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE session IN ACCESS EXCLUSIVE MODE")
            assert is_unavailable(await ask(behind, token))
    finally:
        await connection.close()
    assert await is_well(behind, token)


async def test_a_slow_statement_ends_the_request(behind: httpx2.AsyncClient, token: str) -> None:
    assert is_unavailable(await ask(behind, token, "{ viewer { id } sleeping }"))
    assert await is_well(behind, token)


async def test_a_mistake_in_a_statement_fails_the_whole_request(behind: httpx2.AsyncClient, token: str) -> None:
    answer = await ask(behind, token, "{ viewer { id } wrongStatement hooked: __typename }")
    assert answer.status_code == 500
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": answer.headers["x-request-id"]}
    assert "data" not in answer.json()
    assert CANARY not in answer.text
    assert await is_well(behind, token)


async def test_a_client_that_goes_away_gives_its_connection_back(
    make_app: MakeApp, database_url: str, token: str
) -> None:
    app = make_app(database_url=database_url, pool_size=1, statement_timeout=10, pool_wait=2)
    async with app.router.lifespan_context(app), client_of(app) as client:
        for query in ("{ sleeping }", "{ slow }"):
            gone = asyncio.create_task(ask(client, token, query))
            await asyncio.sleep(0.3)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            assert await is_well(client, token)


async def test_a_request_that_takes_too_long_is_ended_and_gives_its_connection_back(
    make_app: MakeApp, database_url: str, token: str
) -> None:
    app = make_app(database_url=database_url, pool_size=1, statement_timeout=10, pool_wait=2, request_timeout=0.5)
    async with app.router.lifespan_context(app), client_of(app) as client:
        for query in ("{ sleeping }", "{ slow }"):
            answer = await ask(client, token, query)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (500, "INTERNAL")
            assert (await ask(client, token)).status_code == 200


@pytest.mark.parametrize("state", ["full", "closed", "dropped", "another password"])
async def test_a_database_that_lets_nobody_in_is_unavailable(
    make_app: MakeApp, urls: Urls, token: str, state: str
) -> None:
    name = {"dropped": "no_such_database", "closed": "template0"}.get(state)
    url = urls.application
    if name:
        url = url.replace(url.partition("?")[0].rpartition("/")[2], name)
    if state == "another password":
        url = url.replace(url.partition("@")[0].rpartition(":")[2], "wrong")
    connection = await asyncpg.connect(urls.superuser)
    database = await connection.fetchval("SELECT current_database()")
    try:
        if state == "full":
            await connection.execute(f"ALTER DATABASE {database} CONNECTION LIMIT 0")
        async with client_of(make_app(database_url=url)) as client:
            assert is_unavailable(await ask(client, token))
    finally:
        await connection.execute(f"ALTER DATABASE {database} CONNECTION LIMIT -1")
        await connection.close()
