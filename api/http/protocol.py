"""HTTP/1.1 as uvicorn speaks it, with bounds that it has not: how much and how long a request's head may be.

What an application bounds begins with the body. Before it, uvicorn and its parser keep every byte of the request line
and of the headers for as long as a client sends them.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_AROUND_BODY = 64 * 1024
"""Bytes of one request that are not its body: request line, headers, the frames of chunks, trailers."""

HEAD_SECONDS = 10.0
"""How long a head may take, from the connection or its first byte on."""

_REFUSED = "Invalid HTTP request received."


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    _around = 0
    _body = 0
    _is_whole = True
    _began = False
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin a connection; who says nothing on it is not waited for."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; refuse the request when too many of them are no body."""
        self._body, self._began = 0, False
        super().data_received(data)
        # How much of these bytes is an earlier request's nobody says: the count begins with the next ones.
        self._around = 0 if self._is_whole or self._began else self._around + len(data) - self._body
        if self._around > MOST_AROUND_BODY and not self.transport.is_closing():
            self.logger.warning(_REFUSED)
            self.send_400_response(_REFUSED)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_whole, self._began = False, True
        self._watch()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin its body."""
        self._unwatch()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of its body."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._is_whole = True
        super().on_message_complete()

    def _watch(self) -> None:
        self._unwatch()
        self._clock = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _unwatch(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
