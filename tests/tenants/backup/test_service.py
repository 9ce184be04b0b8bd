"""A backup holds the data and the keys apart, of one moment, and is put back whole or not at all."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from domain.people.shredding import shred_key
from tenants.backup import manifest
from tenants.backup.programs import BackupError, find, run
from tenants.backup.service import restore, write
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.embedded import Addresses
from tenants.ids import TenantId
from tests.support.cluster import Urls, addresses_of, clone, remove
from tests.support.keys import key_service
from tests.tenants.keys.keyed import add_people, phones_of, task


def ignore(_part: str, _size: int) -> None:
    """Let nobody know how far it is."""


@pytest.fixture
async def empty(server: Addresses) -> AsyncIterator[Urls]:
    """Give an empty database."""
    name = await clone(server, "template0")
    yield addresses_of(server, name)
    await remove(server, name)


def opened(urls: Urls) -> Database:
    return Database(DatabaseSettings(urls.application, open_limit=30), key_service())


async def test_what_is_put_back_is_what_was_there(
    database: Database, tenant: TenantId, urls: Urls, empty: Urls, tmp_path: Path
) -> None:
    phones = await add_people(database, tenant, 50)
    data, keys = await write(urls.superuser, tmp_path / "data", tmp_path / "keys", ignore)
    assert (data.part, keys.part, data.backup) == ("data", "keys", keys.backup)
    assert await restore(empty.superuser, tmp_path / "data", tmp_path / "keys") == 0
    back = opened(empty)
    assert await phones_of(back, tenant, phones) == phones
    await back.check_role()
    await back.close()


async def test_neither_folder_holds_what_is_the_others(
    database: Database, tenant: TenantId, urls: Urls, tmp_path: Path
) -> None:
    await add_people(database, tenant, 2)
    await write(urls.superuser, tmp_path / "data", tmp_path / "keys", ignore)
    listed = {}
    for part in ("data", "keys"):
        text = tmp_path / f"{part}.sql"
        done = await asyncio.create_subprocess_exec(
            find("pg_restore"), f"--file={text}", str(tmp_path / part / f"{part}.dump")
        )
        assert await done.wait() == 0
        listed[part] = set(re.findall(r"^COPY (\S+) ", text.read_text(), re.MULTILINE))
    assert listed["keys"] == {"keys.master_key", "keys.tenant_key", "keys.data_key"}
    assert {"public.person", "public.shredded_key", "public.alembic_version"} < listed["data"]
    assert {name.partition(".")[0] for name in listed["data"]} == {"public"}
    dumps = [tmp_path / part / f"{part}.dump" for part in listed]
    assert {os.stat(path).st_mode & 0o077 for path in dumps} == {0}  # noqa: PTH116 - a test may wait


async def test_after_a_key_was_destroyed_an_older_backup_of_the_data_opens_nothing_of_that_person(
    database: Database, tenant: TenantId, urls: Urls, empty: Urls, tmp_path: Path
) -> None:
    phones = await add_people(database, tenant, 5)
    gone = next(iter(phones))
    await write(urls.superuser, tmp_path / "old data", tmp_path / "old keys", ignore)
    async with database.writing(task(tenant)) as session:
        await shred_key(session, gone, "request 1")
    await write(urls.superuser, tmp_path / "data", tmp_path / "keys", ignore)
    await restore(empty.superuser, tmp_path / "old data", tmp_path / "keys")
    back = opened(empty)
    assert await phones_of(back, tenant, phones) == {**phones, gone: None}
    await back.close()


async def test_keys_that_the_data_says_were_destroyed_are_destroyed_again(
    database: Database, tenant: TenantId, urls: Urls, empty: Urls, tmp_path: Path
) -> None:
    phones = await add_people(database, tenant, 5)
    gone = next(iter(phones))
    await write(urls.superuser, tmp_path / "old data", tmp_path / "old keys", ignore)
    async with database.writing(task(tenant)) as session:
        await shred_key(session, gone, "request 1")
    await write(urls.superuser, tmp_path / "data", tmp_path / "keys", ignore)
    assert await restore(empty.superuser, tmp_path / "data", tmp_path / "old keys") == 1
    back = opened(empty)
    assert await phones_of(back, tenant, phones) == {**phones, gone: None}
    await back.close()


async def test_both_parts_are_of_one_moment_whatever_is_written_meanwhile(
    database: Database, tenant: TenantId, urls: Urls, empty: Urls, tmp_path: Path
) -> None:
    phones = await add_people(database, tenant, 20)
    writing = True

    async def go_on() -> None:
        while writing:
            await add_people(database, tenant, 5)

    beside = asyncio.ensure_future(go_on())
    await write(urls.superuser, tmp_path / "data", tmp_path / "keys", ignore)
    writing = False
    await beside
    await restore(empty.superuser, tmp_path / "data", tmp_path / "keys")
    raw = await asyncpg.connect(empty.superuser)
    without = "SELECT count(*) FROM person WHERE NOT EXISTS (SELECT FROM keys.data_key WHERE owner_id = person.id)"
    assert await raw.fetchval(without) == 0
    people = await raw.fetchval("SELECT count(*) FROM person")
    assert await raw.fetchval("SELECT count(*) FROM keys.data_key") == people + 1
    await raw.close()
    back = opened(empty)
    assert await phones_of(back, tenant, phones) == phones
    await back.close()


async def test_a_backup_that_is_damaged_or_not_whole_is_refused_before_anything_is_written(
    database: Database, tenant: TenantId, urls: Urls, empty: Urls, tmp_path: Path
) -> None:
    await add_people(database, tenant, 1)
    data, keys = tmp_path / "data", tmp_path / "keys"
    await write(urls.superuser, data, keys, ignore)

    async def refused(message: str, data_from: Path = data, keys_from: Path = keys) -> None:
        with pytest.raises(BackupError, match=message):
            await restore(empty.superuser, data_from, keys_from)

    await refused("holds the keys, not the data", keys, data)
    await refused("is no whole backup", tmp_path)
    said = json.loads((data / manifest.NAME).read_text())
    for change, message in [
        ({"format": 2}, "has the format 2"),
        ({"file": "../keys/keys.dump"}, "names a file elsewhere"),
        ({"file": "nothing"}, "cannot be read"),
        ({"revision": "0001"}, "revision 0001 and the keys at"),
        ({"more": 1}, "is no whole backup"),
    ]:
        (data / manifest.NAME).write_text(json.dumps(said | change))
        await refused(message)
    (data / manifest.NAME).write_text(json.dumps(said))
    content = (data / "data.dump").read_bytes()
    (data / "data.dump").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    await refused("is not what was written")
    raw = await asyncpg.connect(empty.superuser)
    assert await raw.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'keys')") == 0
    await raw.close()


async def test_what_is_there_is_never_written_over(
    database: Database, tenant: TenantId, urls: Urls, tmp_path: Path
) -> None:
    phones = await add_people(database, tenant, 3)
    data, keys = tmp_path / "data", tmp_path / "keys"
    await write(urls.superuser, data, keys, ignore)
    with pytest.raises(BackupError, match="is there already"):
        await write(urls.superuser, tmp_path / "other", keys, ignore)
    assert not (tmp_path / "other").exists()
    with pytest.raises(BackupError, match="is not empty"):
        await restore(urls.superuser, data, keys)
    assert await phones_of(database, tenant, phones) == phones


async def test_one_that_fails_or_is_stopped_leaves_no_folder(
    database: Database, tenant: TenantId, urls: Urls, empty: Urls, tmp_path: Path
) -> None:
    with pytest.raises(BackupError, match="Has it been migrated"):
        await write(empty.superuser, tmp_path / "data", tmp_path / "keys", ignore)
    with pytest.raises(BackupError, match="pg_dump ended with 1"):
        await write(urls.application, tmp_path / "data", tmp_path / "keys", ignore)
    with pytest.raises(BackupError, match="does not take this"):
        await write("postgresql://nobody@/none?host=/nowhere", tmp_path / "data", tmp_path / "keys", ignore)
    running = asyncio.ensure_future(write(urls.superuser, tmp_path / "data", tmp_path / "keys", ignore))
    async with asyncio.timeout(60):
        while not (tmp_path / "keys").exists():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a test may wait


async def test_a_password_is_no_argument_of_a_program(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[object, ...]] = []
    create = asyncio.create_subprocess_exec

    async def watched(*arguments: object, **options: object) -> object:
        given.append(arguments)
        return await create(*arguments, **options)  # type: ignore[arg-type] # as given

    monkeypatch.setattr("tenants.backup.programs.asyncio.create_subprocess_exec", watched)
    await run("pg_dump", urls.superuser, "--schema-only", "--file=/dev/null")
    password = urls.superuser.split("@")[0].rpartition(":")[2]
    assert len(password) > 8
    assert not any(password in str(argument) for argument in given[0])
