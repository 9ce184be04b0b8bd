"""Verifying where the trail is stored: what was signed passes, and tampering is found where it was done."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import asyncpg
import pytest

from authz.audit.seal.checkpoint import origin_of, verifier_key
from authz.audit.seal.export import ExportError, begin_export
from authz.audit.seal.kept import checkpoints_in
from authz.audit.seal.sealer import Sealer
from authz.audit.seal.store import CheckpointFolder
from authz.audit.seal.stored import Stored
from authz.audit.seal.verdict import Problem, Verdict
from authz.audit.seal.verify import Verifier
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.embedded import Addresses
from tenants.ids import TenantId
from tests.authz.audit.seal.tampering import TAMPERINGS, Tampering, Trail, Where
from tests.support.cluster import Urls, addresses_of, clone, remove
from tests.support.events import add_events
from tests.support.keys import key_service
from tests.support.sealer import KEYS
from tests.tools.verifying import Verdict as Exported
from tests.tools.verifying import said

ROUNDS = (1, 30, 5, 60, 17, 40)
SIZE = sum(ROUNDS)
"""Events in the tree; some more wait."""


@dataclass(frozen=True, slots=True)
class Base:
    """A database with a sealed trail, to be cloned, and its checkpoints."""

    name: str
    tenant_id: TenantId
    folder: Path


def open_database(urls: Urls) -> Database:
    return Database(DatabaseSettings(urls.application, pool_size=2, pool_wait=10, open_limit=20), key_service())


async def fill(urls: Urls, folder: Path) -> TenantId:
    database = open_database(urls)
    tenant_id = await ensure_tenant(database, "northwind", "Northwind")
    sealer = Sealer(database, lambda: KEYS, CheckpointFolder(folder))
    for number, count in enumerate(ROUNDS):
        await add_events(database, tenant_id, count, seed=number)
        await sealer.seal_all()
    await add_events(database, tenant_id, 3, seed=99)
    await database.close()
    return tenant_id


@pytest.fixture(scope="module")
def base(server: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    folder = tmp_path_factory.mktemp("checkpoints")
    name = asyncio.run(clone(server))
    yield Base(name, asyncio.run(fill(addresses_of(server, name), folder)), folder)
    asyncio.run(remove(server, name))


@asynccontextmanager
async def copy_of(base: Base, server: Addresses, folder: Path, seed: int = 0) -> AsyncIterator[Trail]:
    """Give the trail again, to be tampered with, its checkpoints in `folder`."""
    name = await clone(server, base.name)
    urls = addresses_of(server, name)
    shutil.copytree(base.folder, folder)
    hand, database = await asyncpg.connect(urls.superuser), open_database(urls)
    # No trigger and no foreign key is in the way of who owns the database.
    await hand.execute("SET session_replication_role = replica")
    try:
        yield Trail(hand, database, base.tenant_id, folder, SIZE, Random(seed))
    finally:
        await database.close()
        await hand.close()
        await remove(server, name)


async def verdict_of(trail: Trail, now: datetime | None = None) -> Verdict:
    stored = Stored(trail.database, trail.tenant_id)
    kept = checkpoints_in(trail.folder, trail.tenant_id)
    verifier = Verifier(stored, KEYS.verifying, kept, now or datetime.now(UTC))
    return await verifier.verify(lambda _done, _total: None)


LATER = timedelta(minutes=5)
"""The export is taken for one of then, so that checkpoints of a moment ago have to be in it."""


async def verdict_on_export(trail: Trail, file: Path) -> Exported:
    """Return what the verifier says that shares no code with the product."""

    async def released(_leaves: object) -> None:
        return None

    later = datetime.now(UTC) + LATER
    try:
        made = await begin_export(Stored(trail.database, trail.tenant_id), None, None, later)
    except ExportError as error:
        # The exporter itself says it.
        return Exported(1, [f"checkpoint missing: {error}"])
    return verified(b"".join([line async for line in made.lines(released)]), file, trail, later)


def verified(export: bytes, file: Path, trail: Trail, now: datetime) -> Exported:
    file.write_bytes(export)
    keys = [f"--key={verifier_key(origin_of(trail.tenant_id), key)}" for key in KEYS.verifying]
    return said([str(file), "--checkpoints", str(trail.folder), "--now", now.isoformat(), *keys])


def is_located(problems: list[Problem], where: Where) -> bool:
    """Tell whether a problem names the place, or a range between two checkpoints with it."""
    if where.first is None:
        return any(problem.first is None for problem in problems)
    end = where.end or where.first + 1
    return any(
        problem.first is not None and problem.end is not None and problem.first < end and where.first < problem.end
        for problem in problems
    )


async def test_what_was_sealed_passes_with_every_checkpoint(base: Base, server: Addresses, tmp_path: Path) -> None:
    async with copy_of(base, server, tmp_path / "kept") as trail:
        verdict = await verdict_of(trail)
        exported = await verdict_on_export(trail, tmp_path / "export.jsonl")
    assert verdict.problems == []
    assert (verdict.leaves, verdict.signed, verdict.waiting) == (SIZE, SIZE, 3)
    assert (verdict.checkpoints, verdict.outside) == (2 * len(ROUNDS), len(ROUNDS))
    assert exported.status == 0, exported.lines


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.__name__)
@pytest.mark.prove
async def test_tampering_is_found_where_it_was_done(
    base: Base, server: Addresses, tmp_path: Path, tampering: Tampering, many: Callable[[int, int], int]
) -> None:
    for seed in range(many(1, 40)):
        async with copy_of(base, server, tmp_path / str(seed), seed) as trail:
            where = await tampering(trail)
            verdict = await verdict_of(trail)
            exported = await verdict_on_export(trail, tmp_path / f"{seed}.jsonl")
        assert is_located(verdict.problems, where), (seed, where, [str(each) for each in verdict.problems])
        # Another verifier, which has the export alone, says the same of all that comes into one.
        if where.in_export:
            assert exported.status == 1, (seed, where)
            found = [Problem("", each.first, each.last + 1) for each in exported.problems]
            named = any(line.startswith("checkpoint ") for line in exported.lines)
            assert named or is_located(found, where), (seed, where, exported.lines)
