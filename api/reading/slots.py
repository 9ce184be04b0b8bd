"""The objects that one statement reads for each row of a list: the row itself and what its to-one fields lead to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column

from api.reading.entity import Cell, Entity, Inline, One
from api.reading.selection import View
from api.reading.standing import Standing
from tenants.keys.columns import Sealed

ROOT = "r"
"""The name of the row itself among the slots."""


@dataclass(slots=True)
class Slot:
    """One object per row, or a part of one (`is_part`).

    `cells` are the fields to read, each with its place in the statement's result rows.
    """

    entity: Entity
    name: str
    link: One | None = None
    """How the object is joined; None for the row itself and for what is made of it."""
    allowed_link: frozenset[int] = frozenset()
    """The parent's situations in which the field that leads here is released."""
    stands_as_parent: bool = False
    cells: dict[str, int] = field(default_factory=dict)
    inner: dict[str, "Slot"] = field(default_factory=dict)
    parts: dict[str, "Slot"] = field(default_factory=dict)
    """The cells of this very object that are met in other capacities (`Cell.met_as`), by the entity that has them."""
    is_part: bool = False
    key_at: int = -1
    situation_at: int = -1
    subject_at: int = -1
    """Where the person stands whom the object describes; -1: it describes nobody."""
    key_of_subject_at: int = -1
    """Where the wrapped key of that person's sealed data stands; -1: no cell here is sealed."""

    def walk(self) -> Iterator["Slot"]:
        """Yield this slot and all below it, parents first."""
        yield self
        for slot in (*self.parts.values(), *self.inner.values()):
            yield from slot.walk()

    def own_cells(self) -> list[str]:
        """Return the cells that have a value of their own: an object's id is written from its key."""
        return [name for name in self.cells if not self._is_key(name)]

    def sealed_cells(self) -> dict[str, Column[Any]]:
        """Return the column of each cell that is sealed."""
        found = {}
        for name in self.own_cells():
            source = self.entity.sources[name]
            if (
                isinstance(source, Cell)
                and isinstance(source.source, Column)
                and isinstance(source.source.type, Sealed)
            ):
                found[name] = source.source
        return found

    def _is_key(self, name: str) -> bool:
        source = self.entity.sources[name]
        of_row = self.link is not None or self.name == ROOT
        return name == "id" and of_row and isinstance(source, Cell) and source.source is self.entity.key

    def holder(self, source: Cell) -> "Slot":
        """Return the slot in whose capacities the cell `source` of this object is met."""
        return self if source.met_as is None else self.parts[source.met_as]

    def signature(self) -> str:
        """Return what the statement's text depends on."""
        below = {**self.parts, **self.inner}
        inner = ",".join(f"{name}:{slot.signature()}" for name, slot in below.items())
        return f"{self.entity.name}({' '.join(self.cells)}|{inner})"


def slots_of(entity: Entity, views: Iterable[View], standing: Standing, entities: Mapping[str, Entity]) -> Slot:
    """Return the slots that answer `views`, all of `entity`. A cell that nobody here may read has no place."""
    root = Slot(entity, ROOT)
    for view in views:
        _add(root, view, standing, entities)
    _number(root)
    return root


def _add(slot: Slot, view: View, standing: Standing, entities: Mapping[str, Entity]) -> None:
    for asked in view.asked:
        if isinstance(asked.source, Cell):
            if (kind := asked.source.met_as) is not None and kind not in slot.parts:
                slot.parts[kind] = Slot(entities[kind], f"{slot.name}_{kind}", is_part=True)
            holder = slot.holder(asked.source)
            if standing.allowed(holder.entity, asked.name):
                holder.cells.setdefault(asked.name, -1)
        elif isinstance(asked.source, One | Inline) and asked.view is not None:
            inner = slot.inner.get(asked.name)
            if inner is None:
                link = asked.source if isinstance(asked.source, One) else None
                allowed = standing.allowed(slot.entity, asked.name)
                inner = Slot(entities[asked.source.target], f"{slot.name}{len(slot.inner)}", link, allowed)
                slot.inner[asked.name] = inner
            _add(inner, asked.view, standing, entities)


def _number(root: Slot) -> None:
    """Give every value its place: per slot its key, its situation, its subject, its cells, the key to sealed ones."""
    place = 0
    for slot in root.walk():
        slot.key_at, slot.situation_at = place, place + 1
        place += 2
        if slot.entity.subject is not None:
            slot.subject_at = place
            place += 1
        for name in slot.cells:
            slot.cells[name] = slot.key_at
        for name in slot.own_cells():
            slot.cells[name] = place
            place += 1
        if slot.sealed_cells():
            slot.key_of_subject_at = place
            place += 1
