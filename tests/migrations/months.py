"""Events of any time, put into a migrated database as a clock that was wrong would have, and where they lie."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from tenants.ids import TenantId, uuid7

TABLES, CLASSES = ("access_event", "access_term"), (1, 2, 7)
PERSON = UUID(int=7)
_EVENT = """
    INSERT INTO access_event (tenant_id, retention_years, at, id, actor_id, roles, capacities, session_id, purpose,
        document_hash, request_id, policy_version, outcome, subject_count, disclosures, denials)
    VALUES ($1, $2, $3, $4, $5, '{LEARNER}', '{LEARNER}', $5, 'SERVICE', 'ab', 'r', 'v1', 'RELEASED', 0, '[]', '[]')
"""
_TERM = "INSERT INTO access_term (tenant_id, term, retention_years, at, event_id) VALUES ($1, $2, $3, $4, $5)"


def this_month() -> datetime:
    """Return when this month began (UTC)."""
    return datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_of(ahead: int) -> datetime:
    """Return when the month began or will that is so many ahead of this one."""
    months = this_month().year * 12 + this_month().month - 1 + ahead
    return this_month().replace(year=months // 12, month=months % 12 + 1)


def part_of(table: str, years: int, month: datetime) -> str:
    """Return a month's partition."""
    return f"{table}_{years}y_{month:%Y_%m}"


async def add_event(connection: asyncpg.Connection, tenant_id: UUID, years: int, at: datetime) -> UUID:
    """Record an event as the superuser or in a transaction of the tenant's."""
    made = uuid7()
    await connection.execute(_EVENT, tenant_id, years, at, made, PERSON)
    return made


async def add_term(connection: asyncpg.Connection, tenant_id: UUID, years: int, at: datetime, event_id: UUID) -> None:
    """Let an event be found by a person."""
    await connection.execute(_TERM, tenant_id, PERSON, years, at, event_id)


async def place_of(connection: asyncpg.Connection, event_id: UUID) -> Sequence[str]:
    """Return the partitions in which an event lies, and after them those with its terms."""
    found = await connection.fetch(
        "SELECT tableoid::regclass::text AS part FROM access_event WHERE id = $1 "
        "UNION ALL SELECT tableoid::regclass::text FROM access_term WHERE event_id = $1",
        event_id,
    )
    return [row["part"] for row in found]


async def parts_in(connection: asyncpg.Connection) -> set[str]:
    """Return all partitions that hold rows."""
    found = await connection.fetch(
        "SELECT relid::regclass::text AS part FROM unnest($1::regclass[]) AS parent, pg_partition_tree(parent) "
        "WHERE isleaf",
        list(TABLES),
    )
    return {row["part"] for row in found}


async def keep_up(connection: asyncpg.Connection) -> tuple[int, int]:
    """Do what a server does each hour; return how many partitions were made and dropped."""
    row = await connection.fetchrow("SELECT made, dropped FROM trail_upkeep()")
    return row["made"], row["dropped"]


AHEAD = {part_of(table, years, month_of(ahead)) for table in TABLES for years in CLASSES for ahead in range(4)}
REST = {f"{table}_{years}y_rest" for table in TABLES for years in CLASSES}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Months:
    """A database with a tenant, as its superuser and the application reach it."""

    tenant_id: TenantId
    hand: asyncpg.Connection
    application: asyncpg.Connection

    async def seen_by_the_application(self, event_id: UUID) -> list[tuple[UUID, UUID]]:
        """Return the events that the tenant finds by the person of an event's term, and by the event's id."""
        async with self.application.transaction():
            await self.application.execute("SELECT set_config('app.tenant', $1, true)", str(self.tenant_id))
            found = await self.application.fetch(
                "SELECT event.id, term.term FROM access_term term JOIN access_event event "
                "ON event.tenant_id = term.tenant_id AND event.retention_years = term.retention_years "
                "AND event.at = term.at AND event.id = term.event_id WHERE term.term = $1 AND event.id = $2",
                PERSON,
                event_id,
            )
        return [(row["id"], row["term"]) for row in found]

    async def waits(self, event_id: UUID) -> int:
        """Return how many times an event waits for its seal."""
        return int(await self.hand.fetchval("SELECT count(*) FROM unsealed_event WHERE event_id = $1", event_id))

    async def none_waits(self) -> None:
        """Let every event be sealed, as far as the months go."""
        await self.hand.execute("DELETE FROM unsealed_event")

    async def found(self, years: int, month: datetime) -> UUID:
        """Add an event with a term in the middle of a month."""
        at = month + 14 * DAY
        event_id = await add_event(self.hand, self.tenant_id, years, at)
        await add_term(self.hand, self.tenant_id, years, at, event_id)
        return event_id


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
