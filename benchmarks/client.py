"""A client for machines without wrk: `python -m benchmarks.client URL CONNECTIONS SECONDS BODY AUTHORIZATION`.

The last two name files. Each connection sends the same bytes again as soon as its answer is whole. Standard output
gets the line of JSON that `load.lua` writes, too.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop


class _Connection(asyncio.Protocol):
    """One connection: the parser calls `on_...`, the loop the others."""

    def __init__(self, request: bytes, end: float) -> None:
        self.times: list[float] = []
        self.bytes = 0
        self.failed = 0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._end = end
        self._begun = 0.0
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do what asyncio.Transport says, without being one.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed += exc is not None or time.perf_counter() < self._end
        self.closed.set_result(None)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.times.append(now - self._begun)
        self.failed += self._parser.get_status_code() != 200
        if now < self._end:
            self._send()
        elif self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        assert self._transport is not None
        self._begun = time.perf_counter()
        self._transport.write(self._request)


async def run(url: str, connections: int, seconds: float, request: bytes) -> dict[str, float]:
    """Send for `seconds` over `connections`; return requests, seconds, median in milliseconds, bytes, failures."""
    port = urlsplit(url).port or 80
    begun = time.perf_counter()
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda: _Connection(request, begun + seconds), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + 10):
        await asyncio.gather(*(each.closed for each in opened))
    times = [each for connection in opened for each in connection.times]
    return {
        "requests": len(times),
        "seconds": time.perf_counter() - begun,
        "p50_ms": median(times) * 1000,
        "bytes": sum(each.bytes for each in opened),
        "failed": sum(each.failed for each in opened),
    }


def main() -> None:
    """Measure, and print the line."""
    url, connections, seconds, body_file, authorization_file = sys.argv[1:]
    body = Path(body_file).read_bytes()
    head = (
        f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: {Path(authorization_file).read_text()}\r\n\r\n"
    )
    found = uvloop.run(run(url, int(connections), float(seconds), head.encode() + body))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
