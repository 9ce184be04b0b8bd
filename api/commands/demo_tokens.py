"""Tokens for a demo's cast: one per role, lasting 30 days, the same sessions from start to start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.app import DEMO_TOKENS_LAST, token_keys, tokens
from api.commands.store import Store
from api.ids import encode_id
from domain.accounts.lasting import lasting_session
from domain.demo.cast import CastMember
from tenants.database import Database
from tenants.directory import find_tenant
from tenants.session import SystemTask, Task

_WORTH_KEEPING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """Somebody of the cast: their token and their global id."""

    token: str
    id: str

    def as_json(self) -> dict[str, str]:
        """Return the entry as scripts read it."""
        return {"token": self.token, "id": self.id}


async def tokens_of(
    store: Store, database: Database, slug: str, cast: Mapping[str, CastMember]
) -> dict[str, TokenEntry]:
    """Return a token for everybody in `cast`, by role."""
    issuer = tokens(store.settings, token_keys(store.settings))
    tenant_id = await find_tenant(database, slug)
    now = datetime.now(UTC)
    found: dict[str, TokenEntry] = {}
    async with database.writing(SystemTask(Task.DEMO, tenant_id)) as session:
        for role, member in cast.items():
            session_id, until = await lasting_session(
                session,
                person_id=member.person_id,
                case_id=member.case_id,
                at_least=now + _WORTH_KEEPING,
                until=now + DEMO_TOKENS_LAST,
            )
            token = issuer.issue(tenant_id, member.person_id, session_id, until)
            found[role] = TokenEntry(token, encode_id("Learner", member.person_id))
    return found
