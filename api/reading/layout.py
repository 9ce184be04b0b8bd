"""Where in a row's record the parts of one view's objects stand: worked out once, used for every row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from api.reading.entity import Cell, Encode, Inline, Many, One
from api.reading.selection import Asked, View
from api.reading.slots import Slot
from api.reading.standing import Standing

Record = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """A field of a view about which the policy decides."""

    asked: Asked
    name: str
    """`Type.field`."""
    allowed: frozenset[int]
    """The situations in which it is released."""
    personal: bool
    """It says something about a person, so whom it was released of goes on record."""
    sealed_at: int = -1
    """Where its value stands in a record if that is sealed, and may be unreadable; -1: it is not."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the objects of `view` are made of records.

    Each object is taken out in one go, its response keys in order; then what needs more than taking is put right.
    """

    view: View
    key_at: int
    situation_at: int
    subject_at: int
    optional: bool
    """A record may hold no object here, or none that exists for the viewer: its key is null."""
    keys: tuple[str, ...]
    take: Callable[[Record], Sequence[Any]]
    constants: list[tuple[str, Any]] = field(default_factory=list)
    """What is the same in every object: its type's name, and null for a cell that nobody here may read."""
    encoded: list[tuple[str, Encode]] = field(default_factory=list)
    inner: list[tuple[str, "Layout"]] = field(default_factory=list)
    lists: list[Asked] = field(default_factory=list)
    looked_at: list[Asked] = field(default_factory=list)
    """What is made from the row by itself: lists of plain values, and what may be read of the object."""
    decided: list[Decided] = field(default_factory=list)
    parts: dict[str, "Layout"] = field(default_factory=dict)
    """What is decided of these very objects in other capacities; nothing is made of these layouts."""


def layouts_of(view: View, slot: Slot, standing: Standing, *, optional: bool = False) -> Layout:
    """Return the layout of `view` in records numbered as `slot` and those below it are."""
    # A key that is not taken from the record yet holds its place in the object with what is always there.
    places = [_place(asked, slot) for asked in view.asked]
    made = Layout(
        view, slot.key_at, slot.situation_at, slot.subject_at, optional, tuple(asked.key for asked in view.asked),
        _taker(places),
    )  # fmt: skip
    for kind, part in slot.parts.items():
        made.parts[kind] = Layout(view, part.key_at, part.situation_at, part.subject_at, optional, (), _taker([]))
    for asked in view.asked:
        _add(made, asked, slot, standing)
    return made


def _place(asked: Asked, slot: Slot) -> int:
    holder = slot.holder(asked.source) if isinstance(asked.source, Cell) else slot
    return holder.cells.get(asked.name, slot.key_at)


def _add(made: Layout, asked: Asked, slot: Slot, standing: Standing) -> None:
    entity, source = slot.entity, asked.source
    if source is None:
        made.constants.append((asked.key, entity.name))
        return
    holder = slot.holder(source) if isinstance(source, Cell) else slot
    if standing.is_decided(holder.entity, asked.name):
        allowed = standing.allowed(holder.entity, asked.name)
        personal = holder.entity.category(asked.name) is not None
        decided = made.decided if holder is slot else made.parts[holder.entity.name].decided
        sealed_at = holder.cells.get(asked.name, -1) if asked.name in holder.sealed_cells() else -1
        decided.append(Decided(asked, f"{entity.name}.{asked.name}", allowed, personal, sealed_at))
    if isinstance(source, Many):
        made.lists.append(asked)
    elif isinstance(source, One | Inline):
        assert asked.view is not None
        made.inner.append((asked.key, layouts_of(asked.view, slot.inner[asked.name], standing, optional=True)))
    elif isinstance(source, Cell) and asked.name not in holder.cells:
        made.constants.append((asked.key, None))
    elif not isinstance(source, Cell) or source.record is not None:
        made.looked_at.append(asked)
    elif source.encode is not None:
        made.encoded.append((asked.key, source.encode))


def _taker(places: Sequence[int]) -> Callable[[Record], Sequence[Any]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda record: [record[place] for place in places]
