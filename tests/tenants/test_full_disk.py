"""A disk that fills while the server runs: nothing half written, a clear word, and all well again with space."""

import asyncio
import os
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
from tests.support.disks import fill, small_disk
from tests.support.keys import key_service


@pytest.fixture
def disk() -> Iterator[Path]:
    """Give a file system of 200 MB."""
    with small_disk(200) as folder:
        yield folder


@pytest.fixture
def small_server(disk: Path) -> Iterator[EmbeddedServer]:
    """Give a server on it, kept alive as the commands keep theirs."""
    with EmbeddedServer.open(disk / "data", say=lambda _line: None) as server:
        server.keep(lambda _line: None)
        yield server


async def test_a_full_disk_is_named_loses_nothing_and_is_survived(small_server: EmbeddedServer, disk: Path) -> None:
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
        ballast = fill(disk)
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
