"""What the tests of the embedded PostgreSQL share: a place for one server, another program, a question to a server."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tenants.embedded import EmbeddedServer
from tenants.embedded.holder import holder
from tenants.embedded.places import recorded_home

QUICK = {"fsync": "off", "shared_buffers": "8MB"}
CHECKOUT = Path(__file__).parents[3]
HANG = 60.0  # seconds
LINUX = sys.platform == "linux"
ROOT = os.geteuid() == 0

# Opens the server of a folder, says so, and stays until its standard input ends.
PROGRAM = """
import sys
from pathlib import Path
from tenants.embedded import EmbeddedServer, EmbeddedServerError
folder, base, death_signal = sys.argv[1:]
options = {"base": Path(base), "death_signal": death_signal == "yes"}
options |= {"settings": {"fsync": "off", "shared_buffers": "8MB"}}
try:
    server = EmbeddedServer.open(Path(folder), say=lambda sentence: None, **options)
except EmbeddedServerError as error:
    print("error", error, flush=True)
    sys.exit(1)
print("owned" if server.owned else "shared", server.addresses.superuser, flush=True)
sys.stdin.read()
server.close()
"""


def ask(address: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own and return its rows."""

    async def rows() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(address, timeout=HANG)
        try:
            return [tuple(row) for row in await connection.fetch(statement, timeout=HANG)]
        finally:
            await connection.close(timeout=HANG)

    return asyncio.run(rows())


def until(condition: Callable[[], bool]) -> None:
    """Wait for `condition`; the limit only guards against a hang."""
    end = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def gone(number: int) -> bool:
    """Whether the process with this number has ended, be it that nobody has asked for its end yet."""
    if LINUX:
        try:
            return ") Z " in Path(f"/proc/{number}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
    shown = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()[:1] in ("", "Z")


def copy(template: Path, folder: Path) -> None:
    """Copy a folder with its owners and modes, and without its log."""
    subprocess.run(["cp", "-a", str(template), str(folder)], check=True)
    (folder / "postgres.log").unlink(missing_ok=True)


@dataclass
class Place:
    """A folder for one test's server, what is opened on it, and what it said."""

    folder: Path
    base: Path
    said: list[str] = field(default_factory=list)
    opened: list[EmbeddedServer] = field(default_factory=list)

    def open(self, **options: Any) -> EmbeddedServer:
        """Open a server on the folder; it is closed after the test."""
        defaults: dict[str, Any] = {"settings": QUICK, "base": self.base, "say": self.said.append}
        server = EmbeddedServer.open(self.folder, **defaults | options)
        self.opened.append(server)
        return server

    @property
    def cluster(self) -> Path:
        """Where PostgreSQL's data folder lies."""
        home = recorded_home(self.folder.resolve(), self.base)
        assert home is not None
        return home / "postgres"

    def postmaster(self) -> int:
        """Return the number of the PostgreSQL that serves the folder, 0 when there is none."""
        return holder(self.cluster)[1]

    def log(self) -> str:
        """Return the text of postgres.log."""
        return (self.folder / "postgres.log").read_text()

    def close(self) -> None:
        """Close all that was opened, the latest first."""
        for server in reversed(self.opened):
            server.close()


@dataclass
class Program:
    """Another program with the server open, until it is told to leave or is killed."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, place: Place, *, death_signal: bool = LINUX, **environment: str) -> "Program":
        """Start it on the folder of `place`."""
        command = [sys.executable, "-c", PROGRAM, str(place.folder), str(place.base), "yes" if death_signal else "no"]
        path = os.pathsep.join([str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = os.environ | {"PYTHONPATH": path} | environment
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment))

    def said(self) -> tuple[str, str]:
        """Wait for what it says once the server is open (or is not): a word, and the address or the error."""
        assert self.process.stdout is not None
        word, _, rest = self.process.stdout.readline().strip().partition(" ")
        return word, rest

    def leave(self) -> None:
        """Let it close its server and end."""
        self.process.communicate(timeout=HANG)

    def kill(self) -> None:
        """End it with a signal that it cannot notice."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=HANG)
