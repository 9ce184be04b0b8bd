"""addTenantRule, removeTenantRule: that a tenant narrows who may read what, or lifts what its agreement grants."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from api.reading.met import Met
from api.schema.enums import Role, SubjectFlag
from api.schema.mutations.call import Info, UserError, answers, writer_of
from api.writing.refusal import CallCode, CallRefusedError, Problem, not_found
from api.writing.writer import Writer
from authz.mask import Mask
from authz.tenant_rules import store
from authz.tenant_rules.binding import Grant, TenantRule, problem, rule_id_of
from authz.tenant_rules.masks import mask_of
from authz.tenant_rules.preview import Change, changes
from authz.viewer import SubjectClass
from domain.change import differences
from domain.reach.service import people_met
from tenants.ids import uuid7

ADD, REMOVE = "addTenantRule", "removeTenantRule"


@strawberry.input(description="A rule of the tenant's own.")
class AddTenantRuleInput:
    """A rule to make."""

    role: Role = strawberry.field(
        description="Whom it is about: INSTRUCTOR, ENTERPRISE_ADMIN, SEAT_MANAGER or SUPPORT. What people read of "
        "themselves and their wards, and who watches over the tenant, is the platform's to say."
    )
    object: str = strawberry.field(
        description="What it is about: a field as Type.field, or a category of a type as Type#CATEGORY."
    )
    subject: SubjectFlag | None = strawberry.field(
        default=strawberry.UNSET, description="About what kind of person; everybody, if left out."
    )
    allow: bool = strawberry.field(
        description="False: it may not be read, nor written. True: it may be read, if the platform's policy lets that "
        "be granted and the tenant's agreement grants it."
    )
    dry_run: bool | None = strawberry.field(
        default=False, description="Only tell what would change; nothing is changed."
    )


@strawberry.input(description="Which rule ends.")
class RemoveTenantRuleInput:
    """A rule to end."""

    rule_id: strawberry.ID = strawberry.field(
        description="The rule, as `ruleId` gave it; decisions name it so as well."
    )


@strawberry.type(description="A cell that changes.")
class RuleChange:
    """One role, field and kind of person."""

    role: Role = strawberry.field(description="The role in which the row is met.")
    field: str = strawberry.field(description="The field, as Type.field.")
    subject: list[SubjectFlag] = strawberry.field(
        description="What the person is whom the row describes: nothing for an adult."
    )
    before: bool = strawberry.field(description="Whether it could be read, for some purpose of the role.")
    after: bool = strawberry.field(description="Whether it can be read afterwards.")
    people: int = strawberry.field(
        description="How many people of that kind somebody can meet in that role now; 0 for what describes nobody."
    )


@strawberry.type(description="What became of a rule, or why nothing changed.")
class TenantRulePayload:
    """What became of the call."""

    rule_id: strawberry.ID | None = strawberry.field(default=None, description="The rule; null if nothing was changed.")
    changes: list[RuleChange] = strawberry.field(
        default_factory=list, description="Every cell that is decided another way by it."
    )
    policy_version: str | None = strawberry.field(
        default=None, description="The version of the policy now in force in the tenant, as events carry it."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing changed; empty if all went well."
    )


@answers(TenantRulePayload)
async def add_tenant_rule(
    info: Info, given: Annotated[AddTenantRuleInput, strawberry.argument(name="input", description="The rule.")]
) -> TenantRulePayload:
    """Make a rule, or tell what it would change."""
    writer = writer_of(info)
    tenant = await _own_tenant(writer, ADD)
    rule = TenantRule(uuid7(), given.role, given.object, given.subject.value if given.subject else None, given.allow)
    grants = await store.grants_in_force(writer.session)
    wrong = problem(writer.reader.mask.policy, rule, grants)
    if wrong is not None:
        raise CallRefusedError(Problem(CallCode.INVALID, wrong[1], wrong[0]))
    try:
        others = await store.rules_beside(writer.session, rule, locked=not given.dry_run)
    except store.RuleRefusedError as error:
        raise CallRefusedError(Problem(CallCode.CONFLICT, str(error))) from None
    before, after = _masks(writer, others, [*others, rule], grants)
    told = await _told(writer, before, after)
    if given.dry_run:
        return TenantRulePayload(changes=told, policy_version=before.version)
    await store.add(writer.session, rule, writer.viewer.person_id)
    await _record(writer, ADD, tenant, rule, in_force=True)
    return TenantRulePayload(rule_id=strawberry.ID(rule.place), changes=told, policy_version=after.version)


@answers(TenantRulePayload)
async def remove_tenant_rule(
    info: Info, given: Annotated[RemoveTenantRuleInput, strawberry.argument(name="input", description="The rule.")]
) -> TenantRulePayload:
    """End a rule."""
    writer = writer_of(info)
    tenant = await _own_tenant(writer, REMOVE)
    key = rule_id_of(given.rule_id)
    if key is None:
        raise CallRefusedError(Problem(CallCode.INVALID, "A rule is named as tenant:UUID.", "ruleId"))
    rule = await store.remove(writer.session, key, writer.viewer.person_id)
    if rule is None:
        raise not_found("ruleId")
    rest = await store.rules_in_force(writer.session)
    before, after = _masks(writer, [*rest, rule], rest, await store.grants_in_force(writer.session))
    await _record(writer, REMOVE, tenant, rule, in_force=False)
    told = await _told(writer, before, after)
    return TenantRulePayload(rule_id=strawberry.ID(rule.place), changes=told, policy_version=after.version)


async def _own_tenant(writer: Writer, name: str) -> Met:
    """Return the viewer's tenant, for which they may call the mutation `name`. Raises `CallRefusedError`."""
    tenant = await writer.reader.met("Tenant", writer.viewer.tenant_id)
    assert tenant is not None
    writer.check(name, tenant, {})
    return tenant


def _masks(writer: Writer, before: list[TenantRule], after: list[TenantRule], grants: list[Grant]) -> tuple[Mask, Mask]:
    platform, tenant = writer.reader.mask.platform, writer.viewer.tenant_id
    return mask_of(tenant, platform, before, grants), mask_of(tenant, platform, after, grants)


async def _told(writer: Writer, before: Mask, after: Mask) -> list[RuleChange]:
    found = list(changes(before, after))
    people = {role: await people_met(writer.session, role.value) for role in dict.fromkeys(each.role for each in found)}
    return [_change(each, people[each.role]) for each in found]


def _change(change: Change, people: Mapping[str, int]) -> RuleChange:
    subject = [] if change.subject is SubjectClass.ADULT else [SubjectFlag(change.subject.name)]
    count = people.get(change.subject.value, 0) if change.about_people else 0
    return RuleChange(
        role=change.role,
        field=change.field,
        subject=subject,
        before=change.before,
        after=change.after,
        people=count,
    )


async def _record(writer: Writer, name: str, tenant: Met, rule: TenantRule, *, in_force: bool) -> None:
    said: dict[str, object] = {
        "role": rule.role.value,
        "object": rule.object,
        "subject": rule.subject,
        "allow": rule.allow,
    }
    nothing: dict[str, object] = dict.fromkeys(said)
    changed = differences(nothing, said) if in_force else differences(said, nothing)
    await writer.record(name, tenant, "TenantRule", rule.id, changed)
