"""Writing a backup, and putting one back."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from tenants.backup import manifest
from tenants.backup.manifest import Manifest
from tenants.backup.programs import BackupError, run
from tenants.keys.model import SCHEMA

DATA, KEYS = "data", "keys"
Step = Callable[[str, int], None]
"""Is told what is being written, and how many bytes it has."""

_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', $1)"
# Beside older data there may be keys that it says were destroyed, and beside newer keys data of people who have none.
_DESTROY_AGAIN = """
    DELETE FROM keys.data_key USING shredded_key
    WHERE shredded_key.tenant_id = data_key.tenant_id AND shredded_key.owner_id = data_key.owner_id
"""


async def write(url: str, data_to: Path, keys_to: Path, step: Step) -> tuple[Manifest, Manifest]:
    """Write the data and the keys of the database at `url` (of a role that reads everything) into two new folders.

    Both are of one moment, whatever is written meanwhile. Raises `BackupError`; then neither folder is there.
    """
    with _new_folder(data_to), _new_folder(keys_to):
        connection = await _connected(url)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
                facts = {
                    "backup": uuid4().hex,
                    "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                    "revision": await connection.fetchval("SELECT version_num FROM alembic_version"),
                    "server": await connection.fetchval("SHOW server_version"),
                }
                chosen = {DATA: f"--exclude-schema={SCHEMA}", KEYS: f"--schema={SCHEMA}"}
                written = [
                    await _dump(url, part, folder, step, facts, f"--snapshot={snapshot}", chosen[part])
                    for part, folder in ((DATA, data_to), (KEYS, keys_to))
                ]
        except asyncpg.PostgresError as error:
            raise BackupError(f"The database cannot be read: {type(error).__name__}. Has it been migrated?") from None
        finally:
            await connection.close()
    return written[0], written[1]


async def restore(url: str, data_from: Path, keys_from: Path) -> int:
    """Put the data and the keys of two folders into the empty database at `url`, whose role may do everything there.

    The keys may be of a later backup than the data. Returns how many keys were destroyed again. Raises `BackupError`;
    a database that was not empty is left as it was.
    """
    data, keys = manifest.read(data_from, DATA), manifest.read(keys_from, KEYS)
    if data.revision != keys.revision:
        raise BackupError(
            f"The data is at revision {data.revision} and the keys at {keys.revision}: choose backups of one version "
            "of the program."
        )
    connection = await _connected(url)
    try:
        if await connection.fetchval(_TABLES, SCHEMA):
            raise BackupError("The database is not empty. Make a new one: what is there is never written over.")
        for folder, part in ((keys_from, keys), (data_from, data)):
            await run("pg_restore", url, "--exit-on-error", "--single-transaction", str(folder / part.file))
        destroyed = await connection.execute(_DESTROY_AGAIN)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return int(destroyed.rpartition(" ")[2])


async def _dump(url: str, part: str, folder: Path, step: Step, facts: dict[str, Any], *arguments: str) -> Manifest:
    path = folder / f"{part}.dump"
    watch = lambda: step(part, path.stat().st_size if path.exists() else 0)  # noqa: E731 - a name for a closure
    await run("pg_dump", url, "--format=custom", f"--file={path}", *arguments, watch=watch)
    path.chmod(0o600)
    size, digest = manifest.facts_of(path)
    made = Manifest(part=part, **facts, file=path.name, bytes=size, sha256=digest)
    manifest.write(folder, made)
    return made


async def _connected(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        return await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise BackupError(f"The database does not take this: {type(error).__name__}.") from None


@contextmanager
def _new_folder(path: Path) -> Iterator[None]:
    """Make a folder that is not there yet, closed to others; whatever fails inside, it is gone again."""
    try:
        path.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise BackupError(f"{path} is there already: a backup is never written over another.") from None
    except OSError as error:
        raise BackupError(f"{path} cannot be made: {error.strerror}.") from None
    try:
        yield
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
