"""A tenant's rules as they are stored: those in force, what its agreement grants, adding one, removing one.

Every change gives the tenant a new stamp. Its row is the lock under which the changes of one tenant follow each other,
and requests read the stamp in their own transaction, so a change is in force for whatever begins after it.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select, update

from authz.tenant_rules.binding import Grant, TenantRule
from authz.tenant_rules.model import tenant_rule
from authz.viewer import Role
from tenants.ids import uuid7
from tenants.model import agreement, agreement_grant, tenant
from tenants.session import ReadSession, WriteSession, in_tenant
from tenants.statements import compiled

MOST_RULES = 200
"""Rules in force per tenant."""


class RuleRefusedError(Exception):
    """The rule cannot be added beside those in force; the message says why."""


async def rules_in_force(session: ReadSession) -> list[TenantRule]:
    """Return the tenant's rules, in the order in which they were added."""
    rows = await session.run(_RULES, {})
    return [TenantRule(row["id"], Role(row["role"]), row["object"], row["subject"], row["allow"]) for row in rows]


async def grants_in_force(session: ReadSession) -> list[Grant]:
    """Return what the newest agreement with the tenant grants."""
    rows = await session.run(_GRANTS, {})
    return [Grant(Role(row["role"]), row["object"]) for row in rows if row["role"] in Role.__members__]


async def rules_beside(session: WriteSession, rule: TenantRule, *, locked: bool) -> list[TenantRule]:
    """Return the rules beside which `rule` would stand; `locked`: none of them changes until the transaction's end.

    Raises `RuleRefusedError` for one that is in force already, and for one too many.
    """
    if locked:
        await _lock(session)
    known = await rules_in_force(session)
    said = (rule.role, rule.object, rule.subject, rule.allow)
    if any((one.role, one.object, one.subject, one.allow) == said for one in known):
        raise RuleRefusedError("The tenant has that very rule already.")
    if len(known) >= MOST_RULES:
        raise RuleRefusedError(f"A tenant has at most {MOST_RULES} rules: remove one, or name a whole category in one.")
    return known


async def add(session: WriteSession, rule: TenantRule, author_id: UUID) -> None:
    """Put `rule` in force. Raises `RuleRefusedError` as `rules_beside` does."""
    await rules_beside(session, rule, locked=True)
    row = {
        "id": rule.id,
        "version": await _next_version(session),
        "role": rule.role.value,
        "object": rule.object,
        "subject": rule.subject,
        "allow": rule.allow,
        "author_id": author_id,
        "added_at": datetime.now(UTC),
    }
    await session.insert(tenant_rule, [row])
    await _stamp(session)


async def remove(session: WriteSession, rule_id: UUID, author_id: UUID) -> TenantRule | None:
    """Take a rule out of force and return it; None when no such rule is in force."""
    await _lock(session)
    found = next((rule for rule in await rules_in_force(session) if rule.id == rule_id), None)
    if found is not None:
        values = {
            "removed_version": await _next_version(session),
            "removed_by": author_id,
            "removed_at": datetime.now(UTC),
        }
        await session.change(
            update(tenant_rule).where(in_tenant(tenant_rule), tenant_rule.c.id == rule_id).values(values)
        )
        await _stamp(session)
    return found


async def _lock(session: WriteSession) -> None:
    """Wait for other changes of the tenant's rules to end, and keep others waiting."""
    await session.rows(select(tenant.c.tenant_id).where(in_tenant(tenant)).with_for_update())


async def _stamp(session: WriteSession) -> None:
    """Let whoever begins from now on look at the rules anew."""
    await session.change(update(tenant).where(in_tenant(tenant)).values(policy_stamp=uuid7()))


async def _next_version(session: WriteSession) -> int:
    newest = select(func.greatest(func.max(tenant_rule.c.version), func.max(tenant_rule.c.removed_version), 0))
    row = await session.first(newest.where(in_tenant(tenant_rule)))
    assert row is not None
    return int(row[0]) + 1


_RULES = compiled(
    select(*(tenant_rule.c[name] for name in ("id", "role", "object", "subject", "allow")))
    .where(in_tenant(tenant_rule), tenant_rule.c.removed_version.is_(None))
    .order_by(tenant_rule.c.version)
)
_GRANTS = compiled(
    select(agreement_grant.c.role, agreement_grant.c.object).where(
        in_tenant(agreement_grant),
        agreement_grant.c.version
        == select(func.max(agreement.c.version)).where(in_tenant(agreement)).scalar_subquery(),
    )
)
