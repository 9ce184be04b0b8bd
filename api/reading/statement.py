"""One statement per list: the page first, its cells blanked afterwards.

The inner select finds the page: rows that exist for the viewer, filtered and ordered by what the viewer may see, the
situation computed once per row behind a fence (LATERAL ... OFFSET 0). The outer select joins what to-one fields lead to
and blanks each cell that its row's situation does not release, so that a hidden value never leaves the database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Label,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    column,
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


class Statement:
    """Builds the statement of one list for one kind of standing."""

    def __init__(self, wanted: Wanted, standing: Standing, entities: Mapping[str, Entity]) -> None:
        self._wanted = wanted
        self._standing = standing
        self._entities = entities
        self._aliases: dict[str, Tables] = {}
        self._situations: dict[str, ColumnElement[int]] = {}
        self._through: dict[int, ColumnElement[int]] = {}
        self._parents = (
            func.unnest(bindparam("parents", type_=ARRAY(Uuid())), bindparam("situations", type_=ARRAY(Integer())))
            .table_valued(column("key", Uuid), column("situation", Integer), with_ordinality="n")
            .render_derived(name="p")
        )

    def build(self) -> Select[*tuple[Any, ...]]:
        """Return the statement.

        Its columns: per slot the key, the situation, the subject and the cells; then the order's values, the situation
        of each object that the order looks into, and the parent's key of a nested list.
        """
        page = self._page()
        wanted, root = self._wanted, self._wanted.root
        columns: list[ColumnElement[Any]] = []
        start: FromClause = page
        if wanted.nested:
            start = self._parents.join(page, true())
        for slot in root.walk():
            if slot is root:
                about = page.c.subject if slot.entity.subject is not None else None
                columns += self._blanked(slot, page.c.key, page.c.situation, about, lambda name: page.c[f"cell_{name}"])
            elif slot.link is None:
                columns += self._inline(slot, page)
            else:
                start, found = self._joined(start, slot, page)
                columns += found
        columns += [page.c[f"order_{number}"] for number in range(len(wanted.keys))]
        orders = ordering(
            wanted.keys, [page.c[f"order_{number}"] for number in range(len(wanted.keys))], backwards=False
        )
        columns += [page.c[f"through_{number}"] for number, key in enumerate(wanted.keys) if key.through is not None]
        if wanted.nested:
            columns.append(self._parents.c.key)
            orders = [self._parents.c.n, *orders]
        return select(*columns).select_from(start).order_by(*orders)

    def _page(self) -> FromClause:
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

    def _inline(self, slot: Slot, page: FromClause) -> list[ColumnElement[Any]]:
        """Return the columns of an object made of the row itself, where the field that leads to it is released."""
        key = case((within(page.c.situation, slot.allowed_link), page.c.key))
        return self._blanked(slot, key, page.c.situation, page.c.subject, lambda name: page.c[f"{slot.name}_{name}"])

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

    def _joined(self, start: FromClause, slot: Slot, page: FromClause) -> tuple[FromClause, list[ColumnElement[Any]]]:
        """Join the object that a to-one field leads to: where the field is released and the object visible."""
        parent = next(other for other in self._wanted.root.walk() if slot in other.inner.values())
        name = next(name for name, other in parent.inner.items() if other is slot)
        assert slot.link is not None
        is_root = parent is self._wanted.root
        here = (
            page.c[f"link_{name}"]
            if is_root
            else self._aliases[parent.name][slot.link.link.table].c[slot.link.link.name]
        )
        parent_situation = page.c.situation if is_root else self._situations[parent.name]
        tables, joined, subject = rows_of(slot.entity, slot.name)
        key = tables[slot.entity.table].c[slot.entity.key.name]
        condition = [tables[slot.entity.table].c.tenant_id == TENANT, key == here]
        if parent.entity.subject is not None:
            condition.append(within(parent_situation, slot.allowed_link))
        start = start.outerjoin(joined, and_(*condition))
        situation: ColumnElement[int]
        if slot.entity.subject is None or slot.link.always:
            situation = literal_column(str(self._standing.everything), Integer)
        else:
            fenced = fence(self._standing.expression(slot.entity, tables, subject), f"{slot.name}_s", tables, subject)
            start = start.outerjoin(fenced, true())
            situation = fenced.c.situation
        self._aliases[slot.name] = tables
        self._situations[slot.name] = situation

        def cell(name: str) -> ColumnElement[Any]:
            source = slot.entity.sources[name]
            assert isinstance(source, Cell)
            return source.expression(tables)

        shown = key if slot.link.always else case((within(situation, self._standing.visible(slot.entity)), key))
        about = slot.entity.subject
        subject_of = tables[about.table].c[about.name] if about is not None else None
        return start, self._blanked(slot, shown, situation, subject_of, cell)

    def _blanked(
        self,
        slot: Slot,
        key: ColumnElement[Any],
        situation: ColumnElement[int],
        subject: ColumnElement[Any] | None,
        cell: Callable[[str], ColumnElement[Any]],
    ) -> list[ColumnElement[Any]]:
        # Only the list's own rows are held to what exists for the viewer; what hangs on them is fetched unseen.
        own = slot is self._wanted.root
        visible = self._standing.visible(slot.entity) if own else frozenset(self._standing.situations(slot.entity))
        known = subject is None
        columns = [key, situation, *([] if subject is None else [subject])]
        for name in slot.cells:
            allowed = self._standing.allowed(slot.entity, name)
            if slot.link is None and not own:
                allowed &= slot.allowed_link
            columns.append(cell(name) if known else blanked(cell(name), situation, allowed, visible))
        return columns
