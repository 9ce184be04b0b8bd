"""New tenant keys and new master keys, under load: nothing sealed changes, only what wraps the keys to it.

Every step is a transaction of its own and leaves everything readable, so a rotation that was killed is started again
and goes on where it was.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select, update

from tenants.database import Database
from tenants.ids import TenantId
from tenants.keys import statements
from tenants.keys.cells import UnreadableError, wrapped_by
from tenants.keys.master import KeyFile, MasterKey, Wrapped
from tenants.keys.model import master_key
from tenants.keys.service import bound_of
from tenants.session import SystemTask, Task, WriteSession

Report = Callable[[int, int], None]
"""Is told how many keys are done, of how many."""

_BATCH = 500
_MOMENT = 0.05


class RotationError(Exception):
    """A rotation cannot be completed; the message says why, and that the old key stays until it can."""


async def rotate_tenant(database: Database, tenant_id: TenantId, report: Report) -> int:
    """Give the tenant a new key, wrap all its data keys with it, and destroy the old; return how many were wrapped.

    One that was begun is completed, and no second one begun. Raises `RotationError` where data keys do not unwrap, and
    `MasterKeyError` and `DatabaseUnavailableError`.
    """
    task = SystemTask(Task.KEYS, tenant_id)
    async with database.writing(task) as session:
        version = await _begun(session)
        total = (await session.run(statements.COUNT_OUTDATED, {"version": version}))[0]["keys"]
    done = 0
    report(done, total)
    while True:
        async with database.writing(task) as session:
            wrapped = await _rewrap(session, version)
        if not wrapped and await _ended(database, task, version):
            return done
        done += wrapped
        report(min(done, total), total)
        if not wrapped:
            await asyncio.sleep(_MOMENT)


async def rotate_master(database: Database, master: MasterKey, tenants: Sequence[TenantId], report: Report) -> int:
    """Wrap the keys of all `tenants` with the first master key; take the others out of use. Return how many there were.

    Raises `MasterKeyError`, `DatabaseUnavailableError`, and `RotationError` where a tenant's key does not unwrap.
    """
    name = master.names()[0]
    done = 0
    for turn in ("before", "after"):
        for number, tenant_id in enumerate(tenants, 1):
            async with database.writing(SystemTask(Task.KEYS, tenant_id)) as session:
                done += await _wrap_with(session, master, name)
            if turn == "before":
                report(number, len(tenants))
        # Who wraps with an old one holds its row, so what was wrapped by then is found in the second turn, and after it
        # nobody does.
        async with database.outside() as connection:
            in_use = master_key.c.until.is_(None)
            await connection.execute(
                update(master_key).where(master_key.c.name != name, in_use).values(until=func.now())
            )
    return done


def begin_in_file(file: KeyFile, secret: bytes) -> bool:
    """Put a new master key first into `file`, unless it holds two: then a rotation was begun there. Tell whether."""
    is_new = len(file.read()) == 1
    if is_new:
        file.prepend(secret)
    return is_new


async def masters_in_use(database: Database) -> list[str]:
    """Return the names of the master keys that wrap something, by what is on record."""
    async with database.outside() as connection:
        found = await connection.execute(select(master_key.c.name).where(master_key.c.until.is_(None)))
        return sorted(found.scalars())


async def missing_masters(database: Database, master: MasterKey) -> list[str]:
    """Return the names of master keys that wrap something here and are not at hand."""
    at_hand = set(master.names())
    return [name for name in await masters_in_use(database) if name not in at_hand]


async def _begun(session: WriteSession) -> int:
    """Return the version to wrap with: made now, or by a rotation that was begun."""
    versions = await session.run(statements.VERSIONS, {})
    if not versions:
        return (await session.keys.current()).version
    newest = int(versions[-1]["version"])
    if len(versions) > 1:
        return newest
    await session.keys.add_tenant_key(newest + 1)
    return newest + 1


async def _rewrap(session: WriteSession, version: int) -> int:
    rows = await session.run(statements.OUTDATED, {"version": version, "most": _BATCH})
    if not rows:
        return 0
    new = await session.keys.tenant_key(version)
    made: list[tuple[Any, bytes]] = []
    for row in rows:
        try:
            old = await session.keys.tenant_key(wrapped_by(row["wrapped"]))
            secret, own_version = old.unwrap(row["wrapped"], row["owner_id"])
        except UnreadableError:
            raise RotationError(
                f"The data key of {row['owner_id']} does not unwrap, so the tenant's old key stays. Restore its row of "
                "keys.data_key from a backup, or destroy the key (keys shred), and start again."
            ) from None
        made.append((row["owner_id"], new.wrap(secret, row["owner_id"], own_version)))
    values = {"owners": [owner for owner, _ in made], "wrapped": [wrapped for _, wrapped in made]}
    await session.run(statements.REWRAP, {**values, "tenant_key": version})
    return len(made)


async def _ended(database: Database, task: SystemTask, version: int) -> bool:
    """Destroy the older versions of the tenant's key, unless something is wrapped by them still; tell whether."""
    async with database.writing(task) as session:
        # Whoever makes a key under an old one holds its row: this waits for them, and counts what they made.
        await session.run(statements.VERSIONS, {})
        left = (await session.run(statements.COUNT_OUTDATED, {"version": version}))[0]["keys"]
        if not left:
            await session.run(statements.DROP_VERSIONS, {"version": version})
        return not left


async def _wrap_with(session: WriteSession, master: MasterKey, name: str) -> int:
    """Wrap the tenant's keys that another master key wraps; return how many there were."""
    done = 0
    for row in await session.run(statements.VERSIONS, {}):
        if row["master"] == name:
            continue
        bound = bound_of(session.tenant_id, row["version"])
        try:
            secret = await master.unwrap(Wrapped(row["master"], row["wrapped"]), bound)
        except UnreadableError:
            raise RotationError(
                f"The key of the tenant {session.tenant_id} does not unwrap, so the old master key stays. Restore the "
                "tenant's rows of keys.tenant_key from a backup, and start again."
            ) from None
        wrapped = await master.wrap(secret, bound)
        await session.keys.announce(wrapped.master)
        values = {"of": row["version"], "name": wrapped.master, "secret": wrapped.secret}
        await session.run(statements.SET_MASTER, values)
        done += 1
    return done
