"""The program as a process that may be killed at any moment, and is started again."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.api.commands.programs import clean_environment
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import trail_beside
from tests.tenants.embedded.helpers import HANG, gone, until

CHECKOUT = Path(__file__).parents[2]


@dataclass
class Served:
    """A server's process, the latest of several, each on the same port of its own."""

    launcher: subprocess.Popen[str]
    address: str
    log: Path
    number: int = 0

    async def start(self) -> None:
        """Start it, and return when it serves."""
        assert self.launcher.stdin is not None
        assert self.launcher.stdout is not None
        self.launcher.stdin.write("start\n")
        self.launcher.stdin.flush()
        said = self.launcher.stdout.readline()
        assert said, self.log.read_text()
        self.number = int(said)
        async with asyncio.timeout(HANG), httpx2.AsyncClient() as client:
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    if (await client.get(f"{self.address}/healthz")).status_code == 200:
                        return
                assert not gone(self.number), self.log.read_text()
                await asyncio.sleep(0.01)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it by a signal; return when it is gone."""
        os.kill(self.number, number)
        until(lambda: gone(self.number))


@contextmanager
def serving(variant: str, database_url: str, key_file: Path, log: Path) -> Iterator[Served]:
    """Give the program (`honest`), or one with a fault (`hasty`), to be started."""
    port = _free_port()
    environment = clean_environment(
        PYTHONPATH=str(CHECKOUT),
        DATABASE_URL=database_url,
        SEXTRONTGEN_TOKEN_KEYS=str(key_file),
        SEXTRONTGEN_MASTER_KEYS=MASTER_KEYS,
        **{f"SEXTRONTGEN_{name.upper()}": str(path) for name, path in trail_beside(key_file).items()},
        SEXTRONTGEN_PORT=str(port),
    )
    command = [sys.executable, "-m", "tests.trail.program", variant]
    with log.open("w") as errors:
        launcher = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield Served(launcher, f"http://127.0.0.1:{port}", log)
    finally:
        launcher.communicate(timeout=HANG)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
