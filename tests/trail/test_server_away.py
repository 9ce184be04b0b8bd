"""A server that is frozen, gone, waits or has no space: no value leaves, and all is well when it is back."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from domain.accounts.tokens import Tokens
from tests.support.disks import fill, small_disk
from tests.tenants.embedded.helpers import HANG
from tests.trail.own_server import OwnServer, own_server
from tests.trail.scene import CANARIES, Reply, Scene, scene_on

_PARTS = "SELECT relid::regclass::text FROM pg_partition_tree('access_event') WHERE isleaf"

CROWD = 24
"""More than the application has connections."""


async def refused(scene: Scene) -> bool:
    """Tell whether a read, a change and a crowd that comes with them are refused."""
    replies = await asyncio.gather(scene.ask(), scene.write(), *(scene.ask() for _ in range(CROWD)))
    return all(map(Reply.is_refused, replies))


async def test_a_server_that_is_frozen_is_not_waited_for(alone: OwnServer, scene_alone: Scene) -> None:
    alone.send(signal.SIGSTOP)
    try:
        assert await refused(scene_alone)
        assert (await scene_alone.ask()).is_refused()
        assert (await scene_alone.write()).is_refused()
    finally:
        alone.send(signal.SIGCONT)
    assert await scene_alone.recovers()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGQUIT, signal.SIGINT], ids=["killed", "cut", "shut down"])
async def test_a_server_that_is_gone_is_used_again_when_it_is_back(
    alone: OwnServer, scene_alone: Scene, end: signal.Signals
) -> None:
    alone.end(end)
    assert await refused(scene_alone)
    assert (await scene_alone.ask()).is_refused()
    assert (await scene_alone.write()).is_refused()
    alone.server.keep(lambda _line: None)
    assert await scene_alone.recovers()
    assert await scene_alone.title() == CANARIES["title"]


async def test_a_commit_that_waits_for_a_standby_is_not_waited_for(alone: OwnServer, scene_alone: Scene) -> None:
    """What was refused may be on record then, and a change be made: it has been written, and not confirmed."""
    await alone.configure("synchronous_standby_names", "nobody")
    # Each leaves a process of the server's behind, more in all than the server has places.
    for _ in range(3):
        assert await refused(scene_alone)
    await alone.configure("synchronous_standby_names", None)
    assert await scene_alone.recovers()


@pytest.fixture
def disk() -> Iterator[Path]:
    """Give a file system of 6 MB."""
    with small_disk(6) as folder:
        yield folder


async def test_no_space_for_the_trail_s_table(disk: Path, alone: OwnServer, scene_alone: Scene) -> None:
    place = disk / "trail"
    place.mkdir()
    owner = alone.cluster.stat()
    os.chown(place, owner.st_uid, owner.st_gid)
    async with scene_alone.hand() as hand:
        await hand.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        for (part,) in await hand.fetch(
            "SELECT relid::regclass::text FROM pg_partition_tree('access_event') WHERE isleaf"
        ):
            await hand.execute(f"ALTER TABLE {part} SET TABLESPACE small")
        ballast = fill(disk)
        with pytest.raises(asyncpg.DiskFullError):
            await hand.execute("CREATE TABLE more TABLESPACE small AS SELECT generate_series(1, 1000000)")
    for _ in range(40):
        reply = await scene_alone.ask()
        if not reply.is_answered():
            break
        assert await scene_alone.is_recorded(reply)
    assert await refused(scene_alone)
    assert await scene_alone.title() == CANARIES["title"]
    ballast.unlink()
    assert await scene_alone.recovers()


@pytest.fixture
def on_disk() -> Iterator[tuple[OwnServer, Path]]:
    """Give a server that lies on a file system of 200 MB, kept alive as the commands keep theirs, and that."""
    with small_disk(200) as folder, own_server(folder / "data") as server:
        server.server.keep(lambda _line: None)
        yield server, folder


async def use_up_the_log(scene: Scene) -> None:
    """Write into PostgreSQL's log ahead until there is no space for more: it ends itself then."""
    async with asyncio.timeout(HANG), scene.hand() as hand:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            while True:
                await hand.execute("SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))")


async def test_a_full_disk(on_disk: tuple[OwnServer, Path], key_file: Path, issuer: Tokens) -> None:
    server, folder = on_disk
    async with scene_on(server.urls, key_file, issuer) as scene:
        assert await scene.is_well()
        ballast = fill(folder)
        await use_up_the_log(scene)
        for _ in range(3):
            assert await refused(scene)
        ballast.unlink()
        assert await scene.recovers()
        assert await scene.title() == CANARIES["title"]
