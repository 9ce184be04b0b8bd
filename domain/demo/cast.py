"""The cast: one person per role, so that each role can be tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.demo.cases import ensure_staff_cases
from domain.demo.guardians import draw_guardianship
from domain.demo.kinds import ROLES, STAFF, Kind, Who
from domain.demo.names import Names
from domain.demo.people import draw_person, grant_of, membership_of
from domain.demo.seed import Calendar, fixed_id
from domain.demo.store import Content, has_person, lock_tenant, put
from domain.people.model import guardianship, membership, person, role_grant
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tenants.model import PLATFORM_SLUG
from tenants.session import SystemTask, Task

_ADDED = (Kind.MINOR, Kind.GUARDIAN, Kind.ENTERPRISE_ADMIN)


@dataclass(frozen=True, slots=True)
class CastMember:
    """Somebody of the cast of a tenant."""

    role: str
    """`learner`, `minor`, `guardian`, `instructor`, `enterprise_admin`, `support`, `security` or `privacy`."""
    person_id: UUID
    """Of the tenant; the staff's is of the platform's tenant."""
    case_id: UUID | None
    """The open case on the tenant, for the staff only."""


async def ensure_staff(database: Database) -> None:
    """Add the platform's tenant and its three people, where they are missing."""
    tenant_id = await ensure_tenant(database, PLATFORM_SLUG, "Platform", tenant_id=fixed_id("tenant", PLATFORM_SLUG))
    await _ensure_people(database, tenant_id, STAFF)


async def ensure_cast(
    database: Database, tenant_id: TenantId, *, learner_id: UUID, instructor_id: UUID
) -> dict[str, CastMember]:
    """Return the whole cast of a tenant that has only a learner and an instructor of its own.

    Adds, where they are missing, a minor with a guardian, an enterprise admin, and the staff with open cases; nobody
    is enrolled. Raises `LookupError` when there is no such tenant, `DemoUnavailableError` without mimesis.
    """
    await ensure_staff(database)
    slug = await _ensure_people(database, tenant_id, _ADDED)
    people = {Kind.LEARNER: learner_id, Kind.INSTRUCTOR: instructor_id, **{kind: Who(kind).id(slug) for kind in _ADDED}}
    return await with_staff(database, tenant_id, people)


async def with_staff(database: Database, tenant_id: TenantId, people: Mapping[Kind, UUID]) -> dict[str, CastMember]:
    """Return the cast made of `people` and the platform's staff, who get open cases on the tenant if they have none."""
    cases = await ensure_staff_cases(database, tenant_id, (people[Kind.LEARNER], people[Kind.MINOR]))
    staff = {kind: Who(kind).id(PLATFORM_SLUG) for kind in STAFF}
    return {kind.value: CastMember(kind.value, id_, cases.get(kind)) for kind, id_ in {**people, **staff}.items()}


async def _ensure_people(database: Database, tenant_id: TenantId, kinds: Sequence[Kind]) -> str:
    """Add the cast's people of `kinds` to the tenant, all or none; return its slug."""
    async with database.writing(SystemTask(Task.DEMO, tenant_id)) as session:
        slug = await lock_tenant(session)
        if not await has_person(session, Who(kinds[0]).id(slug)):
            await put(session, _draw(slug, kinds))
    return slug


def _draw(slug: str, kinds: Sequence[Kind]) -> Content:
    names, calendar = Names(), Calendar.starting_now()
    whole_cast = [Who(kind) for kind in kinds]
    return {
        person: [draw_person(slug, who, names, calendar) for who in whole_cast],
        membership: [membership_of(slug, who, calendar) for who in whole_cast],
        role_grant: [grant_of(slug, who, calendar) for who in whole_cast if who.kind in ROLES],
        guardianship: [draw_guardianship(slug, calendar)] if Kind.GUARDIAN in kinds else [],
    }
