"""The sealer: one order without gaps, a tree that anybody can recompute, checkpoints outside the database."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from authz.audit.seal import sealer as sealing
from authz.audit.seal.checkpoint import opened, origin_of
from authz.audit.seal.sealer import Sealer
from authz.audit.seal.store import CheckpointFolder, CheckpointStoreError
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tenants.session import ReadSession
from tests.authz.audit.seal.recomputing import root_over, stored_leaves
from tests.support.cluster import Urls
from tests.support.events import add_events
from tests.support.sealer import KEYS, KeptInMemory, sealer_of

WAITING = "SELECT tenant_id FROM unsealed_event UNION SELECT tenant_id FROM unkept_checkpoint"


def kept_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.txt"))


async def fetch(urls: Urls, query: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(urls.superuser)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def check_tree(urls: Urls, tenant_id: UUID, notes: list[str]) -> None:
    """Hold the order to be without gaps, and each checkpoint to be over the stored events."""
    positions = "SELECT position FROM trail_leaf WHERE tenant_id = $1 ORDER BY 1"
    leaves = await stored_leaves(urls, tenant_id)
    assert [row["position"] for row in await fetch(urls, positions, tenant_id)] == list(range(len(leaves)))
    events = "SELECT count(*) AS count FROM access_event WHERE tenant_id = $1"
    assert (await fetch(urls, events, tenant_id))[0]["count"] == len(leaves)
    for note in notes:
        checkpoint = opened(note, origin_of(tenant_id), KEYS.verifying)
        assert checkpoint.root == root_over(leaves[: checkpoint.size])


async def test_every_event_has_one_place_and_the_signed_root_is_that_of_the_stored_events(
    database: Database, tenant: TenantId, urls: Urls, tmp_path: Path
) -> None:
    sealer = Sealer(database, lambda: KEYS, CheckpointFolder(tmp_path))
    for count in (1, 15, 16, 17, 60):
        await add_events(database, tenant, count, seed=count)
        await sealer.seal_all()
    notes = kept_in(tmp_path)
    assert [int(path.stem) for path in notes] == [1, 16, 32, 49, 109]
    await check_tree(urls, tenant, [path.read_text() for path in notes])
    assert await fetch(urls, WAITING) == []
    kept = await fetch(urls, "SELECT size, note FROM trail_checkpoint ORDER BY size")
    assert [row["note"] for row in kept] == [path.read_text() for path in notes]
    assert sealer.sealed == 109
    assert sealer.last is not None


async def test_of_sealers_at_the_same_time_one_seals_and_nothing_is_sealed_twice(
    database: Database, tenant: TenantId, urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_MOST", 20)
    monkeypatch.setattr(sealing, "_BATCH", 7)
    store = KeptInMemory()
    sealers = [sealer_of(database, store) for _ in range(4)]
    await add_events(database, tenant, 90)
    for _ in range(3):
        await asyncio.gather(*(sealer.seal_all() for sealer in sealers), add_events(database, tenant, 5, seed=7))
    await sealers[0].seal_all()
    await check_tree(urls, tenant, [note.decode() for note in store.kept.values()])
    assert sum(sealer.sealed for sealer in sealers) == 105


async def test_an_event_whose_transaction_ends_late_is_sealed_after_those_that_were_quicker(
    database: Database, tenant: TenantId, urls: Urls
) -> None:
    slow = await asyncpg.connect(urls.superuser)
    await add_events(database, tenant, 1)
    transaction = slow.transaction()
    await transaction.start()
    late = await slow.fetchval(
        """INSERT INTO access_event SELECT (jsonb_populate_record(it, jsonb_build_object(
            'id', gen_random_uuid(), 'at', it.at - interval '1 hour'))).* FROM access_event it RETURNING id"""
    )
    await sealer_of(database).seal_all()
    await transaction.commit()
    await slow.close()
    await add_events(database, tenant, 2)
    await sealer_of(database).seal_all()
    order = await fetch(urls, "SELECT event_id FROM trail_leaf ORDER BY position")
    assert [row["event_id"] for row in order].index(late) == 1
    await check_tree(urls, tenant, [])


async def test_what_could_not_be_kept_outside_is_kept_when_it_can_be(database: Database, tenant: TenantId) -> None:
    store = KeptInMemory()
    sealer = sealer_of(database, store)
    store.broken = True
    for seed in (1, 2):
        await add_events(database, tenant, 3, seed)
        with pytest.raises(CheckpointStoreError):
            await sealer.seal(tenant, KEYS)
        await sealer.seal_all()
    assert (store.kept, sealer.last) == ({}, None)
    store.broken = False
    await sealer.seal_all()
    assert [int(Path(name).stem) for name in store.kept] == [3, 6]
    assert sealer.last is not None


class EndedError(Exception):
    """The sealer is no more."""


async def test_whatever_ends_a_sealer_in_between_the_next_one_goes_on_from_there(
    database: Database, tenant: TenantId, urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended at each of its statements in turn: nothing is half sealed, lost or sealed twice."""
    run, store = ReadSession.run, KeptInMemory()
    monkeypatch.setattr(sealing, "_BATCH", 4)
    ended = 0
    for at in range(100):
        await add_events(database, tenant, 6, seed=at)
        left = [at]

        async def running(self: Any, plan: Any, values: Any, left: list[int] = left) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise EndedError
            return await run(self, plan, values)

        with monkeypatch.context() as patch:
            patch.setattr(ReadSession, "run", running)
            try:
                await sealer_of(database, store).seal(tenant, KEYS)
                break
            except EndedError:
                ended += 1
        await sealer_of(database, store).seal(tenant, KEYS)
        await check_tree(urls, tenant, [note.decode() for note in store.kept.values()])
    assert 15 < ended < 100
    assert await fetch(urls, WAITING) == []


async def test_each_tenant_has_a_tree_of_its_own_and_one_that_fails_is_passed_over(
    database: Database, tenant: TenantId, urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await ensure_tenant(database, "riverside", "Riverside")
    store = KeptInMemory()
    for each in (tenant, other):
        await add_events(database, each, 4)
    put = store.put

    async def only_other(name: str, content: bytes) -> None:
        if name.startswith(str(tenant)):
            raise CheckpointStoreError("It is full.")
        await put(name, content)

    monkeypatch.setattr(store, "put", only_other)
    sealer = sealer_of(database, store)
    await sealer.seal_all()
    assert [name.split("/")[0] for name in store.kept] == [str(other)]
    assert sealer.last is None
    for each in (tenant, other):
        await check_tree(urls, each, [])


async def test_a_clock_that_goes_back_does_not_take_the_checkpoints_back(
    database: Database, tenant: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = KeptInMemory()

    class Earlier(datetime):
        """A clock that is a day behind."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            """Return the time of yesterday."""
            return datetime.now(tz) - timedelta(days=1)

    await add_events(database, tenant, 1)
    await sealer_of(database, store).seal(tenant, KEYS)
    monkeypatch.setattr(sealing, "datetime", Earlier)
    await add_events(database, tenant, 1)
    await sealer_of(database, store).seal(tenant, KEYS)
    first, second = (opened(note.decode(), origin_of(tenant), KEYS.verifying) for note in store.kept.values())
    assert first.at == second.at <= datetime.now(UTC)
