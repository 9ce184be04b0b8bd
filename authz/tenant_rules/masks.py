"""The masks of tenants with rules of their own, kept while they are used."""

from collections import OrderedDict
from uuid import UUID

from authz.mask import Mask, Masks
from authz.tenant_rules.binding import Grant, TenantRule, bound
from authz.tenant_rules.mask import TenantMask
from authz.tenant_rules.store import grants_in_force, rules_in_force
from tenants.session import ReadSession

_MOST = 4096
"""Tenants. A mask holds only what the tenant's own rules speak of."""


class TenantMasks:
    """Gives each request the mask of its tenant, as its own transaction sees the tenant's rules.

    A tenant's stamp is new with every change of its rules. A process that never heard of a change meets the new stamp
    in its next transaction, so nothing has to be told and nothing can be missed.
    """

    def __init__(self, masks: Masks, most: int = _MOST) -> None:
        self._masks = masks
        self._most = most
        # Per tenant: the platform's mask and the stamp that it was made for, and the mask itself.
        self._known: OrderedDict[UUID, tuple[Mask, UUID | None, Mask]] = OrderedDict()

    @property
    def platform(self) -> Mask:
        """Return the platform's mask in force."""
        return self._masks.current

    async def mask_for(self, session: ReadSession, stamp: UUID | None) -> Mask:
        """Return the mask of the session's tenant, whose stamp the session's own transaction read."""
        platform = self._masks.current
        if stamp is None and not platform.has_lines_for(session.tenant_id):
            return platform
        tenant = session.tenant_id
        known = self._known.get(tenant)
        if known is not None and known[0] is platform and known[1] == stamp:
            self._known.move_to_end(tenant)
            return known[2]
        mask = await load(session, platform)
        self._known[tenant] = (platform, stamp, mask)
        self._known.move_to_end(tenant)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return mask


async def load(session: ReadSession, platform: Mask) -> Mask:
    """Return the mask of the session's tenant as its transaction sees the tenant's rules."""
    return mask_of(session.tenant_id, platform, await rules_in_force(session), await grants_in_force(session))


def mask_of(tenant: UUID, platform: Mask, rules: list[TenantRule], grants: list[Grant]) -> Mask:
    """Return the mask of `tenant` with `rules`; the platform's own where they come to nothing."""
    lines = bound(platform.policy, tenant, rules, grants)
    return TenantMask(platform, tenant, lines) if lines else platform
