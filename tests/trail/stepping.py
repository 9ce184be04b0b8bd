"""A request before the application in this process, meddled with at one of the points where it waits."""

import asyncio
import contextlib
import json
import types
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

from tenants.ids import uuid7

Meddle = Callable[["Request", asyncio.Future[Any] | None], None]
"""Is called when the request comes to wait for a future; None when it only lets others go first."""


class ClientGoneError(OSError):
    """What a server raises where something is sent to a client that is gone."""


@dataclass
class Request:
    """A request, and what came of it."""

    body: bytes
    headers: dict[str, str]
    at: int
    """The point at which it is meddled with: 1 is the first where it waits."""
    meddle: Meddle
    id: str = field(default_factory=lambda: uuid7().hex)
    gone: bool = False
    """The client is gone: what is sent from now on reaches nobody."""
    points: int = 0
    """How often it has waited so far."""
    status: int | None = None
    sent: bytes = b""
    """What has reached the client."""
    task: asyncio.Task[None] | None = None
    _pieces: list[bytes] = field(default_factory=list)

    async def run(self, app: ASGIApp) -> None:
        """Let `app` answer it, to its end."""
        half = len(self.body) // 2
        self._pieces = [self.body[half:], self.body[:half]]
        self.task = asyncio.create_task(self._stepped(app(self._scope(), self._receive, self._send)))  # type: ignore[arg-type] # an application is a coroutine function
        with contextlib.suppress(asyncio.CancelledError, ClientGoneError):
            await self.task

    def cancel(self) -> None:
        """End the task that answers it."""
        assert self.task is not None
        self.task.cancel()

    async def _stepped(self, coroutine: Coroutine[Any, Any, None]) -> None:
        await self._steps(coroutine)

    @types.coroutine
    def _steps(self, coroutine: Coroutine[Any, Any, None]) -> Generator[Any, None, None]:
        error: BaseException | None = None
        while True:
            try:
                waited_for = coroutine.send(None) if error is None else coroutine.throw(error)
            except StopIteration:
                return
            self.points += 1
            if self.points == self.at:
                self.meddle(self, waited_for)
            try:
                yield waited_for
                error = None
            except BaseException as caught:
                error = caught

    async def _receive(self) -> Message:
        await asyncio.sleep(0)
        if self.gone:
            return {"type": "http.disconnect"}
        assert self._pieces, "nothing of the body is left, and the client is there"
        piece = self._pieces.pop()
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}

    async def _send(self, message: Message) -> None:
        await asyncio.sleep(0)
        if self.gone:
            raise ClientGoneError
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.sent += message.get("body", b"")

    def _scope(self) -> dict[str, Any]:
        headers = {"host": "test", "content-type": "application/json", "x-request-id": self.id, **self.headers}
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 4711),
            "server": ("test", 80),
            "state": {},
        }


def request(token: str, query: str, variables: dict[str, object], at: int, meddle: Meddle) -> Request:
    """Return a request of the token's owner that is meddled with at a point."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    return Request(body, {"authorization": f"Bearer {token}"}, at, meddle)


def cancelled(it: Request, _waited_for: asyncio.Future[Any] | None) -> None:
    """End the request while it waits."""
    it.cancel()


def cancelled_too_late(it: Request, waited_for: asyncio.Future[Any] | None) -> None:
    """End the request when what it waited for has come, and before it learns of it."""
    if waited_for is None:
        it.cancel()
    else:
        # The task adds its own call-back after this one.
        waited_for.add_done_callback(lambda _: it.cancel())


def left(it: Request, _waited_for: asyncio.Future[Any] | None) -> None:
    """Let the client be gone, as a server tells it."""
    it.gone = True
