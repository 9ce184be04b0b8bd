"""The trail's months: made ahead, filled from the rest, dropped whole when their time is over."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from tests.migrations.months import (
    AHEAD,
    CLASSES,
    DAY,
    PERSON,
    REST,
    TABLES,
    Months,
    add_event,
    connected,
    keep_up,
    month_of,
    part_of,
    parts_in,
    place_of,
)
from tests.support.cluster import Urls


async def test_this_month_and_three_ahead_are_there_for_every_class(months: Months) -> None:
    assert await parts_in(months.hand) == AHEAD | REST
    assert await keep_up(months.application) == (0, 0)
    for part in AHEAD:
        await months.hand.execute(f"DROP TABLE {part}")
    assert await keep_up(months.application) == (24, 0)
    assert await parts_in(months.hand) == AHEAD | REST
    assert await keep_up(months.application) == (0, 0)


async def test_many_may_keep_up_at_once(months: Months, urls: Urls) -> None:
    for part in AHEAD:
        await months.hand.execute(f"DROP TABLE {part}")

    async def one() -> tuple[int, int]:
        async with connected(urls.application) as connection:
            return await keep_up(connection)

    done = await asyncio.gather(*(one() for _ in range(6)))
    assert sum(made for made, _ in done) == 24
    assert await parts_in(months.hand) == AHEAD | REST


@pytest.mark.parametrize("years", CLASSES)
async def test_an_event_of_a_month_without_partition_lies_in_the_rest_until_upkeep(months: Months, years: int) -> None:
    month = month_of(-5)
    event_id = await months.found(years, month)
    assert await place_of(months.hand, event_id) == [f"{table}_{years}y_rest" for table in TABLES]
    assert await months.seen_by_the_application(event_id) == [(event_id, PERSON)]
    waited = await months.hand.fetch("SELECT * FROM unsealed_event")
    assert await keep_up(months.application) == (2, 0)
    assert await place_of(months.hand, event_id) == [part_of(table, years, month) for table in TABLES]
    assert await months.seen_by_the_application(event_id) == [(event_id, PERSON)]
    assert await months.hand.fetch("SELECT * FROM unsealed_event") == waited
    assert await months.waits(event_id) == 1
    assert await keep_up(months.application) == (0, 0)


async def test_a_month_made_later_has_the_keys_and_the_trigger_of_the_others(months: Months) -> None:
    month = month_of(-5)
    await months.found(2, month)
    await keep_up(months.application)
    described = """
        SELECT regexp_replace(pg_get_constraintdef(oid), '[0-9]{4}_[0-9]{2}', '') FROM pg_constraint
        WHERE conrelid = $1::text::regclass AND contype <> 'n'
        UNION ALL SELECT 'trigger ' || tgfoid::regproc || tgenabled::text FROM pg_trigger
        WHERE tgrelid = $1::text::regclass
        UNION ALL SELECT regexp_replace(pg_get_indexdef(indexrelid), '[0-9]{4}_[0-9]{2}', '', 'g') FROM pg_index
        WHERE indrelid = $1::text::regclass
        UNION ALL SELECT format('forced %s %s', relrowsecurity, relforcerowsecurity) FROM pg_class
        WHERE oid = $1::text::regclass
        ORDER BY 1
    """
    for table in TABLES:
        late = await months.hand.fetch(described, part_of(table, 2, month))
        assert late == await months.hand.fetch(described, part_of(table, 2, month_of(0)))
        assert len(late) > 3
        forced = "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = $1::text::regclass"
        for part in (part_of(table, 2, month), f"{table}_2y_rest"):
            assert await months.hand.fetchval(forced, part)
    nobody = UUID(int=1)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await add_event(months.hand, nobody, 2, month + DAY)
    again = await add_event(months.hand, months.tenant_id, 2, month + DAY)
    assert await months.waits(again) == 1


async def test_months_whose_time_is_over_are_dropped_whole_and_no_others(months: Months) -> None:
    gone: list[UUID] = []
    stay: list[UUID] = []
    for years in CLASSES:
        for ahead, kept in ((-12 * years - 1, gone), (-12 * years - 40, gone), (-12 * years, stay), (-1, stay)):
            for table in TABLES:
                add = "SELECT trail_add_month($1, $2, $3)"
                await months.hand.execute(add, table, years, month_of(ahead))
            kept.append(await months.found(years, month_of(ahead)))
    places = {event_id: await place_of(months.hand, event_id) for event_id in gone + stay}
    assert len({part for parts in places.values() for part in parts}) == 24
    await months.none_waits()
    assert await keep_up(months.application) == (0, 12)
    for event_id in gone:
        assert await place_of(months.hand, event_id) == []
    for event_id in stay:
        assert await place_of(months.hand, event_id) == places[event_id]
    assert await parts_in(months.hand) == AHEAD | REST | {part for event_id in stay for part in places[event_id]}


async def test_what_lies_in_the_rest_goes_when_its_time_is_over(months: Months) -> None:
    edges = {years: month_of(-12 * years) for years in CLASSES}
    early = [await months.found(years, edge - 40 * DAY) for years, edge in edges.items()]
    last = [await add_event(months.hand, months.tenant_id, years, edge) for years, edge in edges.items()]
    before = [await add_event(months.hand, months.tenant_id, 1, edges[1] - timedelta(microseconds=1))]
    await months.none_waits()
    assert await keep_up(months.application) == (6, 0)
    for event_id in early + before:
        assert await place_of(months.hand, event_id) == []
    for years, event_id in zip(CLASSES, last, strict=True):
        assert await place_of(months.hand, event_id) == [part_of("access_event", years, edges[years])]


async def test_events_far_in_the_future_stay_in_the_rest(months: Months) -> None:
    far = await months.found(1, month_of(4))
    near = await months.found(1, month_of(3))
    for _ in range(2):
        assert await keep_up(months.application) == (0, 0)
        assert await place_of(months.hand, far) == ["access_event_1y_rest", "access_term_1y_rest"]
        forced = "SELECT count(*) FROM pg_class WHERE relname = ANY($1) AND relforcerowsecurity"
        assert await months.hand.fetchval(forced, sorted(REST)) == len(REST)
    assert await place_of(months.hand, near) == [part_of(table, 1, month_of(3)) for table in TABLES]
    assert await months.seen_by_the_application(far) == [(far, PERSON)]
    past = await months.found(1, month_of(-2))
    assert await keep_up(months.application) == (2, 0)
    assert (await months.waits(past), await months.waits(far)) == (1, 1)
    assert await place_of(months.hand, far) == ["access_event_1y_rest", "access_term_1y_rest"]
