"""Looking cases up."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from domain.cases.model import staff_case
from tenants.session import ReadSession, in_tenant


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that is open: whose it is, in which role and what for."""

    id: UUID
    staff_id: UUID
    staff_role: str
    purpose: str


async def find_open_case(session: ReadSession, ticket: str, roles: Collection[str]) -> OpenCase | None:
    """Return the newest open case with that ticket of staff in one of `roles`, or None."""
    columns = (staff_case.c.id, staff_case.c.staff_id, staff_case.c.staff_role, staff_case.c.purpose)
    row = await session.first(
        select(*columns)
        .where(
            in_tenant(staff_case),
            staff_case.c.ticket == ticket,
            staff_case.c.staff_role.in_(roles),
            staff_case.c.closed_at.is_(None),
            staff_case.c.opened_at <= func.now(),
            staff_case.c.expires_at > func.now(),
        )
        .order_by(staff_case.c.opened_at.desc())
        .limit(1)
    )
    return None if row is None else OpenCase(*row)
