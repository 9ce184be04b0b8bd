"""Making people, relations, cases and sessions for tests, and their tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from domain.accounts.model import session as sessions
from domain.accounts.tokens import Tokens
from domain.cases.model import staff_case
from domain.people.model import guardianship, membership, person, role_grant
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.keys.columns import sealed_columns
from tenants.keys.rows import sealed_values
from tenants.session import SystemTask, Task, in_tenant


def ago(**span: float) -> datetime:
    """Return an instant in the past (UTC), in the future for negative numbers."""
    return datetime.now(UTC) - timedelta(**span)


@dataclass(frozen=True, slots=True)
class People:
    """One tenant's rows."""

    database: Database
    tenant_id: TenantId
    issuer: Tokens

    async def add(self, table: Table, **row: Any) -> UUID:
        """Add a row; return its id."""
        row = {**({"id": uuid7()} if "id" in table.c else {}), **row}
        async with self.database.writing(SystemTask(Task.SIGN_IN, self.tenant_id)) as session:
            await session.insert(table, [row])
        return UUID(str(row.get("id", UUID(int=0))))

    async def change(self, table: Table, key: UUID, column: str = "id", **row: Any) -> None:
        """Change the rows of `table` whose `column` is `key`."""
        async with self.database.writing(SystemTask(Task.SIGN_IN, self.tenant_id)) as session:
            if sealed_columns(table) is not None:
                assert (table, column) == (person, "id"), "what is sealed is bound to its row, and to whose it is"
                row = dict(await sealed_values(session, table, key, key, row))
            changed = await session.change(table.update().where(in_tenant(table), table.c[column] == key).values(**row))
        assert changed == 1

    async def member(self, *, minor: bool = False, roles: Sequence[str] = ()) -> UUID:
        """Add a member; return the person's id."""
        person_id = await self.add(person, minor=minor)
        await self.add(membership, person_id=person_id)
        for role in roles:
            await self.add(role_grant, person_id=person_id, role=role)
        return person_id

    async def guard(self, guardian_id: UUID, ward_id: UUID, **row: Any) -> UUID:
        """Make somebody the guardian of somebody, confirmed unless `row` says otherwise; return its id."""
        row = {"confirmed_at": ago(days=1), **row}
        return await self.add(guardianship, guardian_id=guardian_id, ward_id=ward_id, **row)

    async def case(self, staff_id: UUID, role: str = "SUPPORT", **row: Any) -> UUID:
        """Open a case of a staff member, who gets a key; return its id."""
        facts: dict[str, Any] = {"purpose": "SUPPORT_CASE", "reason": "asked", "ticket": "T-1", "staff_role": role}
        facts |= {"opened_at": ago(days=2), "expires_at": ago(days=-1), **row}
        async with self.database.writing(SystemTask(Task.SIGN_IN, self.tenant_id)) as session:
            await session.keys.of([staff_id])
        return await self.add(staff_case, staff_id=staff_id, **facts)

    async def session(self, **row: Any) -> UUID:
        """Begin a session (of `person_id` or `case_id`); return its id."""
        return await self.add(sessions, **{"started_at": ago(days=2), "expires_at": ago(days=-1), **row})

    def token(self, person_id: UUID, session_id: UUID, tenant_id: TenantId | None = None) -> str:
        """Return a token for the session."""
        until = datetime.now(UTC) + timedelta(minutes=9)
        return self.issuer.issue(tenant_id or self.tenant_id, person_id, session_id, until)

    async def sign_in(self, person_id: UUID) -> str:
        """Begin a session of a member; return a token for it."""
        return self.token(person_id, await self.session(person_id=person_id))
