"""Putting the demo's rows into a tenant: one demo at a time, and never over what is there."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Table, bindparam, select

from domain.demo.seed import Row
from domain.people.model import person
from tenants.bulk import upsert
from tenants.model import tenant
from tenants.session import WriteSession, in_tenant

Content = Mapping[Table, Sequence[Row]]
"""Rows by table, in an order in which every reference finds its target."""


async def lock_tenant(session: WriteSession) -> str:
    """Let other demos wait until this transaction has ended; return the tenant's slug.

    Raises `LookupError` when there is no such tenant.
    """
    # NO KEY UPDATE: rows that point at the tenant can still be written meanwhile.
    row = await session.first(select(tenant.c.slug).where(in_tenant(tenant)).with_for_update(key_share=True))
    if row is None:
        raise LookupError(f"There is no tenant {session.tenant_id}.")
    return str(row.slug)


async def has_person(session: WriteSession, person_id: UUID) -> bool:
    """Tell whether the session's tenant has the person."""
    query = select(person.c.id).where(in_tenant(person), person.c.id == bindparam("person_id"))
    return await session.first(query, {"person_id": person_id}) is not None


async def put(session: WriteSession, content: Content) -> None:
    """Add what is not there yet."""
    for table, rows in content.items():
        await _put(session, table, rows)


async def _put(session: WriteSession, table: Table, rows: Sequence[Row]) -> None:
    key = [column.name for column in table.primary_key if column.name != "tenant_id"]
    await upsert(session, table, rows, key=key, change=())
