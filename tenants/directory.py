"""Finding a tenant before it can be set, and making a new one."""

import re
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.model import PLATFORM_SLUG, agreement, tenant, tenant_directory
from tenants.session import SystemTask, Task

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DEFAULT_RETENTION_YEARS = 2


class UnknownTenantError(LookupError):
    """There is no tenant of that name."""


async def find_tenant(database: Database, slug: str) -> TenantId:
    """Return the id of the tenant `slug`. Raises `UnknownTenantError`, and `DatabaseUnavailableError`."""
    async with database.outside() as connection:
        query = select(tenant_directory.c.tenant_id).where(tenant_directory.c.slug == slug)
        found = (await connection.execute(query)).scalar_one_or_none()
    if found is None:
        raise UnknownTenantError(f"There is no tenant {slug!r}.")
    return TenantId(found)


async def all_tenants(database: Database) -> dict[str, TenantId]:
    """Return the id of every tenant by its slug, in the order of the slugs. Raises `DatabaseUnavailableError`."""
    async with database.outside() as connection:
        query = select(tenant_directory.c.slug, tenant_directory.c.tenant_id).order_by(tenant_directory.c.slug)
        found = (await connection.execute(query)).all()
    return {slug: TenantId(tenant_id) for slug, tenant_id in found}


async def tenants_among(database: Database, ids: Iterable[UUID]) -> list[TenantId]:
    """Return those of `ids` that are tenants. Raises `DatabaseUnavailableError`."""
    async with database.outside() as connection:
        query = select(tenant_directory.c.tenant_id).where(tenant_directory.c.tenant_id.in_(list(ids)))
        return [TenantId(tenant_id) for tenant_id in (await connection.execute(query)).scalars()]


async def ensure_tenant(database: Database, slug: str, name: str, *, tenant_id: UUID | None = None) -> TenantId:
    """Return the id of the tenant `slug`, made with `name` and a first agreement when there is none yet.

    `tenant_id` is the id of a new one; a fresh UUID version 7 when left out. Safe to run twice, and twice at once.
    Raises `ValueError` for a slug that is not lower-case letters, digits and inner hyphens, at most 63.
    """
    if not _SLUG.fullmatch(slug):
        raise ValueError(f"{slug!r} is no tenant's name: use lower-case letters, digits and inner hyphens, at most 63.")
    async with database.outside() as connection:
        row = {"tenant_id": tenant_id or uuid7(), "slug": slug}
        await connection.execute(upsert(tenant_directory).values(row).on_conflict_do_nothing(index_elements=["slug"]))
    found = await find_tenant(database, slug)
    async with database.writing(SystemTask(Task.DIRECTORY, found)) as session:
        facts = {"tenant_id": found, "slug": slug, "name": name, "platform": slug == PLATFORM_SLUG}
        await session.change(upsert(tenant).values(facts).on_conflict_do_nothing())
        await session.change(upsert(agreement).values(_first_agreement(found)).on_conflict_do_nothing())
        # Its own data key, and with it the tenant's key: from here on everybody finds them there.
        await session.keys.of([found])
    return found


def _first_agreement(tenant_id: TenantId) -> dict[str, object]:
    return {"tenant_id": tenant_id, "version": 1, "retention_years": _DEFAULT_RETENTION_YEARS, "signed_at": func.now()}
