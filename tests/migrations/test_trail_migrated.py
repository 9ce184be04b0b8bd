"""A database that has a trail already, from before it was sealed, brought to the newest schema."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from authz.audit.seal.kept import checkpoints_in
from authz.audit.seal.sealer import Sealer
from authz.audit.seal.store import CheckpointFolder
from authz.audit.seal.stored import Stored
from authz.audit.seal.verify import Verifier
from migrations.runner import _config, upgrade
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.embedded import Addresses
from tenants.ids import TenantId
from tests.migrations.months import CLASSES, DAY, add_event, connected, month_of, part_of
from tests.support.cluster import Urls, addresses_of, clone, remove
from tests.support.keys import key_service
from tests.support.sealer import KEYS

_LIE = "SELECT id, tenant_id, retention_years, at, tableoid::regclass::text AS part FROM access_event"
TENANTS = [UUID(int=11), UUID(int=12)]
Added = dict[UUID, tuple[UUID, int, datetime]]
"""Events by their id: whose, of which class, when."""


@pytest.fixture
async def older(server: Addresses) -> AsyncIterator[Urls]:
    """Give a database whose trail is not sealed yet, with two tenants."""
    name = await clone(server, "template0")
    urls = addresses_of(server, name)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(urls.owner))
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "0003"))
    await engine.dispose()
    async with connected(urls.superuser) as hand:
        for number, tenant_id in enumerate(TENANTS):
            await hand.execute("INSERT INTO tenant_directory VALUES ($1, $2)", tenant_id, f"t{number}")
            await hand.execute(
                "INSERT INTO tenant (tenant_id, slug, name) VALUES ($1, $2, 'T')", tenant_id, f"t{number}"
            )
    yield urls
    await remove(server, name)


async def filled(urls: Urls, ahead: list[int]) -> Added:
    """Record an event of each tenant and class in the months that are so far ahead."""
    added: Added = {}
    async with connected(urls.superuser) as hand:
        for tenant_id in TENANTS:
            for years in CLASSES:
                for month in ahead:
                    at = month_of(month) + 14 * DAY
                    added[await add_event(hand, tenant_id, years, at)] = (tenant_id, years, at)
    return added


async def test_events_from_before_all_wait_once_each_in_its_month(older: Urls) -> None:
    added = await filled(older, [-9, -2, -1, 0, 2, 3])
    far = await filled(older, [30])
    await upgrade(older.owner)
    async with connected(older.superuser) as hand:
        lies = await hand.fetch(
            "SELECT id, tenant_id, retention_years, at, tableoid::regclass::text AS part FROM access_event"
        )
        waits = await hand.fetch("SELECT event_id, tenant_id, retention_years, at FROM unsealed_event")
    facts = {row["id"]: (row["tenant_id"], row["retention_years"], row["at"]) for row in lies}
    assert facts == added | far
    assert len(lies) == len(waits) == len(added) + len(far)
    assert {row["event_id"]: tuple(row)[1:] for row in waits} == added | far
    parts = {row["id"]: row["part"] for row in lies}
    for event_id, (_, years, at) in added.items():
        assert parts[event_id] == part_of("access_event", years, at)
    for event_id, (_, years, _) in far.items():
        assert parts[event_id] == f"access_event_{years}y_rest"


async def test_what_was_there_is_sealed_and_verified_like_the_rest_and_the_old_goes_after(
    older: Urls, tmp_path: Path
) -> None:
    """An event whose time is over at the migration is sealed before it is dropped: nothing waits for ever."""
    added = await filled(older, [-100, -14, -3, 0])
    await upgrade(older.owner)
    settings = DatabaseSettings(older.application, pool_size=2, pool_wait=10, open_limit=20)
    database = Database(settings, key_service())
    try:
        await Sealer(database, lambda: KEYS, CheckpointFolder(tmp_path)).seal_all()
        async with connected(older.application) as application, connected(older.superuser) as hand:
            await application.execute("SELECT trail_upkeep()")
            assert await hand.fetchval("SELECT count(*) FROM trail_leaf") == len(added)
            assert await hand.fetchval("SELECT count(*) FROM unsealed_event") == 0
            left = {row["id"] for row in await hand.fetch("SELECT id FROM access_event")}
        over = {1: [-100, -14], 2: [-100], 7: [-100]}
        ended = {month_of(ahead) + 14 * DAY: ahead for ahead in (-100, -14, -3, 0)}
        assert left == {event_id for event_id, (_, years, at) in added.items() if ended[at] not in over[years]}
        for tenant_id in TENANTS:
            later = month_of(0) + timedelta(days=8 * 366)
            kept = checkpoints_in(tmp_path, tenant_id)
            verifier = Verifier(Stored(database, TenantId(tenant_id)), KEYS.verifying, kept, later)
            verdict = await verifier.verify(lambda _done, _total: None)
            assert (verdict.problems, verdict.leaves, verdict.gone) == ([], 12, 4)
    finally:
        await database.close()
