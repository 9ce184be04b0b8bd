"""A PostgreSQL of a test's own: to be frozen, killed and filled, never the run's."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from migrations.runner import upgrade
from tenants.embedded import EmbeddedServer
from tests.support.cluster import Urls
from tests.tenants.embedded.helpers import gone, until

QUICK = {"fsync": "off", "shared_buffers": "16MB"}


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server with the product's schema in its database."""

    server: EmbeddedServer
    folder: Path
    cluster: Path

    @property
    def urls(self) -> Urls:
        """Return the database's addresses."""
        found = self.server.addresses
        return Urls(found.superuser, found.owner, found.application)

    def postmaster(self) -> int:
        """Return the number of the server's first process."""
        return int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])

    def processes(self) -> list[int]:
        """Return the numbers of all its processes, the first one's first."""
        first = self.postmaster()
        shown = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        pairs = [tuple(map(int, line.split())) for line in shown.stdout.splitlines()]
        return [first, *(number for number, parent in pairs if parent == first)]

    def recoveries(self) -> int:
        """Return how often it has begun after an end that it could not prepare for."""
        return (self.folder / "postgres.log").read_text().count("automatic recovery in progress")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to every process."""
        for process in self.processes():
            os.kill(process, number)

    def end(self, number: signal.Signals) -> None:
        """End it by a signal: SIGKILL to all, another to the first process; return when that is gone."""
        first = self.postmaster()
        if number is signal.SIGKILL:
            self.send(number)
        else:
            os.kill(first, number)
        until(lambda: gone(first))

    async def configure(self, name: str, value: str | None) -> None:
        """Change a setting of the whole server, or put it back (None); it counts from now on."""
        connection = await asyncpg.connect(self.urls.superuser)
        try:
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'" if value else f"ALTER SYSTEM RESET {name}")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()


@contextmanager
def own_server(folder: Path, *, settings: dict[str, str] | None = None) -> Iterator[OwnServer]:
    """Give a server on `folder`, made and migrated if it is new."""
    opened = EmbeddedServer.open(folder, settings=QUICK if settings is None else settings, say=lambda _line: None)
    with opened as server:
        asyncio.run(upgrade(server.addresses.owner))
        yield OwnServer(server, folder, Path(asyncio.run(_data_folder(server.addresses.superuser))))


async def _data_folder(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SHOW data_directory"))
    finally:
        await connection.close()
