"""A request that ends at any point where it waits: what was sent or changed is on record, and nothing leaks."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import asyncpg
import pytest

from domain.accounts.tokens import Tokens
from tests.api.door import Door
from tests.support.cluster import Urls
from tests.trail.scene import CANARIES, NEW_TITLE, READ, WRITE, Scene, scene_on
from tests.trail.stepping import Meddle, Request, cancelled, cancelled_too_late, left, request

CONNECTIONS = 2
HANG = 30.0  # seconds
WAYS: Mapping[str, Meddle] = {"cancelled": cancelled, "cancelled too late": cancelled_too_late, "left": left}

_BUSY = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""
_STANDS = """SELECT (SELECT count(*) FROM access_event WHERE request_id = $1) AS events,
    (SELECT count(*) FROM change_event WHERE request_id = $1) AS changes,
    (SELECT title FROM person WHERE id = $2) AS title"""


@pytest.fixture
async def door(urls: Urls) -> AsyncIterator[Door]:
    """Give a door before the test's database."""
    made = Door(urls.application)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def narrow(urls: Urls, door: Door, key_file: Path, issuer: Tokens) -> AsyncIterator[Scene]:
    """Give a scene whose application has two connections, through the door."""
    async with scene_on(urls, key_file, issuer, database_url=door.url, pool_size=CONNECTIONS) as opened:
        assert await opened.is_well()
        yield opened


async def is_whole(scene: Scene, hand: asyncpg.Connection) -> bool:
    """Tell whether every connection serves, and none is left inside a transaction."""
    replies = await asyncio.gather(*(scene.ask() for _ in range(CONNECTIONS)))
    async with asyncio.timeout(HANG):
        while True:
            if not await hand.fetchval(_BUSY):
                return all(reply.is_answered() for reply in replies)
            await asyncio.sleep(0.01)


async def outcome(scene: Scene, hand: asyncpg.Connection, it: Request, title: str | None) -> str:
    """Return what came of a request; fail where something was sent or changed, and is not on record."""
    stands = await hand.fetchrow(_STANDS, it.id, scene.person_id)
    told = [value for value in (*CANARIES.values(), NEW_TITLE) if value.encode() in it.sent]
    assert it.status in (None, 200, 503), it.points
    assert not told or it.status == 200, it.points
    assert stands["events"] == 1 or it.status != 200, it.points
    if title is not None:
        assert (stands["title"] == title) == stands["changes"] == stands["events"], it.points
    return "answered" if told else "recorded" if stands["events"] else "nothing"


async def every_point(scene: Scene, query: str, meddle: Meddle, before: Callable[[], None] = lambda: None) -> set[str]:
    """Meddle with a request at one point after the other, the last of which it does not reach; return what came."""
    became = set[str]()
    async with scene.hand() as hand:
        for point in itertools.count(1):
            title = f"{NEW_TITLE} {point}" if query == WRITE else None
            before()
            await asyncio.sleep(0.01)  # until the application's connections learn of it
            it = request(scene.token, query, {} if title is None else {"title": title}, point, meddle)
            await it.run(scene.app)
            assert await is_whole(scene, hand), point
            became.add(await outcome(scene, hand, it, title))
            if it.points < point:
                break
    # Its body, its transaction's begin and end, who asks, what is read, the event, the answer.
    assert point >= 10
    return became


@pytest.mark.parametrize("query", [READ, WRITE], ids=["read", "change"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_request_that_ends_where_it_waits_is_on_record_or_has_sent_nothing(
    narrow: Scene, query: str, way: str
) -> None:
    assert await every_point(narrow, query, WAYS[way]) == {"nothing", "recorded", "answered"}


@pytest.mark.parametrize("way", ["cancelled", "cancelled too late"])
async def test_a_request_that_ends_while_its_connection_is_made_loses_none(narrow: Scene, door: Door, way: str) -> None:
    assert await every_point(narrow, READ, WAYS[way], door.cut) == {"nothing", "recorded", "answered"}


@pytest.mark.parametrize("query", [READ, WRITE], ids=["read", "change"])
async def test_a_request_that_loses_the_database_where_it_waits_is_on_record_or_refused(
    narrow: Scene, door: Door, query: str
) -> None:
    """One that did not hear of its commit is refused, and may be on record."""
    became = await every_point(narrow, query, lambda _request, _waited_for: door.cut())
    assert {"nothing", "answered"} <= became
