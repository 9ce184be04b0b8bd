"""Asks the server what the oracle is asked, and returns where they differ."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from graphql import get_operation_ast, parse

from tests.oracle.answer import expect
from tests.oracle.capacities import OracleViewer
from tests.oracle.compare import answer_differences, event_differences, report
from tests.oracle.judge import SHIPPED
from tests.oracle.policy import Policy
from tests.oracle.world import World, plain

FetchEvent = Callable[[str], Awaitable[Mapping[str, Any] | None]]
"""Returns the row of `access_event` of a request, by its `request_id`; None when there is none."""

_MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Asking:
    """One viewer in front of the server at the client's `/graphql`, and the world that the answers must agree with.

    The cursors of every answer are added to `viewer.cursors`, so that a later document may go on from them.
    """

    client: httpx2.AsyncClient
    token: str
    viewer: OracleViewer
    world: World
    fetch_event: FetchEvent
    policy: Policy = SHIPPED
    """The lines that the server decides by."""
    rules: Counter[str | None] = field(default_factory=Counter, compare=False)
    """How often the errors expected so far name which line."""
    reasons: Counter[str] = field(default_factory=Counter, compare=False)
    """How often cells were denied so far for which reason."""

    def headers(self) -> dict[str, str]:
        """Return what a request of this viewer begins with."""
        return {"authorization": f"Bearer {self.token}", "accept": "application/graphql-response+json"}

    async def check(self, document: str, variables: dict[str, Any]) -> list[str]:
        """Return the differences of one answer and its record: one report, or nothing when all is equal."""
        _, found = await self._ask(document, variables)
        return [report(document, variables, self.viewer, found)] if found else []

    async def check_pages(
        self, document: str, path: tuple[str, ...], variables: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Go through the connection at `path` to its end; return the differences of the first page that has some.

        `document` takes `$after: String` and selects `pageInfo { hasNextPage endCursor }`; to go backwards, `$before`
        and `pageInfo { hasPreviousPage startCursor }`.
        """
        forwards = ("hasNextPage", "endCursor", "after")
        more, edge, argument = ("hasPreviousPage", "startCursor", "before") if "$before" in document else forwards
        sent = dict(variables or {})
        for _ in range(_MOST_PAGES):
            answer, found = await self._ask(document, sent)
            if found:
                return [report(document, sent, self.viewer, found)]
            page: Any = answer["data"]
            for step in path:
                page = page[step] if page is not None else None
            if page is None or not page["pageInfo"][more]:
                return []
            sent[argument] = page["pageInfo"][edge]
        return [report(document, sent, self.viewer, [f"more than {_MOST_PAGES} pages"])]

    async def _ask(self, document: str, variables: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        expected = expect(self.world, self.viewer, document, variables, policy=self.policy)
        self.rules.update(error["extensions"].get("rule") for error in expected.errors if "message" in error)
        self.reasons.update(reason for _, reason, _ in expected.denials)
        request_id = secrets.token_hex(16)
        headers = {**self.headers(), "x-request-id": request_id}
        asked = {"query": document, "variables": variables}
        response = await self.client.post("/graphql", json=asked, headers=headers)
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            return {}, [f"HTTP {response.status_code}, and no JSON"]
        found = answer_differences(expected, answer, self.viewer)
        # What cannot be used may be refused before anything is executed.
        if response.status_code not in ((200,) if expected.data is not None else (200, 400)):
            found.insert(0, f"HTTP {response.status_code}")
        event = await self.fetch_event(request_id)
        if event is not None:
            event = plain(event)
            # What comes later finds it on the trail.
            self.world.trail.add(event)
        return answer, found + event_differences(expected, event, _facts(self.viewer, document))


def _facts(viewer: OracleViewer, document: str) -> dict[str, Any]:
    """Return what a record says of a request, whatever was answered."""
    operation = get_operation_ast(parse(document))
    assert operation is not None
    return {
        "actor_id": viewer.person_id,
        "roles": list(viewer.roles),
        "case_id": viewer.case_id,
        "operation": operation.name.value if operation.name else None,
        "document_hash": hashlib.sha256(document.encode()).hexdigest(),
    }


async def check(  # noqa: PLR0917 # a request and all that it is judged by
    client: httpx2.AsyncClient,
    token: str,
    viewer: OracleViewer,
    world: World,
    document: str,
    variables: dict[str, Any],
    fetch_event: FetchEvent,
) -> list[str]:
    """Ask once; return the differences, one report in all, none when answer and record are equal."""
    return await Asking(client, token, viewer, world, fetch_event).check(document, variables)
