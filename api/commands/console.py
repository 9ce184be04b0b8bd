"""Who looks at a console: whoever has the open case that the command names."""

from api.commands.terminal import CommandError
from authz.audit.console import ConsoleRead, console_read
from authz.viewer import Purpose, Role, Viewer
from domain.cases.service import find_open_case
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task

_MAY_LOOK = (Role.SECURITY, Role.PRIVACY)


async def console_of(database: Database, tenant_id: TenantId, ticket: str, command: str) -> ConsoleRead:
    """Return what records a run of `command` under the case `ticket`. Raises `CommandError` without such a case."""
    async with database.reading(SystemTask(Task.AUDIT, tenant_id)) as session:
        case = await find_open_case(session, ticket, _MAY_LOOK)
    if case is None:
        raise CommandError(
            f"There is no open case {ticket!r} of security or privacy staff in this tenant: what is shown of the trail "
            "is on record under a case, so open one first."
        )
    viewer = Viewer(tenant_id, case.staff_id, uuid7(), (Role(case.staff_role),), case.id, Purpose(case.purpose))
    return console_read(database, viewer, command)
