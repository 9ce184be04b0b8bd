"""The driver asks over HTTP, compares answer and record, and goes on by the cursors that it was told."""

import hashlib
import json
from typing import Any
from uuid import UUID

import httpx2

from tests.oracle.answer import expect
from tests.oracle.capacities import Cursor
from tests.oracle.drive import Asking, check
from tests.oracle.events import event
from tests.oracle.ledger import Expected
from tests.oracle.small import EVE, NOW, TABLES, viewer
from tests.oracle.test_compare import recorded
from tests.oracle.world import World

PAGE = """
    query ($after: String, $before: String) { learners(SIZE: 2, after: $after, before: $before, orderBy: NAME_DESC) {
        nodes { name email } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } }
"""


def row(number: int, expected: Expected, document: str) -> dict[str, Any]:
    """Return the row that a server writes of a request of Eve's; `number` tells it from others."""
    facts = event(UUID(int=number), EVE, " ".join(viewer(EVE).roles), "SEAT_MANAGEMENT", {}, [])
    hashed = hashlib.sha256(document.encode()).hexdigest()
    return facts | recorded(expected) | {"document_hash": hashed, "operation": None, "at": NOW}


class Server:
    """A server that is right, unless it is told to be wrong."""

    def __init__(self) -> None:
        self.asks = viewer(EVE)
        self.world = World(TABLES, NOW)
        self.events: dict[str, dict[str, Any]] = {}
        self.requests = 0
        self.wrong_from = 100

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the oracle does."""
        assert request.headers["authorization"] == "Bearer token"
        self.requests += 1
        asked = json.loads(request.content)
        expected = expect(self.world, self.asks, asked["query"], asked["variables"])
        if expected.recorded:
            self.events[request.headers["x-request-id"]] = row(810 + self.requests, expected, asked["query"])
        errors = [{"message": "No.", **error} for error in expected.errors]
        body = {"data": expected.data, "errors": [] if self.requests >= self.wrong_from else errors}
        text = json.dumps(body, default=self._seal)
        return httpx2.Response(200, text=text)

    async def event(self, request_id: str) -> dict[str, Any] | None:
        """Return what was recorded of a request."""
        return self.events.get(request_id)

    def client(self) -> httpx2.AsyncClient:
        """Return a client of this server."""
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer), base_url="http://server")

    def _seal(self, value: object) -> str:
        assert isinstance(value, Cursor)
        text = f"{value.place}/{value.row.key}"
        self.asks.cursors[text] = value
        return text


async def test_a_list_is_read_to_its_end_in_both_directions() -> None:
    server = Server()
    async with server.client() as client:
        asking = Asking(client, "token", viewer(EVE), World(TABLES, NOW), server.event)
        forwards = PAGE.replace("SIZE", "first").replace(", $before: String", "").replace(", before: $before", "")
        assert await asking.check_pages(forwards, ("learners",)) == []
        # Nine members, two on a page.
        assert server.requests == 5
        backwards = PAGE.replace("SIZE", "last").replace("$after: String, ", "").replace("after: $after, ", "")
        assert await asking.check_pages(backwards, ("learners",)) == []
        assert server.requests == 10


async def test_a_difference_on_a_later_page_is_reported() -> None:
    server = Server()
    server.wrong_from = 2
    async with server.client() as client:
        asking = Asking(client, "token", viewer(EVE), World(TABLES, NOW), server.event)
        forwards = PAGE.replace("SIZE", "first").replace(", $before: String", "").replace(", before: $before", "")
        (found,) = await asking.check_pages(forwards, ("learners",))
    assert "expected 2 errors, got 0" in found
    assert "query ($after: String)" in found


async def test_one_answer_is_checked_with_its_record() -> None:
    server, document = Server(), "{ learners { nodes { email } } }"
    async with server.client() as client:
        world = World(TABLES, NOW)
        assert await check(client, "token", viewer(EVE), world, document, {}, server.event) == []
        assert len(world.trail.events) == 1

        async def lost(_: str) -> None:
            return None

        (found,) = await check(client, "token", viewer(EVE), World(TABLES, NOW), document, {}, lost)
    assert "no event" in found
