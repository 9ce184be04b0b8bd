"""Reading back what an import wrote."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from tenants.database import Database
from tenants.ids import TenantId
from tenants.session import SystemTask, Task

TABLES = (
    "course",
    "person",
    "membership",
    "role_grant",
    "teaching",
    "assessment",
    "enrollment",
    "assessment_result",
)


def quiet(step: str, done: int, total: int) -> None:
    """Take progress, and say nothing."""


async def ask(database: Database, tenant: TenantId, statement: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows of `statement`, of which the isolation shows the tenant's only."""
    async with database.reading(SystemTask(Task.IMPORT, tenant)) as session:
        return await session.rows(text(statement))


async def counts(database: Database, tenant: TenantId) -> dict[str, int]:
    """Return how many rows each table has."""
    query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in TABLES)
    return {row[0]: row[1] for row in await ask(database, tenant, query)}


async def enrolments(database: Database, tenant: TenantId) -> dict[tuple[str, str], tuple[object, ...]]:
    """Return the enrolments in the form of `files.expected_enrolments`."""
    found = await ask(
        database,
        tenant,
        """
        SELECT course.external_id, person.external_id, status, enrolled_at, withdrawn_at, completed_at, final_result,
               progress, average_score, last_activity_at
        FROM enrollment JOIN course ON course.id = course_id JOIN person ON person.id = learner_id
        """,
    )
    return {(row[0], row[1]): tuple(row[2:]) for row in found}
