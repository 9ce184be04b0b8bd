"""Loading OULAD into a tenant."""

from pathlib import Path

from api.commands.store import Store
from api.commands.terminal import CommandError, Report, say
from domain.oulad.problems import OuladError
from domain.oulad.service import import_oulad
from tenants.database import Database
from tenants.directory import UnknownTenantError, ensure_tenant, find_tenant
from tenants.ids import TenantId


async def load_oulad(store: Store, directory: Path, slug: str, report: Report) -> list[str]:
    """Load the files of `directory` into the tenant `slug`, made when it is missing; return a line per table.

    Raises `CommandError` with a line per damaged row; then nothing is loaded.
    """
    database = store.open()
    try:
        tenant_id = await _tenant(database, slug)
        done = await import_oulad(database, directory, tenant_id, report)
    except OuladError as error:
        raise CommandError(*error.problems) from None
    except ValueError as error:
        raise CommandError(str(error)) from None
    finally:
        await database.close()
    return [f"{table}: {count.rows:,} rows, {count.changed:,} added or changed" for table, count in done.tables.items()]


async def _tenant(database: Database, slug: str) -> TenantId:
    try:
        return await find_tenant(database, slug)
    except UnknownTenantError:
        made = await ensure_tenant(database, slug, slug.replace("-", " ").title())
        say(f"The tenant {slug} was not there and has been made.")
        return made
