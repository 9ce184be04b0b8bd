"""Sessions: beginning one, and who is behind one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select

from domain.accounts.model import session as sessions
from domain.accounts.tokens import Claims
from domain.cases.model import staff_case
from domain.people.model import STAFF_ROLES, person, role_grant
from domain.people.relations import is_member, live_guardianships
from tenants.ids import uuid7
from tenants.session import ReadSession, WriteSession, in_tenant


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who is behind a live session: a member of the tenant, or the platform's staff with an open case on it."""

    person_id: UUID
    session_id: UUID
    minor: bool
    granted: Sequence[str]
    has_wards: bool
    has_guardians: bool
    case_id: UUID | None


async def bearer_of(session: ReadSession, claims: Claims) -> Bearer | None:
    """Return who is behind the session that `claims` name, or None when it has ended or never was.

    Read in the request's own transaction, so a session that was ended, a member who left and a case that was closed
    stop at once.
    """
    row = await session.first(_BEARER, {"session_id": claims.session_id, "bearer_id": claims.person_id})
    if row is None:
        return None
    return Bearer(
        person_id=claims.person_id,
        session_id=claims.session_id,
        minor=row.minor is not False and row.case_id is None,
        granted=[row.staff_role] if row.case_id is not None else sorted(row.granted),
        has_wards=row.has_wards,
        has_guardians=row.has_guardians,
        case_id=row.case_id,
    )


async def begin_session(
    session: WriteSession, expires_at: datetime, *, person_id: UUID | None = None, case_id: UUID | None = None
) -> UUID:
    """Begin a session of a member (`person_id`) or of a staff member's case (`case_id`); return its id."""
    session_id = uuid7()
    row = {"id": session_id, "person_id": person_id, "case_id": case_id, "expires_at": expires_at}
    await session.insert(sessions, [row])
    return session_id


def _bearer() -> Select[*tuple[object, ...]]:
    bearer_id = bindparam("bearer_id", type_=person.c.id.type)
    guardians = live_guardianships().subquery()
    # A staff role is used through a case alone, whoever granted it to whom.
    of_members = role_grant.c.role.not_in(STAFF_ROLES)
    granted = select(role_grant.c.role).where(in_tenant(role_grant), role_grant.c.person_id == bearer_id, of_members)
    is_person = and_(sessions.c.person_id == bearer_id, person.c.id.is_not(None), is_member(sessions.c.person_id))
    is_staff = and_(
        staff_case.c.staff_id == bearer_id, staff_case.c.closed_at.is_(None), staff_case.c.expires_at > func.now()
    )
    return (
        select(
            sessions.c.case_id,
            staff_case.c.staff_role,
            person.c.minor,
            func.array(granted.scalar_subquery()).label("granted"),
            exists().where(guardians.c.guardian_id == bearer_id).label("has_wards"),
            exists().where(guardians.c.ward_id == bearer_id).label("has_guardians"),
        )
        .select_from(sessions)
        .outerjoin(person, and_(person.c.tenant_id == sessions.c.tenant_id, person.c.id == sessions.c.person_id))
        .outerjoin(
            staff_case, and_(staff_case.c.tenant_id == sessions.c.tenant_id, staff_case.c.id == sessions.c.case_id)
        )
        .where(
            in_tenant(sessions),
            sessions.c.id == bindparam("session_id", type_=sessions.c.id.type),
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > func.now(),
            or_(is_person, is_staff),
        )
    )


_BEARER = _bearer()
