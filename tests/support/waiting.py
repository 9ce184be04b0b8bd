"""Waiting until a transaction waits for another one."""

import asyncio

import asyncpg

HANG = 60.0  # seconds
_WAITING = """SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = coalesce(l.database, d.oid)
    WHERE NOT granted AND d.datname = current_database()"""


async def somebody_waits(raw: asyncpg.Connection) -> None:
    """Return when somebody in the database of `raw` waits for a lock that another transaction holds."""
    async with asyncio.timeout(HANG):
        while True:
            if await raw.fetchval(_WAITING):
                return
            await asyncio.sleep(0.01)
