"""What recording and sealing cost: `python -m benchmarks.recording [--rounds 10]`.

The product as shipped and the same without its record, on one database, in turns: an instructor's page of 100, asked at
a fixed rate below saturation (latency), and by 16 connections as fast as they are answered (throughput). The sealer of
the first has to keep up.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from api.commands.store import Store
from api.commands.terminal import progress, say
from benchmarks.check import check
from benchmarks.compare import reached
from benchmarks.errors import CompareError
from benchmarks.load import Load, find_wrk
from benchmarks.processes import Server, servers
from benchmarks.processors import pin, share_out
from benchmarks.scenarios import SCENARIOS
from benchmarks.store import development_store, scratch
from benchmarks.tenant import prepare

NAMES = ("unrecorded", "ours")


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests at a fixed rate: how many a second, for how long, over at most so many connections."""

    per_second: int
    seconds: int
    connections: int = 32

    async def latencies(self, url: str, request: bytes) -> list[float]:
        """Return how long each answer took from when its request was due, in seconds. Raises `CompareError`."""
        free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        port = urlsplit(url).port
        for _ in range(self.connections):
            free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
        begun, took = time.perf_counter(), list[float]()

        async def ask(due: float) -> None:
            reader, writer = await free.get()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200"):
                raise CompareError(f"An answer was {head[:20]!r}.")
            took.append(time.perf_counter() - due)
            free.put_nowait((reader, writer))

        async with asyncio.TaskGroup() as asking:
            for number in range(self.per_second * self.seconds):
                due = begun + number / self.per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                asking.create_task(ask(due))
        while not free.empty():
            free.get_nowait()[1].close()
        return took


def main() -> None:
    """Measure and print."""
    options = _options()
    with scratch() as folder, development_store(options.data) as store:
        _measure(store, folder, options)


def _measure(store: Store, folder: Path, options: argparse.Namespace) -> None:
    processors = share_out()
    with progress() as drawn:
        ground = prepare(store, options.oulad, drawn)
    pin(processors.client)
    load = Load(folder, ground.token, find_wrk())
    scenario = next(each for each in SCENARIOS if each.name == "roster")
    with servers(NAMES, ground.as_json() | reached(store, processors), folder) as running:
        body = scenario.body(ground)
        answers, failures = check(scenario, running, body, ground.token)
        if failures:
            raise CompareError(failures[0])
        late: dict[str, list[float]] = {name: [] for name in NAMES}
        fast: dict[str, list[float]] = {name: [] for name in NAMES}
        for _ in range(options.rounds):
            for server in running:
                request = _request(server, body, ground.token)
                found = asyncio.run(Rate(options.rate, options.seconds).latencies(server.url, request))
                late[server.name].append(median(found))
                sample = load.run(server, body, answers[server].length, 16, options.seconds)
                fast[server.name].append(sample.requests_per_second)
    more = median(ours - bare for bare, ours in zip(late["unrecorded"], late["ours"], strict=True))
    times = median(ours / bare for bare, ours in zip(fast["unrecorded"], fast["ours"], strict=True))
    for name in NAMES:
        latency, throughput = median(late[name]) * 1e3, median(fast[name])
        say(f"{name}: p50 {latency:.2f} ms at {options.rate}/s; {throughput:.0f}/s with 16 connections")
    say(f"recording costs {more * 1e3:.2f} ms (p50, median of the rounds); throughput {times:.3f} times the unrecorded")


def _request(server: Server, body: bytes, token: str) -> bytes:
    parts = urlsplit(server.url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    return head.encode() + body


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.recording", description="What recording costs a page")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=4, help="of each turn")
    parser.add_argument("--rate", type=int, default=40, help="requests a second, below saturation")
    parser.add_argument(
        "--oulad", type=Path, default=Path("none"), help="folder of the OULAD files, where there is one"
    )
    parser.add_argument("--data", type=Path, help="folder of an embedded database, left out: a new one")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except CompareError as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(130)
