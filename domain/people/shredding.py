"""Destroying a person's key: what is sealed of them opens nowhere any more, in no backup of the data either."""

from uuid import UUID

from sqlalchemy import bindparam, update

from domain.people.model import person
from tenants.keys import statements
from tenants.session import WriteSession, in_tenant
from tenants.statements import compiled


async def shred_key(session: WriteSession, person_id: UUID, reason: str) -> bool:
    """Destroy the key of a person for `reason` (at most 200 characters, nothing personal), and put it on record.

    The hash by which their address was found goes too. They get no other key. Tells whether it is destroyed now: a
    second time nothing happens. Raises `DatabaseUnavailableError`.
    """
    destroyed = await session.run(statements.RECORD_SHREDDED, {"owner_id": person_id, "reason": reason})
    await session.run(statements.SHRED, {"owner_id": person_id})
    await session.run(_FORGET_ADDRESS, {"person_id": person_id})
    return bool(destroyed)


_FORGET_ADDRESS = compiled(
    update(person)
    .where(in_tenant(person), person.c.id == bindparam("person_id", type_=person.c.id.type))
    .values(email_hash=None)
)
