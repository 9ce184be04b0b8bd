"""Looking people up."""

from uuid import UUID

from sqlalchemy import bindparam, select

from domain.people.model import person
from domain.people.relations import is_member
from tenants.session import ReadSession, in_tenant

_MEMBER = select(person.c.id).where(in_tenant(person), is_member(person.c.id))
_BY_EMAIL = _MEMBER.where(person.c.email == bindparam("email"))
_BY_ID = _MEMBER.where(person.c.id == bindparam("id"))


async def find_member(session: ReadSession, *, email: str | None = None, person_id: UUID | None = None) -> UUID | None:
    """Return the id of the tenant's member with that address (in any case) or that id, or None."""
    if email is not None:
        row = await session.first(_BY_EMAIL, {"email": email.strip().lower()})
    else:
        row = await session.first(_BY_ID, {"id": person_id})
    return None if row is None else row.id
