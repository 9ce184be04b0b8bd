"""Sealing the trail while the server runs, and keeping its months: each process tries, one does it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from sqlalchemy import text

from api.settings import Settings, SettingsError
from authz.audit.seal.sealer import Sealer
from authz.audit.seal.store import CheckpointFolder
from tenants.connection import DatabaseUnavailableError
from tenants.database import Database
from tenants.secret_files import SecretFileError, read_secret
from tenants.signing_files import KeyFileError, SigningKeys, load_signing_keys

log = structlog.get_logger(__name__)

_UPKEEP_SECONDS = 3600.0
_AGAIN_SECONDS = 60.0
"""Until what failed is tried again: upkeep waits for locks for half a second only."""
_UPKEEP = text("SELECT made, dropped FROM trail_upkeep()")
# What lies in no month's partition is moved into one: after a clock was wrong for long, that may be much.
_PATIENCE = text("SELECT set_config('statement_timeout', '60s', true)")


def trail_keys(settings: Settings) -> SigningKeys:
    """Return the keys that sign the trail, as their file has them now. Raises `SettingsError`."""
    assert settings.trail_keys is not None
    try:
        return load_signing_keys(read_secret(settings.trail_keys))
    except (SecretFileError, KeyFileError) as error:
        raise SettingsError([f"SEXTRONTGEN_TRAIL_KEYS: {error}"]) from None


def sealer_of(database: Database, settings: Settings) -> Sealer:
    """Return the sealer. Raises `SettingsError` for keys or a folder that cannot be used."""
    assert settings.checkpoints is not None
    trail_keys(settings)
    try:
        settings.checkpoints.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError([f"SEXTRONTGEN_CHECKPOINTS: {settings.checkpoints}: {error.strerror}."]) from None
    return Sealer(database, lambda: trail_keys(settings), CheckpointFolder(settings.checkpoints))


@asynccontextmanager
async def sealing(sealer: Sealer, every: float) -> AsyncIterator[None]:
    """Seal `every` so many seconds until the block ends, and look after the trail's partitions each hour."""
    tasks = [asyncio.create_task(_repeat(sealer.seal_all, every)), asyncio.create_task(_keep_up(sealer.database))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def keep_up(database: Database) -> tuple[int, int]:
    """Make the trail's next months and drop those whose time is over; return how many of each.

    Safe to run twice, and from several processes at once. Raises `DatabaseUnavailableError`.
    """
    async with database.outside() as connection:
        await connection.execute(_PATIENCE)
        made, dropped = (await connection.execute(_UPKEEP)).one()
    return made, dropped


async def _keep_up(database: Database) -> None:
    async def once() -> None:
        made, dropped = await keep_up(database)
        if made or dropped:
            log.info("the trail's partitions changed", made=made, dropped=dropped)

    await _repeat(once, _UPKEEP_SECONDS)


async def _repeat(work: Callable[[], Awaitable[None]], every: float) -> None:
    while True:
        try:
            await work()
        except DatabaseUnavailableError:
            # Requests say so too, many times; what waits is sealed when the database is back.
            log.warning("the trail was not looked after: the database does not answer")
        except Exception:
            log.exception("the trail was not looked after")
        else:
            await asyncio.sleep(every)
            continue
        await asyncio.sleep(min(every, _AGAIN_SECONDS))
