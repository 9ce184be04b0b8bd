"""A disk that fills while the server runs: nothing half written, a clear word, and all well again with space."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.people.model import person
from migrations.runner import upgrade
from tenants.connection import DatabaseSettings, DatabaseUnavailableError
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.embedded import EmbeddedServer
from tenants.ids import uuid7
from tenants.session import SystemTask, Task, in_tenant
from tests.support.keys import key_service


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Give a file system of 200 MB."""
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    folder.chmod(0o755)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m,mode=755", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        shutil.rmtree(folder)
        pytest.skip("mounting a small file system needs root, and a machine that lets it")
    yield folder
    subprocess.run(["umount", str(folder)], check=False)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def small_server(small_disk: Path) -> Iterator[EmbeddedServer]:
    """Give a server on it, kept alive as the commands keep theirs."""
    with EmbeddedServer.open(small_disk / "data", say=lambda _line: None) as server:
        server.keep(lambda _line: None)
        yield server


def fill(disk: Path) -> Path:
    """Leave no space on `disk`; return the file that takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"0" * 65536)
            file.flush()
    return ballast


async def test_a_full_disk_is_named_loses_nothing_and_is_survived(
    small_server: EmbeddedServer, small_disk: Path
) -> None:
    await upgrade(small_server.addresses.owner)
    database = Database(DatabaseSettings(small_server.addresses.application, open_limit=20), key_service())
    task = SystemTask(Task.IMPORT, await ensure_tenant(database, "northwind", "Northwind Academy"))
    written, refused = 0, ""

    async def write() -> None:
        nonlocal written
        rows = [{"id": uuid7(), "learning_goals": os.urandom(1500).hex()} for _ in range(500)]
        async with database.writing(task) as session:
            await session.insert(person, rows)
        written += len(rows)

    async def counted() -> int:
        async with database.reading(task) as session:
            row = await session.first(select(func.count()).select_from(person).where(in_tenant(person)))
        assert row is not None
        return int(row[0])

    try:
        await write()
        ballast = fill(small_disk)
        for _ in range(60):
            try:
                await write()
            except DatabaseUnavailableError as error:
                refused = str(error)
                break
        assert refused in (
            "The database's disk is full: free some space.",
            # The log of changes itself had no room left: then PostgreSQL ends itself rather than lose any.
            "The database does not answer: check that it runs and that its address is right.",
        )
        ballast.unlink()
        for _ in range(100):
            try:
                assert await counted() == written
                break
            except DatabaseUnavailableError:
                await asyncio.sleep(0.2)
        await write()
        assert await counted() == written
    finally:
        await database.close()
