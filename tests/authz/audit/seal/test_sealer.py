"""The sealer: one order without gaps, a tree that anybody can recompute, checkpoints outside the database."""

from pathlib import Path

import asyncpg

from authz.audit.seal.checkpoint import opened, origin_of
from authz.audit.seal.sealer import Sealer
from authz.audit.seal.store import CheckpointFolder
from tenants.database import Database
from tenants.ids import TenantId
from tenants.signing_files import load_signing_keys, new_key
from tests.authz.audit.seal.recomputing import root_over, stored_leaves
from tests.support.cluster import Urls
from tests.support.events import add_events

KEYS = load_signing_keys(new_key())


def sealer_of(database: Database, folder: Path) -> Sealer:
    return Sealer(database, lambda: KEYS, CheckpointFolder(folder))


def kept_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.txt"))


async def fetch(urls: Urls, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(urls.superuser)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def test_every_event_has_one_place_and_the_signed_root_is_that_of_the_stored_events(
    database: Database, tenant: TenantId, urls: Urls, tmp_path: Path
) -> None:
    sealer = sealer_of(database, tmp_path)
    for count in (1, 15, 16, 17, 60):
        await add_events(database, tenant, count, seed=count)
        await sealer.seal_all()
    leaves = await stored_leaves(urls, tenant)
    assert len(leaves) == 109
    notes = kept_in(tmp_path)
    assert [int(path.stem) for path in notes] == [1, 16, 32, 49, 109]
    for path in notes:
        checkpoint = opened(path.read_text(), origin_of(tenant), KEYS.verifying)
        assert checkpoint.root == root_over(leaves[: checkpoint.size])
    assert await fetch(urls, "SELECT 1 FROM unsealed_event") == []
    kept = await fetch(urls, "SELECT size, note FROM trail_checkpoint ORDER BY size")
    assert [row["note"] for row in kept] == [path.read_text() for path in notes]
