"""Sessions that are used again from start to start, for demonstrations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from domain.accounts.model import session as sessions
from domain.accounts.service import begin_session
from tenants.session import WriteSession, in_tenant


async def lasting_session(
    session: WriteSession, *, person_id: UUID, case_id: UUID | None, at_least: datetime, until: datetime
) -> tuple[UUID, datetime]:
    """Return a live session that lasts at least until `at_least`, and when it ends: an old one, else a new one.

    It is the case's when there is one, else the person's; a new one ends at `until`. All instants are in UTC.
    """
    bearer = None if case_id else person_id
    row = await session.first(_LASTING, {"person_id": bearer, "case_id": case_id, "at_least": at_least})
    if row is not None:
        return row.id, row.expires_at
    made = await begin_session(session, until, person_id=bearer, case_id=case_id)
    return made, until


def _lasting() -> Select[UUID, datetime]:
    return (
        select(sessions.c.id, sessions.c.expires_at)
        .where(
            in_tenant(sessions),
            sessions.c.person_id.is_not_distinct_from(bindparam("person_id", type_=sessions.c.person_id.type)),
            sessions.c.case_id.is_not_distinct_from(bindparam("case_id", type_=sessions.c.case_id.type)),
            sessions.c.ended_at.is_(None),
            sessions.c.started_at <= func.now(),
            sessions.c.expires_at >= bindparam("at_least", type_=sessions.c.expires_at.type),
        )
        .order_by(sessions.c.expires_at.desc(), sessions.c.id)
        .limit(1)
    )


_LASTING = _lasting()
