"""Making the demo once, and finding it again at every later start."""

from collections.abc import Callable

from domain.demo.cast import CastMember, ensure_staff, with_staff
from domain.demo.kinds import MEMBERS, Who
from domain.demo.names import Names
from domain.demo.seed import Calendar
from domain.demo.store import has_person, lock_tenant, put
from domain.demo.tenant import DEMO_TENANTS, DemoTenant, draw
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tenants.session import SystemTask, Task


class ForeignTenantError(Exception):
    """A tenant has the name of one of the demo's, and is not the demo's: nothing is added to it."""


async def ensure_demo(database: Database, progress: Callable[[str], None]) -> dict[str, dict[str, CastMember]]:
    """Return the cast of each demo tenant by slug and role; make what is missing and keep what is there.

    Each tenant is written in one transaction, so a start that was killed leaves a tenant whole or empty, and the next
    one goes on from there. Staff cases that have ended are replaced. `progress` gets a sentence per tenant made.
    Raises `ForeignTenantError`, `DemoUnavailableError` (no mimesis) and `DatabaseUnavailableError`.
    """
    await ensure_staff(database)
    return {tenant.slug: await _ensure(database, tenant, progress) for tenant in DEMO_TENANTS}


async def _ensure(database: Database, tenant: DemoTenant, progress: Callable[[str], None]) -> dict[str, CastMember]:
    tenant_id = await ensure_tenant(database, tenant.slug, tenant.name, tenant_id=tenant.id)
    if tenant_id != tenant.id:
        raise ForeignTenantError(
            f"The tenant {tenant.slug!r} of this database was not made by the demo: give the demo another folder "
            "(--data DIR) or another database."
        )
    people = {kind: Who(kind).id(tenant.slug) for kind in MEMBERS}
    await _fill(database, tenant, tenant_id, progress)
    return await with_staff(database, tenant_id, people)


async def _fill(database: Database, tenant: DemoTenant, tenant_id: TenantId, progress: Callable[[str], None]) -> None:
    async with database.writing(SystemTask(Task.DEMO, tenant_id)) as session:
        await lock_tenant(session)
        if await has_person(session, Who(MEMBERS[0]).id(tenant.slug)):
            return
        content = draw(tenant, Names(), Calendar.starting_now())
        await put(session, content)
    rows = {table.name: len(rows) for table, rows in content.items()}
    progress(f"{tenant.name}: {rows['person']} people, {rows['course']} courses, {rows['enrollment']} enrolments")
