"""What those who read stand on: a durable server with the demo, people who are signed in, and whom they read of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from api.ids import encode_id
from domain.accounts.lasting import lasting_session
from domain.accounts.tokens import Tokens
from domain.demo.service import ensure_demo
from tenants.database import Database
from tenants.directory import find_tenant
from tenants.session import SystemTask, Task
from tests.api.reading.conftest import open_database
from tests.trail.own_server import OwnServer
from tests.trail.readers import Bearer

TENANT, ROLES = "northwind", ("privacy", "instructor", "enterprise_admin")
_LEARNERS = """SELECT person_id FROM membership JOIN tenant USING (tenant_id) WHERE slug = $1 ORDER BY person_id"""


@dataclass(frozen=True, slots=True)
class Ground:
    """A server, who reads, and whose global ids they know."""

    server: OwnServer
    bearers: Sequence[Bearer]
    learners: Sequence[str]


async def ground_on(server: OwnServer, issuer: Tokens) -> Ground:
    """Make the demo on `server`, and sign its people in for hours."""
    database = open_database(server.urls)
    try:
        bearers = await _bearers(database, issuer)
    finally:
        await database.close()
    connection = await asyncpg.connect(server.urls.superuser)
    try:
        learners = await connection.fetch(_LEARNERS, TENANT)
    finally:
        await connection.close()
    return Ground(server, bearers, [encode_id("Learner", row["person_id"]) for row in learners])


async def _bearers(database: Database, issuer: Tokens) -> list[Bearer]:
    cast = (await ensure_demo(database, lambda _line: None))[TENANT]
    tenant_id, now = await find_tenant(database, TENANT), datetime.now(UTC)
    found = []
    async with database.writing(SystemTask(Task.DEMO, tenant_id)) as session:
        for one in (cast[role] for role in ROLES):
            session_id, _ = await lasting_session(
                session,
                person_id=one.person_id,
                case_id=one.case_id,
                at_least=now + timedelta(hours=1),
                until=now + timedelta(hours=20),
            )
            found.append(Bearer(issuer, tenant_id, one.person_id, session_id))
    return found
