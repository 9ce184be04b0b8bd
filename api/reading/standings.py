"""The standings of a process, kept while they are used: one per mask, roles and purpose."""

from collections import OrderedDict

from api.reading.standing import Standing
from authz.mask import Mask
from authz.viewer import Purpose, Role, Viewer

_MOST = 4096

_Key = tuple[Mask, tuple[Role, ...], Purpose | None]


class Standings:
    """The least recently used are forgotten past a bound; with them goes what was worked out under an old policy."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: OrderedDict[_Key, Standing] = OrderedDict()

    def of(self, viewer: Viewer, mask: Mask) -> Standing:
        """Return how `viewer` stands under `mask`; the same for all with these roles and this purpose."""
        key = (mask, viewer.roles, viewer.purpose)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Standing(viewer.roles, viewer.purpose, mask)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return found
