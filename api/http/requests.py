"""Around every request: an id, a line in the log, a bound on time, and an answer even to a mistake of ours."""

import asyncio
import re
import time
from uuid import uuid4

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.answers import failed

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class Requests:
    """Pure ASGI: Starlette's BaseHTTPMiddleware breaks context variables and cancellation."""

    def __init__(self, app: ASGIApp, time_limit: float) -> None:
        self._app = app
        self._time_limit = time_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connection pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _completed(message.get("headers", []), request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            try:
                async with asyncio.timeout(self._time_limit):
                    await self._app(scope, receive, send_with_headers)
            except ClientDisconnect:
                log.info("the client went away")
            except Exception:
                log.exception("a request failed")
                if status:
                    raise
                await failed(Request(scope), request_id)(scope, receive, send_with_headers)
            finally:
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                # What a client made up itself is no method and stays out of the log.
                method = scope["method"] if scope["method"] in _METHODS else "OTHER"
                log.info("request", method=method, status=status, milliseconds=milliseconds)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value.decode("ascii"))
    return uuid4().hex


def _completed(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    there = {name.lower() for name, _ in headers}
    added = [(name, value) for name, value in _HEADERS if name not in there]
    return [*headers, *added, (b"x-request-id", request_id.encode())]
