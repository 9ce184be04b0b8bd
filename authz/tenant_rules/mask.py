"""The mask of one tenant: the platform's, and beside its lines the tenant's own for the cells that these speak of."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from authz.mask import Decision, Mask
from authz.rules import Rule
from authz.viewer import Purpose, Role, SubjectClass

_VERSION_DIGITS = 32


class TenantMask(Mask):
    """What the policy and one tenant's rules decide together.

    Only the cells of which a rule speaks are asked of Casbin anew and kept here: a thousand tenants share the others.
    """

    def __init__(self, platform: Mask, tenant: UUID, rules: Sequence[Rule]) -> None:
        super().__init__(platform.policy)
        self.tenant = str(tenant)
        self._platform = platform
        self._own: dict[str, list[Rule]] = defaultdict(list)
        self._spoken_of: set[tuple[Role, str]] = set()
        self._by_role: dict[Role, list[Rule]] = {
            role: [rule for rule in rules if rule.said.role in lineage]
            for role, lineage in platform.policy.lineages.items()
        }
        for role, of_role in self._by_role.items():
            self._spoken_of.update((role, rule.said.object) for rule in of_role)
        for rule in rules:
            self._own[rule.said.object].append(rule)
        self.version = _digest(platform.version, rules)

    @property
    def platform(self) -> Mask:
        """Return the mask of the platform's own policy."""
        return self._platform

    def rules_of(self, field: str) -> Sequence[Rule]:
        """Return the lines that speak of `Type.field`, the tenant's own last."""
        return [*super().rules_of(field), *self._own.get(field, ())]

    def signature(self, roles: Iterable[Role]) -> str:
        """Return what the decisions about these roles rest on: tenants whose rules say the same have the same."""
        own = [rule for role in roles for rule in self._by_role[role]]
        return _digest(self._platform.version, own, named=False) if own else self._platform.version

    def decide(
        self, role: Role, field: str, subject: SubjectClass, purpose: Purpose, *, action: str = "read"
    ) -> Decision:
        """Return what the policy and the tenant's rules say of one cell; see `Mask.decide`."""
        if (role, field) not in self._spoken_of:
            return self._platform.decide(role, field, subject, purpose, action=action)
        return super().decide(role, field, subject, purpose, action=action)


def _digest(version: str, rules: Iterable[Rule], *, named: bool = True) -> str:
    """Return the hash of the platform's version and the rules; `named`: as this tenant's and these very ones."""
    said = {
        (*rule.said._replace(tenant=rule.said.tenant if named else ""), rule.place if named else "") for rule in rules
    }
    digest = hashlib.sha256(version.encode())
    for columns in sorted(said):
        for part in columns:
            digest.update(len(part).to_bytes(8, "big") + part.encode())
    return digest.hexdigest()[:_VERSION_DIGITS]
