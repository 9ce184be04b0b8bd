"""One statement per document, written by hand; run on the driver's connection."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from benchmarks.target import POOL_SIZE, SESSION_SETTINGS, Target

VIEWER = "SELECT tenant_id, slug, name FROM tenant WHERE tenant_id = $1"

ROSTER = """
SELECT c.id AS course_id, page.*
FROM course c
LEFT JOIN LATERAL (
    SELECT e.id, e.status, e.progress, e.average_score, e.final_result, e.last_activity_at, e.enrolled_at,
           p.id AS learner_id, p.name, p.picture_url, p.title, p.education, p.minor
    FROM (
        SELECT * FROM enrollment
        WHERE enrollment.tenant_id = $1 AND enrollment.course_id = $2 ORDER BY enrollment.id LIMIT $3
    ) e
    JOIN person p ON p.tenant_id = $1 AND p.id = e.learner_id
    ORDER BY e.id
) page ON true
WHERE c.tenant_id = $1 AND c.id = $2
"""

NESTED = """
SELECT p.id AS learner_id, p.name, e.id AS enrollment_id, e.status, r.id AS result_id, r.score, r.submitted_on
FROM (SELECT id, name FROM person WHERE tenant_id = $1 ORDER BY id LIMIT $2) p
LEFT JOIN LATERAL (
    SELECT id, status FROM enrollment
    WHERE enrollment.tenant_id = $1 AND enrollment.learner_id = p.id ORDER BY id LIMIT $3
) e ON true
LEFT JOIN LATERAL (
    SELECT id, score, submitted_on FROM assessment_result
    WHERE assessment_result.tenant_id = $1 AND assessment_result.enrollment_id = e.id ORDER BY id LIMIT $4
) r ON true
ORDER BY p.id, e.id, r.id
"""


class Driver:
    """The pool of connections, and the tenant that the statements read."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Connect."""
        self._pool = await asyncpg.create_pool(
            self._target.url,
            min_size=POOL_SIZE,
            max_size=POOL_SIZE,
            reset=_nothing,
            server_settings=dict(SESSION_SETTINGS),
        )

    async def close(self) -> None:
        """Disconnect."""
        if self._pool is not None:
            await self._pool.close()

    async def rows(self, statement: str, *values: UUID | int) -> Sequence[asyncpg.Record]:
        """Return the rows of `statement`; its first parameter is the tenant."""
        assert self._pool is not None, "opened by the application's lifespan"
        async with self._pool.acquire() as connection:
            found: Sequence[asyncpg.Record] = await connection.fetch(statement, self._target.tenant_id, *values)
            return found


async def _nothing(_connection: asyncpg.Connection) -> None:
    # No statement here changes a connection's state, so nothing has to be reset: a round trip less.
    return
