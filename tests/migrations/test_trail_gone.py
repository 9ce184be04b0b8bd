"""Sealed events whose month was dropped: gone in their time, or before it, for both verifiers."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authz.audit.seal.checkpoint import origin_of, verifier_key
from authz.audit.seal.export import begin_export
from authz.audit.seal.kept import checkpoints_in
from authz.audit.seal.sealer import Sealer
from authz.audit.seal.store import CheckpointFolder
from authz.audit.seal.stored import Stored
from authz.audit.seal.verdict import Verdict
from authz.audit.seal.verify import Verifier
from tenants.database import Database
from tests.migrations.months import CLASSES, TABLES, Months, keep_up, month_of
from tests.support.events import add_events
from tests.support.sealer import KEYS
from tests.tools.verifying import Verdict as Exported
from tests.tools.verifying import said

LATER = timedelta(days=366)
LAST = timedelta(days=366 * 7)


async def verdict_at(months: Months, database: Database, folder: Path, now: datetime) -> Verdict:
    kept = checkpoints_in(folder, months.tenant_id)
    return await Verifier(Stored(database, months.tenant_id), KEYS.verifying, kept, now).verify(
        lambda _done, _total: None
    )


async def exported_at(months: Months, database: Database, folder: Path, now: datetime) -> tuple[Exported, bytes]:
    """Return what the verifier says that has the export alone."""

    async def released(_leaves: object) -> None:
        return None

    made = await begin_export(Stored(database, months.tenant_id), None, None, datetime.now(UTC))
    export = b"".join([line async for line in made.lines(released)])
    file = folder / "export.jsonl"
    file.write_bytes(export)
    key = verifier_key(origin_of(months.tenant_id), KEYS.verifying[0])
    return said([str(file), "--key", key, "--checkpoints", str(folder), "--now", now.isoformat()]), export


async def sealed(months: Months, database: Database, folder: Path) -> None:
    """Seal an event of each class whose month is over, between others that stay."""
    await add_events(database, months.tenant_id, 2)
    for years in CLASSES:
        for table in TABLES:
            await months.hand.execute("SELECT trail_add_month($1, $2, $3)", table, years, month_of(-12 * years - 1))
        event_id = await months.found(years, month_of(-12 * years - 1))
        # Its terms are the sealer's to make.
        await months.hand.execute("DELETE FROM access_term WHERE event_id = $1", event_id)
    await Sealer(database, lambda: KEYS, CheckpointFolder(folder)).seal(months.tenant_id, KEYS)
    await add_events(database, months.tenant_id, 2, seed=2)
    await Sealer(database, lambda: KEYS, CheckpointFolder(folder)).seal(months.tenant_id, KEYS)


async def test_events_that_were_dropped_in_their_time_are_counted_and_not_held_against_the_trail(
    months: Months, database: Database, tmp_path: Path
) -> None:
    await sealed(months, database, tmp_path)
    assert (await verdict_at(months, database, tmp_path, datetime.now(UTC))).problems == []
    assert await keep_up(months.application) == (0, 6)
    assert await months.hand.fetchval("SELECT count(*) FROM access_event") == 4
    then = datetime.now(UTC) + LAST
    verdict = await verdict_at(months, database, tmp_path, then)
    assert (verdict.problems, verdict.leaves, verdict.gone) == ([], 7, 3)
    exported, export = await exported_at(months, database, tmp_path, then)
    assert exported.status == 0, exported.lines
    assert export.count(b'{"kind":"gone"') == 3


@pytest.mark.parametrize(("after", "early"), [(timedelta(), {1, 2, 7}), (LATER, {2, 7}), (2 * LATER, {7})])
async def test_events_that_were_dropped_before_their_time_are_told_one_by_one(
    months: Months, database: Database, tmp_path: Path, after: timedelta, early: set[int]
) -> None:
    await sealed(months, database, tmp_path)
    await keep_up(months.application)
    rows = await months.hand.fetch("SELECT position, retention_years FROM trail_leaf WHERE at < $1", month_of(-1))
    expected = sorted(row["position"] for row in rows if row["retention_years"] in early)
    then = datetime.now(UTC) + after
    verdict = await verdict_at(months, database, tmp_path, then)
    assert [problem.first for problem in verdict.problems] == expected
    assert {problem.what for problem in verdict.problems} == {"its event is gone before its time"}
    assert verdict.gone == 3 - len(early)
    exported, _ = await exported_at(months, database, tmp_path, then)
    assert exported.status == 1
    assert {problem.kind for problem in exported.problems} == {"gone"}
    assert sorted({problem.first for problem in exported.problems}) == expected


async def waiting_now(months: Months) -> int:
    return int(await months.hand.fetchval("SELECT count(*) FROM unsealed_event"))


async def in_the_rest(months: Months) -> None:
    await months.found(1, month_of(-20))


async def in_a_month(months: Months) -> None:
    for table in TABLES:
        await months.hand.execute("SELECT trail_add_month($1, 1, $2)", table, month_of(-20))
    await in_the_rest(months)


@pytest.mark.parametrize("added", [in_the_rest, in_a_month])
async def test_what_waits_for_its_seal_is_not_dropped_before_it(
    months: Months, database: Database, tmp_path: Path, added: Callable[[Months], Awaitable[None]]
) -> None:
    await added(months)
    await months.hand.execute("DELETE FROM access_term")
    await keep_up(months.application)
    assert await waiting_now(months) == await months.hand.fetchval("SELECT count(*) FROM access_event") == 1
    await Sealer(database, lambda: KEYS, CheckpointFolder(tmp_path)).seal(months.tenant_id, KEYS)
    await keep_up(months.application)
    assert await waiting_now(months) == await months.hand.fetchval("SELECT count(*) FROM access_event") == 0
    assert (await verdict_at(months, database, tmp_path, datetime.now(UTC) + LATER)).problems == []
