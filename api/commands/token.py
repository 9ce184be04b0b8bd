"""A token for trying things."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.app import token_keys, tokens
from api.commands.people import id_of_person
from api.commands.store import Store
from api.commands.terminal import CommandError
from domain.accounts.service import begin_session
from domain.people.service import find_member
from tenants.directory import UnknownTenantError, find_tenant
from tenants.session import ReadSession, SystemTask, Task

LIFETIME = timedelta(hours=1)


async def token_for(store: Store, slug: str, person: str) -> str:
    """Return a token of `person` (address, global id or UUID) in the tenant `slug`, good for an hour.

    Raises `CommandError` outside development, and for a tenant or a person that is not there.
    """
    if not store.settings.in_development:
        raise CommandError("Tokens are handed out like this in development only: SEXTRONTGEN_ENVIRONMENT=development")
    database = store.open()
    try:
        tenant_id = await find_tenant(database, slug)
        async with database.writing(SystemTask(Task.SIGN_IN, tenant_id)) as session:
            person_id = await _member(session, person)
            if person_id is None:
                raise CommandError(f"The tenant {slug} has no such member: give an email address or an id.")
            until = datetime.now(UTC) + LIFETIME
            session_id = await begin_session(session, until, person_id=person_id)
        return tokens(store.settings, token_keys(store.settings)).issue(tenant_id, person_id, session_id, until)
    except UnknownTenantError as error:
        raise CommandError(str(error)) from None
    finally:
        await database.close()


async def _member(session: ReadSession, person: str) -> UUID | None:
    known = id_of_person(person, "--person")
    return await find_member(session, email=person) if known is None else await find_member(session, person_id=known)
