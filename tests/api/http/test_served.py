"""A real server on a real socket: what clients do to connections, what memory it takes, what its log holds."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.api.people import People
from tests.api.traps import CANARY
from tests.support.cluster import Urls
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import trail_beside

HANG = 60.0  # seconds
CHECKOUT = Path(__file__).parents[3]
LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Running:
    """A server process."""

    process: subprocess.Popen[str]
    address: str
    log_file: Path

    def connect(self) -> socket.socket:
        """Return a connection of our own."""
        parts = urlsplit(self.address)
        return socket.create_connection((parts.hostname, parts.port), timeout=HANG)

    def log(self) -> str:
        """Return everything the process has said."""
        return self.log_file.read_text()

    def lines(self) -> list[dict[str, object]]:
        """Return the log's lines, each of which is JSON."""
        return [json.loads(line) for line in self.log().splitlines()]

    def memory(self) -> int:
        """Return how much memory the process has held at most (bytes; Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.fixture(scope="module")
def running(urls: Urls, key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give a server with one connection to the database, so that one that is lost is missed."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CHECKOUT),
        "DATABASE_URL": urls.application,
        "SEXTRONTGEN_TOKEN_KEYS": str(key_file),
        "SEXTRONTGEN_MASTER_KEYS": MASTER_KEYS,
        **{f"SEXTRONTGEN_{name.upper()}": str(path) for name, path in trail_beside(key_file).items()},
        "SEXTRONTGEN_PORT": "0",
        "SEXTRONTGEN_POOL_SIZE": "1",
    }
    log_file = tmp_path_factory.mktemp("served") / "log"
    with log_file.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.api.program"],
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, log_file.read_text()
    yield Running(process, address, log_file)
    process.terminate()
    process.communicate(timeout=HANG)
    found = log_file.read_text()
    assert "Traceback" not in found
    assert CANARY not in found


@pytest.fixture
async def token(people: People) -> str:
    """Give a member's token."""
    return await people.sign_in(await people.member())


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def post(body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = ["POST /graphql HTTP/1.1", "Host: test", "Content-Type: application/json", *headers]
    if not any(header.lower().startswith("transfer-encoding") for header in headers):
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def read_all(connection: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(65536):
            found += data
    return found


def is_well(running: Running, token: str) -> bool:
    answer = httpx2.post(
        f"{running.address}/graphql",
        json={"query": "{ viewer { id } }"},
        headers={"authorization": f"Bearer {token}"},
        timeout=HANG,
    )
    return answer.status_code == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
async def test_fifty_megabytes_are_neither_read_nor_kept(running: Running, token: str, chunked: bool) -> None:
    assert is_well(running, token)
    before = running.memory() if LINUX else 0
    megabyte = b"x" * 1024 * 1024
    sent = 0
    with running.connect() as connection:
        header = "Transfer-Encoding: chunked" if chunked else "X-Nothing: x"
        connection.sendall(post(b"", header, length=50 * len(megabyte)))
        with contextlib.suppress(ConnectionError):
            for _ in range(50):
                connection.sendall(b"100000\r\n" + megabyte + b"\r\n" if chunked else megabyte)
                sent += len(megabyte)
        answer = read_all(connection)
    assert not answer or b" 413 " in answer.partition(b"\r\n")[0]
    assert sent < 50 * len(megabyte)
    if LINUX:
        assert running.memory() - before < 8 * len(megabyte)
    assert is_well(running, token)


async def test_the_answer_to_a_large_body_can_be_read(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(post(b"", length=50 * 1024 * 1024))
        answer = read_all(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 413 " in head.partition(b"\r\n")[0]
    assert b"connection: close" in head.lower()
    assert json.loads(body)["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "sent",
    [
        post(b'{"query": ', length=1000),
        post(b"", length=1000),
        post(b"5\r\nabc", "Transfer-Encoding: chunked"),
        b"POST /graphql HTTP/1.1\r\nHost: te",
        b"",
    ],
    ids=["in the body", "before the body", "in a chunk", "in the headers", "at once"],
)
async def test_a_client_that_goes_away_while_it_asks_leaves_no_trace(running: Running, token: str, sent: bytes) -> None:
    before = len(running.lines())
    with running.connect() as connection:
        connection.sendall(sent)
        await asyncio.sleep(0.1)
    assert is_well(running, token)
    # The line of a request is written after its answer has left.
    until(lambda: len(running.lines()) > before)
    assert {line["level"] for line in running.lines()[before:]} == {"info"}


async def test_a_client_that_goes_away_while_it_is_answered_leaves_no_trace_and_no_connection_taken(
    running: Running, token: str
) -> None:
    before = len(running.lines())
    body = json.dumps({"query": "{ viewer { id } slow(seconds: 0.4) long(characters: 3000000) }"}).encode()
    for _ in range(2):
        with running.connect() as connection:
            connection.sendall(post(body, f"Authorization: Bearer {token}"))
            await asyncio.sleep(0.1)
    with running.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(post(body, f"Authorization: Bearer {token}"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    until(lambda: len(running.lines()) >= before + 3)
    assert is_well(running, token)
    assert {line["level"] for line in running.lines()[before:]} == {"info"}


REQUESTS: dict[str, bytes] = {
    "no HTTP": b"canary-7f3a\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\n\r\n",
    "a made-up method": b"CANARY-7F3A /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\ncanary-7f3a\r\n\r\n",
    "a NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: canary-7f3a\0\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n canary-7f3a\r\n\r\n",
    "two lengths": b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": post(b"", length=-1),
    "a length in superscript": b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: \xb2\r\n\r\n",
    "a bad chunk": post(b"zz\r\n", "Transfer-Encoding: chunked"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
}


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS.keys())
async def test_what_is_no_http_is_refused_and_not_quoted(running: Running, token: str, sent: bytes) -> None:
    with running.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)
    assert not answer or answer.split()[1] in (b"400", b"404", b"405", b"415"), answer
    assert CANARY.encode() not in answer.lower()
    assert is_well(running, token)
    assert CANARY not in running.log().lower()


async def test_an_upgrade_is_not_made(running: Running, token: str) -> None:
    headers = ["GET /graphql HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket"]
    headers += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==", "", ""]
    with running.connect() as connection:
        connection.sendall("\r\n".join(headers).encode())
        connection.shutdown(socket.SHUT_WR)
        assert b" 101 " not in read_all(connection)
    assert is_well(running, token)


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: "


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("12345678", True),
        ("A.b_c-9" + "x" * 50, True),
        ("1234567", False),
        ("x" * 65, False),
        ("with a space", False),
        ("<script>alert</script>", False),
        ("canary-7f3a@example.org", False),
        ("r\xe9sum\xe9-r\xe9sum\xe9", False),
        ("12345678\tx", False),
    ],
)
async def test_a_request_id_is_echoed_where_it_is_harmless(running: Running, sent: str, echoed: bool) -> None:
    with running.connect() as connection:
        connection.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: "
            + sent.encode("latin-1")
            + b"\r\n\r\n"
        )
        head = read_all(connection).partition(b"\r\n\r\n")[0].decode("latin-1")
    found = [line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("x-request-id")]
    assert len(found) == 1
    assert (found[0] == sent) is echoed


async def test_a_request_id_cannot_end_its_header(running: Running) -> None:
    for ending in (b"\r\nSet-Cookie: canary=1", b"\nSet-Cookie: canary=1", b"%0d%0aSet-Cookie: canary=1"):
        with running.connect() as connection:
            connection.sendall(
                b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: 12345678"
                + ending
                + b"\r\n\r\n"
            )
            assert b"set-cookie" not in read_all(connection).lower()


async def test_what_a_client_sends_is_in_no_line_of_the_log(running: Running, people: People, token: str) -> None:
    before = len(running.lines())
    bearer = {"authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=running.address, timeout=HANG) as client:
        for headers in (
            {"authorization": f"Bearer {CANARY}.{CANARY}.{CANARY}"},
            {"authorization": f"Basic {CANARY}"},
            {**bearer, "user-agent": CANARY, "x-forwarded-for": CANARY, "cookie": CANARY, "referer": CANARY},
            {**bearer, "accept": CANARY, "content-encoding": CANARY, CANARY: CANARY},
        ):
            client.post("/graphql", json={"query": "{ viewer { id } }"}, headers=headers)
        for query in (
            f'{{ echo(number: "{CANARY}") }}',
            '{ boundValue(word: "canary-7f3a") }',
            "{ canary_7f3a }",
            "{ canary_7f3a: boom }",
            "{ canary_7f3a: refused canary: overflow x: nothing }",
            "query canary_7f3a { wrongStatement }",
            f"# {CANARY}\n{{ boomInside {{ boom }} }}",
            f"{{ viewer {{ id }} }} {CANARY}",
        ):
            client.post("/graphql", json={"query": query, "operationName": None}, headers=bearer)
        query = "query($n: Int!) { echo(number: $n) }"
        client.post("/graphql", json={"query": query, "variables": {"n": CANARY}}, headers=bearer)
        client.post("/graphql", json={"query": query, "operationName": CANARY}, headers=bearer)
        client.post("/graphql", content=CANARY.encode(), headers={**bearer, "content-type": CANARY})
        client.get(f"/{CANARY}?{CANARY}={CANARY}")
        client.get("/graphql", params={"query": CANARY, CANARY: CANARY})
        client.request("PUT", f"/graphql?{CANARY}")
    lines = running.lines()[before:]
    assert len(lines) >= 18
    text = json.dumps(lines).lower()
    assert CANARY not in text
    assert "canary_7f3a" not in text
    assert token not in text
    assert str(people.tenant_id) not in text
    assert {"method", "status", "milliseconds", "event", "request", "level", "timestamp"} == set(lines[0])
    assert [line for line in lines if line["level"] == "error"]


@pytest.mark.skipif(not LINUX, reason="memory is read from /proc")
@pytest.mark.parametrize("endless", [False, True], ids=["many", "one"])
@pytest.mark.parametrize(
    "start",
    [b"GET /healthz HTTP/1.1\r\nHost: x\r\n", post(b"0\r\n", "Transfer-Encoding: chunked")],
    ids=["before the body", "behind the body"],
)
async def test_headers_without_end_are_not_kept(running: Running, token: str, start: bytes, endless: bool) -> None:
    before = running.memory()
    line = b"x" * 8000 if endless else b"X-Filler: " + b"x" * 8000 + b"\r\n"
    with running.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(start)
        for _ in range(4000):
            connection.sendall(line)
    assert running.memory() - before < 8 * 1024 * 1024
    assert is_well(running, token)


@pytest.mark.parametrize("sent", [b"", b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"\r\n"])
async def test_a_head_that_does_not_come_is_not_waited_for(running: Running, token: str, sent: bytes) -> None:
    with running.connect() as connection:
        connection.sendall(sent)
        assert read_all(connection) == b""
    assert is_well(running, token)


async def test_a_connection_is_used_for_many_requests_and_for_several_at_once(running: Running) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 30_000 + b"\r\n"
    with running.connect() as connection:
        connection.sendall((head + b"\r\n") * 9 + head + b"Connection: close\r\n\r\n")
        assert read_all(connection).count(b'{"alive":true}') == 10


@pytest.mark.skipif(not LINUX, reason="memory is read from /proc")
async def test_an_address_without_end_is_not_kept(running: Running, token: str) -> None:
    before = running.memory()
    with running.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET /graphql?query=")
        for _ in range(4000):
            connection.sendall(b"x" * 8000)
    assert running.memory() - before < 8 * 1024 * 1024
    assert is_well(running, token)
