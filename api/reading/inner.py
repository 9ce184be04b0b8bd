"""The inner select of a list's statement: its page, before any cell is blanked.

Rows that exist for the viewer, filtered and ordered by what the viewer may see; the situation of each computed once,
behind a fence (LATERAL ... OFFSET 0).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Label,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    true,
)

from api.reading.conditions import Condition, predicate
from api.reading.entity import Cell, Entity, Many, One, Tables
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
        self._parents = parents
        self._through: dict[int, ColumnElement[int]] = {}

    def build(self) -> FromClause:
        """Return the page: key, situation, subject, raw cells, links, the order's values."""
        wanted, entity = self._wanted, self._wanted.root.entity
        tables, start, subject = rows_of(entity, "r")
        situation, start = self._situation(entity, tables, subject, start)
        conditions = [tables[entity.table].c.tenant_id == TENANT]
        if entity.exists is not None:
            conditions.append(entity.exists(tables))
        key = tables[entity.table].c[entity.key.name]
        parent = self._parents.c.key if wanted.nested else bindparam("parent", type_=Uuid())
        if wanted.many is None:
            conditions.append(key == func.any(bindparam("keys", type_=ARRAY(Uuid()))))
        else:
            conditions.append(wanted.many.belongs(tables, parent))
        visible = self._standing.visible(entity)
        if entity.subject is not None or not visible:
            conditions.append(within(situation, visible))
        start, orders = self._orders(start, tables, situation)
        conditions += [
            predicate(condition, entity, self._standing, self._entities, tables, situation, parent)
            for condition in wanted.conditions
        ]
        for name, nulls in (("after", wanted.after), ("before", wanted.before)):
            if nulls is not None:
                conditions.append(after(wanted.keys, orders, nulls, name, backwards=name == "before"))
        found: list[Label[Any]] = [key.label("key"), situation.label("situation")]
        if entity.subject is not None:
            found.append(tables[entity.subject.table].c[entity.subject.name].label("subject"))
        found += self._cells(wanted.root, tables, parent, "cell")
        for name, slot in wanted.root.inner.items():
            if slot.link is None:
                found += self._cells(slot, tables, parent, slot.name)
            else:
                found.append(tables[slot.link.link.table].c[slot.link.link.name].label(f"link_{name}"))
        found += [value.label(f"order_{number}") for number, value in enumerate(orders)]
        found += [value.label(f"through_{number}") for number, value in self._through.items()]
        page = select(*found).select_from(start).where(*conditions)
        page = page.order_by(*ordering(wanted.keys, orders, backwards=wanted.backwards))
        page = page.limit(literal_column(str(wanted.size), Integer))
        return page.lateral("page") if wanted.nested else page.subquery("page")

    @staticmethod
    def _cells(slot: Slot, tables: Tables, parent: ColumnElement[Any], prefix: str) -> list[Label[Any]]:
        found = []
        for name in slot.cells:
            source = slot.entity.sources[name]
            assert isinstance(source, Cell)
            found.append(source.expression(tables, parent).label(f"{prefix}_{name}"))
        return found

    def _situation(
        self, entity: Entity, tables: Tables, subject: Tables, start: FromClause
    ) -> tuple[ColumnElement[int], FromClause]:
        if self._wanted.many is not None and self._wanted.many.stands_as_parent and self._wanted.nested:
            return self._parents.c.situation, start
        if entity.subject is None:
            return literal_column(str(self._standing.everything), Integer), start
        fenced = fence(self._standing.expression(entity, tables, subject), "s", tables, subject)
        return fenced.c.situation, start.join(fenced, true())

    def _orders(
        self, start: FromClause, tables: Tables, situation: ColumnElement[int]
    ) -> tuple[FromClause, list[ColumnElement[Any]]]:
        """Return the values that the page is ordered by: what the viewer may not see is null."""
        orders: list[ColumnElement[Any]] = []
        entity = self._wanted.root.entity
        for number, key in enumerate(self._wanted.keys):
            if key.through is None:
                orders.append(self._masked(entity, key.name, tables, situation))
                continue
            link = entity.sources[key.through]
            assert isinstance(link, One)
            target = self._entities[link.target]
            inner, joined, subject = rows_of(target, f"o{number}")
            here = tables[link.link.table].c[link.link.name]
            key_there = inner[target.table].c[target.key.name]
            there = [inner[target.table].c.tenant_id == TENANT, key_there == here]
            # Where the field that leads there is not released, there is nothing to order by.
            there.append(within(situation, self._standing.allowed(entity, key.through)))
            start = start.outerjoin(joined, and_(*there))
            fenced = fence(self._standing.expression(target, inner, subject), f"os{number}", inner, subject)
            start = start.outerjoin(fenced, true())
            self._through[number] = fenced.c.situation
            met = frozenset(self._standing.situations(target))
            orders.append(self._masked(target, key.name, inner, fenced.c.situation, met))
        return start, orders

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
