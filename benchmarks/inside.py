"""The product's application in this process, asked without a network: for differences that a socket would drown."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Scope

from api.app import create_app
from api.commands.store import Store
from benchmarks.errors import CompareError


class Inside:
    """Asks one application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def ask(self, token: str, document: str, variables: Mapping[str, Any]) -> tuple[float, bytes]:
        """Return how long an answer took, in seconds, and its body. Raises `CompareError` unless it is a success."""
        request = orjson.dumps({"query": document, "variables": variables})
        said: list[Message] = []
        received = iter([{"type": "http.request", "body": request, "more_body": False}])

        async def receive() -> Message:
            if (message := next(received, None)) is not None:
                return message
            # Nobody goes away before the answer is whole.
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            said.append(message)

        begun = time.perf_counter()
        await self._app(_scope(token, len(request)), receive, send)
        took = time.perf_counter() - begun
        if said[0]["status"] != 200:
            raise CompareError(f"An answer has the status {said[0]['status']}.")
        return took, b"".join(message.get("body", b"") for message in said[1:])


@asynccontextmanager
async def serving(store: Store) -> AsyncIterator[Inside]:
    """Give the application on `store`, settled as the server's is."""
    app = create_app(store.settings, serving=True)
    async with app.router.lifespan_context(app):
        yield Inside(app)


def _scope(token: str, length: int) -> Scope:
    headers = {"host": "localhost", "content-type": "application/json", "authorization": f"Bearer {token}"}
    headers["content-length"] = str(length)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
