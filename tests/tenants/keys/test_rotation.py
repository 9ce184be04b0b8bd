"""New keys under load: nothing fails, nothing is lost, the old key opens nothing, and a killed rotation goes on."""

import asyncio
import base64
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tenants.keys.cells import KEY_BYTES
from tenants.keys.master import KeyFile, KeyText, LocalMasterKey, MasterKeyError
from tenants.keys.rotation import (
    RotationError,
    begin_in_file,
    masters_in_use,
    missing_masters,
    rotate_master,
    rotate_tenant,
)
from tenants.keys.service import KeyService
from tenants.secret_files import write_secret
from tests.support.cluster import Urls
from tests.support.sealing import MASTER_SECRET, ring_of
from tests.tenants.keys.keyed import Load, add_people, phones_of

PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.directory import all_tenants
from tenants.keys.master import KeyFile, LocalMasterKey
from tenants.keys.rotation import begin_in_file, rotate_master, rotate_tenant
from tenants.keys.service import KeyService

async def main():
    file = KeyFile(Path(sys.argv[2]))
    settings = DatabaseSettings(sys.argv[1], connect_timeout=30, open_limit=60)
    database = Database(settings, KeyService(LocalMasterKey(file)))
    tenants = list((await all_tenants(database)).values())
    print("ready", flush=True)
    begin_in_file(file, os.urandom(32))
    await rotate_master(database, LocalMasterKey(file), tenants, lambda done, total: None)
    file.keep_first()
    for tenant in tenants:
        await rotate_tenant(database, tenant, lambda done, total: None)
    await database.close()

