"""Many access events, made in the database itself: of random people of a tenant, over many months."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg

_STEP = 20_000
# Deterministic: who is read follows from the event's number, and so does when.
_FILL = """
    INSERT INTO access_event (
        tenant_id, retention_years, at, id, actor_id, roles, capacities, session_id, purpose, operation, document_hash,
        request_id, policy_version, outcome, subject_count, disclosures, denials)
    SELECT $1, 2, $6::timestamptz - make_interval(secs => ($5 - n) * 55.0 * 86400 * 9 / $5),
           gen_random_uuid(), people[1 + n % 97], '{LEARNER,INSTRUCTOR}', '{INSTRUCTOR}', gen_random_uuid(),
           (ARRAY['TEACHING', 'SELF_SERVICE', 'SEAT_MANAGEMENT'])[1 + n % 3], 'Operation' || n % 50, repeat('ab', 32),
           gen_random_uuid()::text, 'v1', CASE n % 100 WHEN 0 THEN 'DENIED' ELSE 'RELEASED' END, 10,
           jsonb_build_array(jsonb_build_object(
               'fields',
               '["Enrollment.id", "Enrollment.progress", "Learner.email", "Learner.id", "Learner.name"]'::jsonb,
               'categories', '["LEARNING", "LEARNING", "CONTACT", "IDENTIFIER", "IDENTITY"]'::jsonb,
               'subjects', (SELECT jsonb_agg(DISTINCT person) FROM (
                   SELECT people[1 + (hashint8(n * 16 + k) & 2147483647) % cardinality(people)] AS person
                   FROM generate_series(1, 9) AS k
                   UNION ALL SELECT CASE n % $4 WHEN 0 THEN $3 ELSE people[1 + n % cardinality(people)] END
               ) AS drawn))),
           '[]'
    FROM generate_series($7::bigint, $8::bigint) AS n, (SELECT $2::uuid[] AS people) AS known
"""


_TRIES = 100


@dataclass(frozen=True, slots=True)
class Many:
    """So many events in a tenant, of ten people each, every `often`-th of them about `person_id` too."""

    tenant_id: UUID
    person_id: UUID
    events: int
    often: int


async def fill(superuser_url: str, many: Many, progress: Callable[[int, int], None]) -> None:
    """Add `many` events."""
    connection = await asyncpg.connect(superuser_url)
    known = "SELECT array_agg(id ORDER BY id) FROM person WHERE tenant_id = $1"
    try:
        people, now = await connection.fetchval(known, many.tenant_id), await connection.fetchval("SELECT now()")
        for first in range(1, many.events + 1, _STEP):
            last = min(first + _STEP - 1, many.events)
            facts = (many.tenant_id, people, many.person_id, many.often, many.events, now)
            await connection.execute(_FILL, *facts, first, last)
            progress(last, many.events)
        await _move_into_months(connection)
    finally:
        await connection.close()


async def _move_into_months(connection: asyncpg.Connection) -> None:
    """Wait for autovacuum, which looks at what was added: upkeep does not wait long, so that nobody waits for it."""
    for _ in range(_TRIES):
        try:
            await connection.execute("SELECT trail_upkeep()")
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(3)
        else:
            return
    await connection.execute("SELECT trail_upkeep()")
