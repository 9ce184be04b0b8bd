"""Who may do what with the trail's months: upkeep alone, and it waits for nobody."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from tests.migrations.months import (
    PERSON,
    REST,
    TABLES,
    Months,
    connected,
    keep_up,
    month_of,
    part_of,
    parts_in,
    place_of,
)
from tests.support.cluster import Urls


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE {part}",
        "DROP TABLE access_event",
        "ALTER TABLE access_event_1y DETACH PARTITION {part}",
        "ALTER TABLE {part} NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE access_event DISABLE TRIGGER ALL",
        "TRUNCATE {part}",
        "TRUNCATE access_event",
        "DELETE FROM access_event",
        "UPDATE access_event SET purpose = 'x'",
        "SELECT FROM {part}",
        "INSERT INTO {part} SELECT * FROM access_event",
        "SELECT trail_add_month('access_event', 1, now())",
        "SELECT enqueue_access_event()",
        "CREATE OR REPLACE FUNCTION trail_upkeep() RETURNS void LANGUAGE sql AS ''",
    ],
)
async def test_the_application_may_call_upkeep_and_nothing_else(months: Months, statement: str) -> None:
    month = month_of(-5)
    event_id = await months.found(1, month)
    await keep_up(months.application)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with months.application.transaction():
            await months.application.execute("SELECT set_config('app.tenant', $1, true)", str(months.tenant_id))
            await months.application.execute(statement.format(part=part_of("access_event", 1, month)))
    assert await months.seen_by_the_application(event_id) == [(event_id, PERSON)]


async def test_upkeep_works_within_a_tenant_as_outside_of_one(months: Months) -> None:
    """What waits is seen whatever tenant is set, and not dropped before it is sealed."""
    event_id, over = await months.found(1, month_of(-5)), await months.found(1, month_of(-20))
    for _ in range(2):
        async with months.application.transaction():
            await months.application.execute("SELECT set_config('app.tenant', $1, true)", str(UUID(int=1)))
            await keep_up(months.application)
    assert await place_of(months.hand, over) == [part_of(table, 1, month_of(-20)) for table in TABLES]
    assert await place_of(months.hand, event_id) == [part_of(table, 1, month_of(-5)) for table in TABLES]


@pytest.mark.parametrize(
    "lock", ["SELECT FROM access_event", "LOCK TABLE access_event IN ACCESS EXCLUSIVE MODE", "SELECT FROM access_term"]
)
async def test_upkeep_gives_up_at_once_while_somebody_holds_the_table(months: Months, urls: Urls, lock: str) -> None:
    event_id = await months.found(1, month_of(-5))
    before, loop = await parts_in(months.hand), asyncio.get_running_loop()
    async with connected(urls.superuser) as other:
        async with other.transaction():
            await other.execute(lock)
            started = loop.time()
            with pytest.raises(asyncpg.LockNotAvailableError):
                async with asyncio.timeout(10):
                    await keep_up(months.application)
            # The promise itself: half a second for the lock.
            assert loop.time() - started < 1.5
        assert await parts_in(months.hand) == before
        assert await place_of(months.hand, event_id) == ["access_event_1y_rest", "access_term_1y_rest"]
        forced = "SELECT count(*) FROM pg_class WHERE relname = ANY($1) AND relforcerowsecurity"
        assert await months.hand.fetchval(forced, sorted(REST)) == len(REST)
    assert await keep_up(months.application) == (2, 0)
    assert await months.waits(event_id) == 1
