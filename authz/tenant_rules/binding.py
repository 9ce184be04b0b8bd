"""Binding a tenant's rules to the platform's policy: what each comes to, field by field, and never more than it may.

A denial narrows whatever it names. An allow lifts what the policy marks `grantable`, where the tenant's agreement
grants it, as far as that line goes: its own subject, its own purpose.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from authz.loading import Policy
from authz.rules import Columns, Rule
from authz.viewer import Role
from authz.vocabulary import spelled

NARROWED = (Role.INSTRUCTOR, Role.ENTERPRISE_ADMIN, Role.SEAT_MANAGER, Role.SUPPORT)
"""The roles that a tenant may make rules for: not those in which somebody reads what is their own or their ward's, and
not those that watch over the tenant."""

_ALWAYS = frozenset({"Mutation.addTenantRule", "Mutation.removeTenantRule"})
"""Denied to its own admins, a tenant could never change a rule again."""

_EVERYBODY = ("any", "restricted")
_WITHIN = {"any": ("adult", "minor"), "adult": ("adult",), "minor": ("minor",), "restricted": ("restricted",)}


_PLACE = "tenant:"


@dataclass(frozen=True, slots=True)
class TenantRule:
    """A rule as a tenant's admin made it."""

    id: UUID
    role: Role
    object: str
    """`Type.field` or `Type#CATEGORY`."""
    subject: str | None
    """MINOR or RESTRICTED; None: everybody."""
    allow: bool

    @property
    def place(self) -> str:
        """Return how decisions name it."""
        return f"{_PLACE}{self.id}"


class Grant(NamedTuple):
    """What a tenant's agreement lets its admins allow."""

    role: Role
    object: str


def bound(policy: Policy, tenant: UUID, rules: Iterable[TenantRule], grants: Iterable[Grant]) -> list[Rule]:
    """Return the lines of `tenant`'s mask: those that the policy's files have for it, and what its rules come to."""
    own = [*policy.by_tenant.get(str(tenant), ())]
    granted = {(grant.role, field) for grant in grants for field in fields_of(policy, grant.object)}
    for rule in rules:
        lines = _lifts(policy, rule, granted) if rule.allow else _denials(policy, rule)
        own += [Rule(said._replace(tenant=str(tenant)), rule.place, rule.object) for said in lines]
    return own


def fields_of(policy: Policy, object_: str) -> list[str]:
    """Return the fields that `Type.field` or `Type#CATEGORY` means; none for what the schema does not know."""
    by_category = "#" in object_
    type_name, _, name = object_.partition("#" if by_category else ".")
    fields: Mapping[str, str] = policy.catalogue.get(type_name, {})
    return [f"{type_name}.{it}" for it, category in fields.items() if name == (category if by_category else it)]


def problem(policy: Policy, rule: TenantRule, grants: Iterable[Grant]) -> tuple[str, str] | None:
    """Return what is wrong with a rule: the part of it, and a sentence. None when it can be made."""
    if rule.role not in NARROWED:
        return "role", f"A tenant makes rules for {', '.join(NARROWED)}, and not for {rule.role}."
    fields = fields_of(policy, rule.object)
    if not _ALWAYS.isdisjoint(fields):
        return "object", "Who may change the tenant's rules is the platform's to say."
    if not fields:
        return "object", "Name a field that the policy decides about as Type.field, or a category as Type#CATEGORY."
    if rule.allow and not bound(policy, rule.id, [rule], grants):
        return "allow", "The policy does not let that be granted, or the tenant's agreement does not grant it."
    return None


def rule_id_of(place: str) -> UUID | None:
    """Return the id of the rule that `place` names; None for what names none."""
    try:
        key = UUID(place.removeprefix(_PLACE))
    except ValueError:
        return None
    return key if place == f"{_PLACE}{key}" else None


def _denials(policy: Policy, rule: TenantRule) -> Iterator[Columns]:
    subjects = _EVERYBODY if rule.subject is None else (rule.subject.lower(),)
    for field in fields_of(policy, rule.object):
        for action in ("call",) if field.startswith("Mutation.") else ("read", "write"):
            for subject in subjects:
                yield Columns(spelled(rule.role), "", field, action, subject, "*", "deny")


def _lifts(policy: Policy, rule: TenantRule, granted: set[tuple[Role, str]]) -> Iterator[Columns]:
    fields = {field for field in fields_of(policy, rule.object) if (rule.role, field) in granted}
    for line in policy.grantable:
        if line.said.object not in fields or line.said.role != spelled(rule.role):
            continue
        for subject in _WITHIN[line.said.subject]:
            if rule.subject is None or subject == rule.subject.lower():
                yield line.said._replace(subject=subject)