asyncio.run(main())
"""


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    write_secret(tmp_path / "master-key", base64.b64encode(MASTER_SECRET))
    return KeyFile(tmp_path / "master-key")


Open = Callable[[], Database]


@pytest.fixture
async def opened(urls: Urls, file: KeyFile) -> AsyncIterator[Open]:
    """Give a way to the database as processes of their own have it, with the keys of the file."""
    settings = DatabaseSettings(urls.application, pool_size=6, pool_wait=30, connect_timeout=30, open_limit=60)
    made: list[Database] = []

    def open_it() -> Database:
        made.append(Database(settings, KeyService(LocalMasterKey(file))))
        return made[-1]

    yield open_it
    for one in made:
        await one.close()


async def stored(urls: Urls) -> dict[tuple[object, ...], bytes]:
    """Return every wrapped key."""
    raw = await asyncpg.connect(urls.superuser)
    try:
        tenants = await raw.fetch("SELECT tenant_id, version, wrapped FROM keys.tenant_key")
        data = await raw.fetch("SELECT tenant_id, owner_id, wrapped FROM keys.data_key")
    finally:
        await raw.close()
    return {tuple(row)[:2]: row["wrapped"] for row in (*tenants, *data)}


def ignore(_done: int, _total: int) -> None:
    """Let nobody know how far it is."""


@pytest.mark.prove
async def test_both_kinds_of_keys_are_replaced_beside_reads_and_writes_and_none_fails(
    tenant: TenantId, opened: Open, urls: Urls, file: KeyFile, many: Callable[[int, int], int]
) -> None:
    database = opened()
    load = Load(opened(), tenant, await add_people(database, tenant, many(120, 2000)))
    old, before = opened(), await stored(urls)
    old_master = base64.b64decode(file.path.read_bytes())
    reads = many(60, 2500)
    running = [asyncio.ensure_future(load.read_and_write(seed, reads)) for seed in range(4)]
    turns = 0
    while not all(one.done() for one in running):
        begin_in_file(file, os.urandom(KEY_BYTES))
        await rotate_master(old, LocalMasterKey(file), [tenant], ignore)
        file.keep_first()
        await rotate_tenant(old, tenant, ignore)
        turns += 1
    await asyncio.gather(*running)
    assert load.failed == []
    assert (load.reads, load.writes) == (4 * reads, 4 * reads // 10)
    assert turns > 0
    assert await phones_of(opened(), tenant, load.phones) == load.phones
    after = await stored(urls)
    assert not set(before.values()) & set(after.values())
    raw = await asyncpg.connect(urls.superuser)
    try:
        with pytest.raises(InvalidTag):
            await ring_of(raw, old_master)
        ring = await ring_of(raw, base64.b64decode(file.path.read_bytes()))
        assert len(ring.keys) == len(load.phones) + 1
    finally:
        await raw.close()


@pytest.mark.prove
async def test_a_rotation_killed_at_any_moment_is_completed_by_the_next_and_nothing_is_unreadable(
    tenant: TenantId, opened: Open, urls: Urls, file: KeyFile, many: Callable[[int, int], int]
) -> None:
    database = opened()
    phones = await add_people(database, tenant, 2000)
    other = await ensure_tenant(database, "riverside", "Riverside")
    others = await add_people(database, other, 700)
    chance = random.Random(20261124)
    killed = 0
    for turn in range(many(3, 30)):
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, urls.application, str(file.path), stdout=asyncio.subprocess.PIPE
        )
        assert program.stdout is not None
        await program.stdout.readline()
        try:
            await asyncio.wait_for(program.wait(), chance.uniform(0, 0.8))
        except TimeoutError:
            program.send_signal(signal.SIGKILL)
            await program.wait()
            killed += 1
        looking = opened()
        assert await phones_of(looking, tenant, phones) == phones, turn
        assert await phones_of(looking, other, others) == others, turn
    assert killed
    last = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, urls.application, str(file.path))
    assert await last.wait() == 0
    found = await stored(urls)
    assert len([place for place in found if isinstance(place[1], int)]) == 2
    assert len(file.read()) == 1
    assert await phones_of(opened(), tenant, phones) == phones


async def test_a_master_key_that_was_taken_out_of_use_wraps_nothing_new(
    database: Database, tenant: TenantId, opened: Open, urls: Urls, file: KeyFile
) -> None:
    await add_people(database, tenant, 1)
    begin_in_file(file, os.urandom(KEY_BYTES))
    await rotate_master(opened(), LocalMasterKey(file), [tenant], ignore)
    with pytest.raises(MasterKeyError, match="was taken out of use here"):
        await ensure_tenant(database, "riverside", "Riverside")
    assert await masters_in_use(database) == LocalMasterKey(file).names()[:1]
    gone = LocalMasterKey(KeyText(base64.b64encode(MASTER_SECRET).decode(), "an old process"))
    assert await missing_masters(database, gone) == LocalMasterKey(file).names()[:1]


async def test_a_second_rotation_of_the_file_is_not_begun_before_the_first_has_ended(file: KeyFile) -> None:
    assert begin_in_file(file, os.urandom(KEY_BYTES))
    names = list(file.read())
    assert not begin_in_file(file, os.urandom(KEY_BYTES))
    assert list(file.read()) == names


async def test_a_key_that_does_not_unwrap_stops_the_rotation_and_the_old_key_stays(
    database: Database, tenant: TenantId, urls: Urls
) -> None:
    phones = await add_people(database, tenant, 3)
    raw = await asyncpg.connect(urls.superuser)
    broken = next(iter(phones))
    await raw.execute("UPDATE keys.data_key SET wrapped = set_byte(wrapped, 40, 0) WHERE owner_id = $1", broken)
    with pytest.raises(RotationError, match=f"{broken} does not unwrap"):
        await rotate_tenant(database, tenant, ignore)
    assert await raw.fetchval("SELECT count(*) FROM keys.tenant_key") == 2
    del phones[broken]
    assert await phones_of(database, tenant, phones) == phones
    await raw.execute("DELETE FROM keys.data_key WHERE owner_id = $1", broken)
    await rotate_tenant(database, tenant, ignore)
    assert await raw.fetchval("SELECT array_agg(version) FROM keys.tenant_key") == [2]
    await raw.close()
    assert await phones_of(database, tenant, phones) == phones
