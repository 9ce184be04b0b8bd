"""The one tenant that every server reads: real data where it is there, and who asks in it."""

import asyncio
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
from sqlalchemy import and_, select

from api.app import token_keys, tokens
from api.commands.importing import load_oulad
from api.commands.store import Store
from api.commands.terminal import Report, say
from benchmarks.generated import write_group, write_module
from domain.accounts.service import begin_session
from domain.courses.model import course, teaching
from domain.enrollments.model import assessment_result, enrollment
from domain.oulad.lookup import OULAD_SLUG
from domain.oulad.writer import Tally, writing
from domain.people.model import person
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tenants.session import ReadSession, SystemTask, Task, in_tenant

_TOKEN_LASTS = timedelta(hours=12)

_TAUGHT = (
    select(course.c.id, teaching.c.person_id)
    .join(teaching, and_(teaching.c.tenant_id == course.c.tenant_id, teaching.c.course_id == course.c.id))
    .where(in_tenant(course), course.c.code == "BBB", course.c.presentation == "2014J")
    .limit(1)
)
_GROUP = select(person.c.id).where(in_tenant(person), person.c.external_id == "benchmark:benchmark-0")
# The files are loaded in order and the results last, each in one transaction: with one result, all of it is there.
_LOADED = (
    select(assessment_result.c.id)
    .join(
        enrollment,
        and_(
            enrollment.c.tenant_id == assessment_result.c.tenant_id,
            enrollment.c.id == assessment_result.c.enrollment_id,
        ),
    )
    .join(course, and_(course.c.tenant_id == enrollment.c.tenant_id, course.c.id == enrollment.c.course_id))
    .where(in_tenant(assessment_result), course.c.code == "BBB")
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is measured on: the tenant, the course BBB 2014J, its instructor and their token."""

    tenant_id: str
    course_id: str
    viewer_id: str
    token: str
    data: str
    """`oulad` or `generated`."""

    def as_json(self) -> dict[str, str]:
        """Return the ground for a process that serves it."""
        return asdict(self)


def prepare(store: Store, oulad: Path, report: Report) -> Ground:
    """Load what is missing into the database of `store`, gather statistics, and sign the instructor in.

    Uses the files in the folder `oulad` when it is there. Raises `CommandError` for damaged ones.
    """
    ground = asyncio.run(_prepare(store, oulad, report))
    assert store.superuser_url is not None, "the comparison has an embedded database"
    asyncio.run(gather_statistics(store.superuser_url))
    return ground


async def _prepare(store: Store, oulad: Path, report: Report) -> Ground:
    database = store.open()
    try:
        tenant_id = await ensure_tenant(database, OULAD_SLUG, "Open University")
        data = await _ensure_module(store, database, tenant_id, oulad, report)
        course_id, instructor_id = await _taught(database, tenant_id)
        await _ensure_group(database, tenant_id, instructor_id)
        token = await sign_in(store, database, tenant_id, instructor_id)
        return Ground(str(tenant_id), str(course_id), str(instructor_id), token, data)
    finally:
        await database.close()


async def _ensure_module(store: Store, database: Database, tenant_id: TenantId, oulad: Path, report: Report) -> str:
    async with database.reading(SystemTask(Task.IMPORT, tenant_id)) as session:
        loaded = await session.first(_LOADED) is not None
        found = await session.first(select(course.c.id).where(in_tenant(course), course.c.code == "AAA"))
    if loaded:
        return "generated" if found is None else "oulad"
    if await asyncio.to_thread(oulad.is_dir):
        await load_oulad(store, oulad, OULAD_SLUG, report)
        return "oulad"
    say(f"There is no OULAD in {oulad}: a module of 3,000 people is made up instead.")
    async with writing(database, tenant_id, Tally()) as writer:
        await write_module(writer)
    return "generated"


async def _ensure_group(database: Database, tenant_id: TenantId, instructor_id: UUID) -> None:
    async with database.reading(SystemTask(Task.IMPORT, tenant_id)) as session:
        if await session.first(_GROUP) is not None:
            return
    async with writing(database, tenant_id, Tally()) as writer:
        await write_group(writer, instructor_id)


async def _taught(database: Database, tenant_id: TenantId) -> tuple[UUID, UUID]:
    async with database.reading(SystemTask(Task.IMPORT, tenant_id)) as session:
        return await _course_and_instructor(session)


async def _course_and_instructor(session: ReadSession) -> tuple[UUID, UUID]:
    row = await session.first(_TAUGHT)
    assert row is not None, "the module was loaded, and the import gives each presentation its instructor"
    return row.id, row.person_id


async def sign_in(store: Store, database: Database, tenant_id: TenantId, person_id: UUID) -> str:
    """Return a token of somebody in the tenant."""
    until = datetime.now(UTC) + _TOKEN_LASTS
    async with database.writing(SystemTask(Task.SIGN_IN, tenant_id)) as session:
        session_id = await begin_session(session, until, person_id=person_id)
    return tokens(store.settings, token_keys(store.settings)).issue(tenant_id, person_id, session_id, until)


async def gather_statistics(url: str) -> None:
    """Let the server at the superuser's address `url` know its tables, as autovacuum would after a while."""
    # Autovacuum would do it a minute later, in the middle of a round.
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
