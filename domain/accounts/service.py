"""Sessions: beginning one, and who is behind one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, CompoundSelect, Select, Uuid, and_, bindparam, func, or_, select, union

from domain.accounts.model import session as sessions
from domain.accounts.tokens import Claims
from domain.cases.model import staff_case, staff_case_subject
from domain.courses.model import teaching
from domain.people.model import STAFF_ROLES, person, role_grant
from domain.people.relations import is_member, live_guardianships
from tenants.ids import uuid7
from tenants.keys.cells import Owned
from tenants.keys.statements import wrapped_key
from tenants.model import tenant
from tenants.session import CURRENT_TENANT, ReadSession, WriteSession, in_tenant
from tenants.statements import compiled


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who is behind a live session: a member of the tenant, or the platform's staff with an open case on it."""

    person_id: UUID
    session_id: UUID
    minor: bool
    granted: Sequence[str]
    wards: Sequence[UUID]
    guardians: Sequence[UUID]
    taught: Sequence[UUID]
    """The courses that the bearer teaches."""
    case_id: UUID | None
    case_purpose: str | None
    case_people: Sequence[UUID]
    """Whom the case names, and the guardians of the minors among them."""
    policy_stamp: UUID | None
    """Of the tenant's own rules, as this transaction sees them."""


async def bearer_of(session: ReadSession, claims: Claims) -> Bearer | None:
    """Return who is behind the session that `claims` name, or None when it has ended or never was.

    Read in the request's own transaction, so a session that was ended, a member who left and a case that was closed
    stop at once.
    """
    found = await session.run(_BEARER, {"session_id": claims.session_id, "bearer_id": claims.person_id})
    if not found:
        return None
    row = found[0]
    for owner_id, wrapped in ((claims.person_id, row["data_key"]), (session.tenant_id, row["tenant_data_key"])):
        if wrapped is not None:
            session.keys.met(Owned(owner_id, wrapped))
    return Bearer(
        person_id=claims.person_id,
        session_id=claims.session_id,
        minor=row["minor"] is not False and row["case_id"] is None,
        granted=[row["staff_role"]] if row["case_id"] is not None else sorted(row["granted"]),
        wards=row["wards"],
        guardians=row["guardians"],
        taught=row["taught"],
        case_id=row["case_id"],
        case_purpose=row["purpose"],
        case_people=row["case_people"],
        policy_stamp=row["policy_stamp"],
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
    live = live_guardianships().subquery()
    taught = select(teaching.c.course_id).where(in_tenant(teaching), teaching.c.person_id == bearer_id)
    # A staff role is used through a case alone, whoever granted it to whom.
    of_members = and_(*(role_grant.c.role != role.value for role in STAFF_ROLES))
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
            staff_case.c.purpose,
            func.array(granted.scalar_subquery()).label("granted"),
            _people(select(live.c.ward_id).where(live.c.guardian_id == bearer_id)).label("wards"),
            _people(select(live.c.guardian_id).where(live.c.ward_id == bearer_id)).label("guardians"),
            _people(taught).label("taught"),
            _people(_case_people()).label("case_people"),
            select(tenant.c.policy_stamp).where(in_tenant(tenant)).scalar_subquery().label("policy_stamp"),
            # Their address and device are sealed in the record of what they read.
            wrapped_key(bearer_id).label("data_key"),
            # And what they look for by the whole of it is hashed.
            wrapped_key(CURRENT_TENANT).label("tenant_data_key"),
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


def _case_people() -> CompoundSelect[UUID]:
    """Return whom the session's case names, and the guardians of the minors among them."""
    named = (
        select(staff_case_subject.c.person_id)
        .where(in_tenant(staff_case_subject), staff_case_subject.c.case_id == sessions.c.case_id)
        .correlate(sessions)
    )
    live = live_guardianships().subquery()
    return union(named, select(live.c.guardian_id).where(live.c.ward_id.in_(named)).correlate(sessions))


def _people(found: Select[UUID] | CompoundSelect[UUID]) -> ColumnElement[list[UUID]]:
    return func.array(found.scalar_subquery(), type_=ARRAY(Uuid()))


_BEARER = compiled(_bearer())
