"""The inner select of a list's statement: its page, before any cell is blanked.

Rows that exist for the viewer, filtered and ordered by what the viewer may see; the situation of each computed once,
behind a fence (LATERAL ... OFFSET 0).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Label, and_, literal_column, select

from api.reading.conditions import Condition, predicate
from api.reading.entity import Cell, Entity, Many, One, Tables
from api.reading.finding import Sought, ways_of
from api.reading.listed import Rows
from api.reading.order import Key, after, ordering
from api.reading.rows import blanked, fence, rows_of, within
from api.reading.slots import Slot
from api.reading.standing import TENANT, Standing


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list to read: whose, which rows, in which order. `many` None: the rows whose keys are in `:keys`."""

    root: Slot
    many: Many | None
    nested: bool
    keys: tuple[Key, ...]
    """The parts of the order, the last of them the row's own key."""
    backwards: bool
    size: int
    """Rows at most. It stands in the text: a plan that knows it goes along an index and stops."""
    after: tuple[bool, ...] | None
    """Per part of the order whether the cursor's value is null; None without a cursor."""
    before: tuple[bool, ...] | None
    conditions: tuple[Condition, ...]


class PageSelect:
    """Builds the page of one list for one kind of standing; `parents` are those of a nested one."""

    def __init__(self, wanted: Wanted, standing: Standing, entities: Mapping[str, Entity], parents: FromClause) -> None:
        self._wanted = wanted
        self._standing = standing
        self._entities = entities
        around = parents if wanted.nested else None
        opened = {column.name for slot in wanted.root.walk() for column in slot.sealed_cells().values()}
        self.rows = Rows(wanted.root.entity, standing, wanted.many, around, self._found_by, opened)
        self._through: dict[int, ColumnElement[int]] = {}

    def _found_by(self, parent: ColumnElement[Any]) -> FromClause | None:
        """Return what the list's rows are found by, None where its table is looked through."""
        wanted = self._wanted
        if wanted.many is None or wanted.many.found_by is None:
            return None
        after, before = (bound is not None and not bound[0] for bound in (wanted.after, wanted.before))
        sought = Sought(
            ways=ways_of(wanted.conditions), keys=wanted.keys, backwards=wanted.backwards, after=after, before=before,
            conditions=wanted.conditions,
        )  # fmt: skip
        return wanted.many.found_by(parent, sought)

    def is_subject(self, slot: Slot) -> bool:
        """Tell whether `slot` is the person whom the list's row describes, and there is no more to join to it."""
        names = (name for name, inner in self._wanted.root.inner.items() if inner is slot)
        return not slot.inner and any(self.rows.leads_to_subject(name, slot.entity) for name in names)

    def build(self) -> FromClause:
        """Return the page: key, situation, subject, raw cells, links, the order's values."""
        wanted, rows = self._wanted, self.rows
        orders = self._orders()
        conditions = [*rows.conditions(), *self._conditions(orders)]
        found = self._found()
        # The last part of the order is the row's own key.
        found += [value.label(f"order_{number}") for number, value in enumerate(orders[:-1])]
        found += [value.label(f"through_{number}") for number, value in self._through.items()]
        page = select(*found).select_from(rows.tables.start).where(*conditions)
        page = page.order_by(*ordering(wanted.keys, orders, backwards=wanted.backwards))
        page = page.limit(literal_column(str(wanted.size), Integer))
        return page.lateral("page") if wanted.nested else page.subquery("page")

    def _conditions(self, orders: Sequence[ColumnElement[Any]]) -> list[ColumnElement[bool]]:
        """Return the filters, and where the page begins and ends."""
        wanted, rows = self._wanted, self.rows
        found = [
            predicate(
                condition, wanted.root.entity, self._standing, self._entities, rows.tables, rows.situation, rows.parent
            )
            for condition in wanted.conditions
        ]
        for name, nulls in (("after", wanted.after), ("before", wanted.before)):
            if nulls is not None:
                found.append(after(wanted.keys, orders, nulls, name, backwards=name == "before"))
        return found

    def _found(self) -> list[Label[Any]]:
        rows, root = self.rows, self._wanted.root
        found: list[Label[Any]] = [rows.key.label("key"), rows.situation.label("situation")]
        if root.entity.subject is not None:
            found.append(rows.identity.label("subject"))
        found += self._cells(root, rows.tables, "cell")
        for part in root.parts.values():
            found += [rows.met_as(part.entity, part.name).label(f"{part.name}_situation")]
            found += self._cells(part, rows.tables, part.name)
        for name, slot in root.inner.items():
            if slot.link is None:
                found += self._cells(slot, rows.tables, slot.name)
            elif self.is_subject(slot):
                found += self._cells(slot, rows.subject, slot.name)
            else:
                found.append(rows.tables[slot.link.link.table].c[slot.link.link.name].label(f"link_{name}"))
        return found

    def _cells(self, slot: Slot, tables: Tables, prefix: str) -> list[Label[Any]]:
        found = []
        for name in slot.own_cells():
            source = slot.entity.sources[name]
            assert isinstance(source, Cell)
            found.append(source.expression(tables, self.rows.parent).label(f"{prefix}_{name}"))
        return found

    def _orders(self) -> list[ColumnElement[Any]]:
        """Return the values that the page is ordered by: what the viewer may not see is null."""
        entity, rows = self._wanted.root.entity, self.rows
        return [
            self._masked(entity, key.name, rows.tables, rows.situation)
            if key.through is None
            else self._looked_up(number, key.name, key.through)
            for number, key in enumerate(self._wanted.keys)
        ]

    def _looked_up(self, number: int, name: str, through: str) -> ColumnElement[Any]:
        """Return the value `name` of the object in the row's field `through`."""
        entity, rows = self._wanted.root.entity, self.rows
        link = entity.sources[through]
        assert isinstance(link, One)
        target = self._entities[link.target]
        if rows.leads_to_subject(through, target):
            tables: Tables = rows.subject
            situation = rows.toward_subject(rows.situation, rows.identity)
        else:
            tables, joined, subject = rows_of(target, f"o{number}")
            there = [
                tables[target.table].c.tenant_id == TENANT,
                tables[target.table].c[target.key.name] == rows.tables[link.link.table].c[link.link.name],
                # Where the field that leads there is not released, there is nothing to order by.
                within(rows.situation, self._standing.allowed(entity, through)),
            ]
            rows.join(joined, and_(*there))
            situation = self._standing.expression(target, tables, subject)
        if situation is not rows.situation:
            fenced = fence(situation, f"os{number}")
            rows.join(fenced)
            situation = fenced.c.situation
        self._through[number] = situation
        met = frozenset(self._standing.situations(target))
        return self._masked(target, name, tables, situation, met)

    def _masked(
        self,
        entity: Entity,
        name: str,
        tables: Tables,
        situation: ColumnElement[int],
        met: frozenset[int] | None = None,
    ) -> ColumnElement[Any]:
        """Return a value where it is released; `met`: the situations among the rows, those that exist if left out."""
        if name == "id":
            return tables[entity.table].c[entity.key.name]
        source = entity.sources[name]
        assert isinstance(source, Cell)
        rows = self._standing.visible(entity) if met is None else met
        return blanked(source.expression(tables), situation, self._standing.allowed(entity, name), rows)
