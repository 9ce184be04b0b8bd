"""Two policies compared: every cell that they decide differently, and the line that decides it on either side."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from authz.decider import Decider
from authz.explain import text_of
from authz.loading import Policy
from authz.rules import ACTIONS, Rule
from authz.viewer import Purpose, Role, SubjectClass
from authz.vocabulary import spelled

ALL_TENANTS, GRANTABLE = "*", "grantable"
"""Scopes. The third kind is one tenant's UUID: what the files deny there and nowhere else."""

ALL_PURPOSES = ("*",)


class Kind(StrEnum):
    """How a cell differs. A reviewer looks at what is widened first."""

    WIDENED = "widened"
    NARROWED = "narrowed"
    OTHER_LINE = "other line"


class Side(NamedTuple):
    """What one policy says of a cell, where the line that says so stands, and its text; None where nothing is said."""

    allowed: bool
    place: str | None
    text: str | None


class Difference(NamedTuple):
    """One cell that differs. `scope`: see ALL_TENANTS, GRANTABLE; of the latter, what an agreement may grant."""

    kind: Kind
    scope: str
    action: str
    role: Role
    field: str
    subject: SubjectClass
    purpose: Purpose
    before: Side
    after: Side


class Group(NamedTuple):
    """Differences that are alike, of one type: each of the roles, fields, subjects and purposes with each other.

    `before` and `after` are what the cells have on either side, each once.
    """

    kind: Kind
    scope: str
    action: str
    roles: tuple[Role, ...]
    fields: tuple[str, ...]
    subjects: tuple[SubjectClass, ...]
    purposes: tuple[str, ...]
    before: tuple[Side, ...]
    after: tuple[Side, ...]


def differences(old: Policy, new: Policy) -> list[Difference]:
    """Return the cells that differ: the widened ones first, then the narrowed, then those that another line decides.

    A line is another when it says something else, not when it stands elsewhere. A field that only one policy's
    catalogue has counts as one of which the other says nothing.
    """
    found = list(_everywhere(old, new))
    for tenant in sorted({rule.said.tenant for rule in (*old.rules, *new.rules)} - {ALL_TENANTS}):
        known = {one[2:]: one for one in found if one.scope == ALL_TENANTS}
        found += [one for one in _of_tenant(old, new, tenant) if one[2:] not in known]
    found += _compared(GRANTABLE, _Asked(old, old.grantable), _Asked(new, new.grantable))
    return sorted(found, key=lambda one: list(Kind).index(one.kind))


def groups(found: Iterable[Difference], old: Policy, new: Policy) -> list[Group]:
    """Return the differences put together, in their order: these cells, each once, and no other."""
    single = (
        Group(*one[:3], (one.role,), (one.field,), (one.subject,), (one.purpose,), (one.before,), (one.after,))
        for one in found
    )
    together = [_with_all_purposes(group, old, new) for group in _merged(single, "purposes")]
    for part in ("subjects", "fields", "roles"):
        together = _merged(together, part)
    return together


class _Asked:
    """One policy, asked: some of its rules, by field."""

    def __init__(self, policy: Policy, rules: Iterable[Rule]) -> None:
        self.policy = policy
        self._rules: dict[str, dict[str, Rule]] = defaultdict(dict)
        for rule in rules:
            self._rules[rule.said.object][rule.place] = rule
        self._deciders: dict[str, Decider] = {}

    def actions(self, field: str) -> set[str]:
        return {rule.said.action for rule in self._rules[field].values()}

    def texts(self, field: str) -> list[str]:
        return [text_of(rule) for rule in self._rules[field].values()]

    def says(self, field: str, question: tuple[str, ...]) -> Side:
        if field not in self._deciders:
            self._deciders[field] = Decider(self.policy, self._rules[field].values())
        allowed, place = self._deciders[field].ask(*question)
        return Side(allowed, place, None if place is None else text_of(self._rules[field][place]))


def _everywhere(old: Policy, new: Policy) -> Iterator[Difference]:
    return _compared(ALL_TENANTS, _Asked(old, old.rules), _Asked(new, new.rules))


def _of_tenant(old: Policy, new: Policy, tenant: str) -> Iterator[Difference]:
    spoken = {rule.said.object for rule in (*old.rules, *new.rules) if rule.said.tenant == tenant}
    before, after = (
        _Asked(policy, (rule for rule in policy.rules if rule.said.object in spoken)) for policy in (old, new)
    )
    return _compared(tenant, before, after)


def _compared(scope: str, before: _Asked, after: _Asked) -> Iterator[Difference]:
    tenant = ALL_TENANTS if scope == GRANTABLE else scope
    alike = before.policy.words == after.policy.words and before.policy.model == after.policy.model
    for field in _fields(after.policy, before.policy):
        if alike and before.texts(field) == after.texts(field):
            continue  # The same lines under the same words: Casbin need not be asked.
        spoken = before.actions(field) | after.actions(field)
        for action in (it for it in ACTIONS if it in spoken):
            for role in Role:
                for purpose in _purposes(role, before.policy, after.policy):
                    for subject in SubjectClass:
                        question = (spelled(role), tenant, field, action, subject.value, purpose.value)
                        one, other = before.says(field, question), after.says(field, question)
                        if (kind := _kind(one, other)) is not None:
                            yield Difference(kind, scope, action, role, field, subject, purpose, one, other)


def _kind(before: Side, after: Side) -> Kind | None:
    if before.allowed != after.allowed:
        return Kind.WIDENED if after.allowed else Kind.NARROWED
    return Kind.OTHER_LINE if before.text != after.text else None


def _fields(*policies: Policy) -> Iterable[str]:
    named = (f"{type_name}.{name}" for it in policies for type_name, fields in it.catalogue.items() for name in fields)
    return dict.fromkeys(named)


def _purposes(role: Role, *policies: Policy) -> Sequence[Purpose]:
    """Return what the role may name as its purpose under some of the policies."""
    named = {name for policy in policies for name in policy.words.purposes_of(spelled(role))}
    return [purpose for purpose in Purpose if purpose.value in named]


def _with_all_purposes(group: Group, old: Policy, new: Policy) -> Group:
    # Said alike of all roles, so that roles with different purposes can stand together.
    every = set(_purposes(group.roles[0], old, new)) == set(group.purposes)
    return group._replace(purposes=ALL_PURPOSES) if every else group


def _merged(found: Iterable[Group], part: str) -> list[Group]:
    """Put together what differs in nothing but `part` and, where the answer is another, in the lines that decide."""
    alike: dict[tuple[str, Group], list[Group]] = defaultdict(list)
    for group in found:
        sides = {} if group.kind is Kind.OTHER_LINE else {"before": (), "after": ()}
        alike[group.fields[0].partition(".")[0], _with(group, {part: (), **sides})].append(group)
    return [
        _with(groups[0], {name: _every(groups, name) for name in (part, "before", "after")})
        for groups in alike.values()
    ]


def _every(found: Sequence[Group], part: str) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(value for group in found for value in getattr(group, part)))


def _with(group: Group, parts: dict[str, Any]) -> Group:
    return group._replace(**parts)
