"""The staff's open cases on a tenant: opened once, opened again when they have ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.cases.model import CasePurpose, staff_case, staff_case_subject
from domain.demo.kinds import ROLES, STAFF, Kind, Who
from domain.demo.seed import fixed_id
from domain.demo.store import lock_tenant, put
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.model import PLATFORM_SLUG
from tenants.session import SystemTask, Task, WriteSession, in_tenant

CASE_DAYS = 30
"""How long a case stays open."""

_TICKET = "DEMO-1"
_PURPOSES: Mapping[Kind, tuple[CasePurpose, str]] = {
    Kind.SUPPORT: (CasePurpose.SUPPORT_CASE, "The learner and the minor report that their course does not open."),
    Kind.SECURITY: (CasePurpose.SECURITY_REVIEW, "A review of the sign-ins and reads of the last weeks."),
    Kind.PRIVACY: (CasePurpose.PRIVACY_REQUEST, "A request for a copy of all data about a person."),
}


@dataclass(frozen=True, slots=True)
class _Case:
    """What a case has to be for the demo."""

    kind: Kind
    subjects: frozenset[UUID]

    @property
    def facts(self) -> dict[str, object]:
        purpose, reason = _PURPOSES[self.kind]
        return {
            "staff_id": Who(self.kind).id(PLATFORM_SLUG),
            "staff_role": ROLES[self.kind],
            "purpose": purpose,
            "reason": reason,
            "ticket": _TICKET,
        }


async def ensure_staff_cases(database: Database, tenant_id: TenantId, subjects: Sequence[UUID]) -> dict[Kind, UUID]:
    """Return the id of an open case on the tenant for each of `STAFF`; the support case is about `subjects`.

    A case that has expired or was closed, or that is about others, stays as it is and another one is opened.
    Raises `LookupError` when there is no such tenant.
    """
    async with database.writing(SystemTask(Task.DEMO, tenant_id)) as session:
        await lock_tenant(session)
        cases = [_Case(kind, frozenset(subjects if kind is Kind.SUPPORT else ())) for kind in STAFF]
        return {case.kind: await _find_open(session, case) or await _open(session, case) for case in cases}


async def _find_open(session: WriteSession, case: _Case) -> UUID | None:
    """Return the id of the newest open case that is what the demo needs, or None."""
    facts = {name: value for name, value in case.facts.items() if name != "reason"}
    alike = (staff_case.c[name] == bindparam(name) for name in facts)
    still_open = (staff_case.c.closed_at.is_(None), staff_case.c.expires_at > bindparam("now"))
    query = select(staff_case.c.id).where(in_tenant(staff_case), *alike, *still_open)
    found = await session.rows(query.order_by(staff_case.c.expires_at.desc()), {**facts, "now": datetime.now(UTC)})
    for row in found:
        if await _subjects(session, row.id) == case.subjects:
            return UUID(int=row.id.int)
    return None


async def _subjects(session: WriteSession, case_id: UUID) -> frozenset[UUID]:
    query = select(staff_case_subject.c.person_id).where(
        in_tenant(staff_case_subject), staff_case_subject.c.case_id == bindparam("case_id")
    )
    return frozenset(row.person_id for row in await session.rows(query, {"case_id": case_id}))


async def _open(session: WriteSession, case: _Case) -> UUID:
    """Open a case and return its id: the first one's is fixed, as all ids of the demo are, and later ones' are new.

    Who acts in it gets a key: their address and device are sealed in the record of what they read.
    """
    now = datetime.now(UTC)
    first = fixed_id("case", session.tenant_id, case.kind)
    query = select(staff_case.c.id).where(in_tenant(staff_case), staff_case.c.id == bindparam("id"))
    case_id = uuid7() if await session.first(query, {"id": first}) else first
    row = {"id": case_id, **case.facts, "opened_at": now, "expires_at": now + timedelta(days=CASE_DAYS)}
    subjects = [{"case_id": case_id, "person_id": person_id} for person_id in case.subjects]
    await put(session, {staff_case: [row], staff_case_subject: subjects})
    await session.keys.of([Who(case.kind).id(PLATFORM_SLUG)])
    return case_id
