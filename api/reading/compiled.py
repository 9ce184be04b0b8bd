"""What the reader works out about one list, or one kind of object, for everybody who stands alike: once.

It depends on what was asked and on the standing, never on a person or a row, and is kept with what was asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.reading.layout import Layout, layouts_of
from api.reading.opening import SealedSlot, sealed_slots
from api.reading.selection import Asked, Connection, Entities, View
from api.reading.slots import Slot, slots_of
from api.reading.standing import Standing
from tenants.statements import Plan

_MOST = 32
"""Standings per list of a document. Each role and combination of roles is one, under each policy in force."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """One list, or one kind of object, before one standing."""

    root: Slot
    layouts: Mapping[int, Layout]
    """By the identity of the view."""
    lists: Sequence[tuple[Asked, Slot, frozenset[int]]]
    """The lists inside, each with the object that has it and the situations in which that releases it."""
    sealed: Sequence[SealedSlot] = ()
    plans: dict[object, Plan] = field(default_factory=dict)
    """Statements, by what else their text depends on: which values of a cursor are null."""

    @property
    def orders_at(self) -> int:
        """Return where in a record the order's values begin."""
        return 1 + max(
            place
            for slot in self.root.walk()
            for place in (slot.situation_at, slot.subject_at, slot.key_of_subject_at, *slot.cells.values())
        )


def compiled_for(asked: Connection | View, standing: Standing, entities: Entities) -> Compiled:
    """Return what is known of `asked` before `standing`; worked out now when it is not."""
    found: Compiled | None = asked.memo.get(standing.signature)
    if found is None:
        if len(asked.memo) >= _MOST:
            asked.memo.clear()
        found = asked.memo[standing.signature] = _compile(asked, standing, entities)
    return found


def _compile(asked: Connection | View, standing: Standing, entities: Entities) -> Compiled:
    views = [asked] if isinstance(asked, View) else list(asked.views())
    root = slots_of(views[0].entity if isinstance(asked, View) else asked.target, views, standing, entities)
    layouts = {id(view): layouts_of(view, root, standing) for view in views}
    lists = [
        (inner, slot, standing.allowed(slot.entity, inner.name))
        for view in views
        for inner, slot in _lists_in(view, root)
    ]
    return Compiled(root, layouts, lists, sealed_slots(root))


def _lists_in(view: View, slot: Slot) -> list[tuple[Asked, Slot]]:
    found: list[tuple[Asked, Slot]] = []
    for asked in view.asked:
        if asked.connection is not None:
            found.append((asked, slot))
        elif asked.view is not None:
            found += _lists_in(asked.view, slot.inner[asked.name])
    return found
