"""One statement per list: the page first (`api.reading.inner`), its cells blanked afterwards.

The outer select joins what to-one fields lead to and blanks each cell that its row's situation does not release, so
that a hidden value never leaves the database.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
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

from api.reading.entity import Cell, Entity, Tables
from api.reading.inner import PageSelect, Wanted
from api.reading.listed import Rows
from api.reading.order import ordering
from api.reading.rows import blanked, fence, rows_of, within
from api.reading.slots import Slot
from api.reading.standing import TENANT, Standing
from tenants.keys.statements import wrapped_key


class Statement:
    """Builds the statement of one list for one kind of standing."""

    def __init__(self, wanted: Wanted, standing: Standing, entities: Mapping[str, Entity]) -> None:
        self._wanted = wanted
        self._standing = standing
        self._entities = entities
        self._aliases: dict[str, Tables] = {}
        self._situations: dict[str, ColumnElement[int]] = {}
        self._parents = (
            func.unnest(
                bindparam("parents", type_=ARRAY(Uuid())),
                bindparam("situations", type_=ARRAY(Integer())),
                bindparam("subjects", type_=ARRAY(Uuid())),
            )
            .table_valued(
                column("key", Uuid), column("situation", Integer), column("subject", Uuid), with_ordinality="n"
            )
            .render_derived(name="p")
        )

    def build(self) -> Select[*tuple[Any, ...]]:
        """Return the statement.

        Its columns: per slot the key, the situation, the subject and the cells; then the order's values, the situation
        of each object that the order looks into, and the parent's key of a nested list.
        """
        inner = PageSelect(self._wanted, self._standing, self._entities, self._parents)
        page = inner.build()
        wanted, root = self._wanted, self._wanted.root
        columns: list[ColumnElement[Any]] = []
        start: FromClause = page
        if wanted.nested:
            start = self._parents.join(page, true())
        for slot in root.walk():
            if slot is root:
                about = page.c.subject if slot.entity.subject is not None else None
                columns += self._blanked(slot, page.c.key, page.c.situation, about, lambda name: page.c[f"cell_{name}"])
            elif slot.is_part:
                columns += self._part(slot, page)
            elif slot.link is None:
                columns += self._inline(slot, page)
            elif inner.is_subject(slot):
                start, found = self._described(start, slot, page, inner.rows)
                columns += found
            else:
                start, found = self._joined(start, slot, page)
                columns += found
        values = [page.c[f"order_{number}"] for number in range(len(wanted.keys) - 1)]
        columns += values
        orders = ordering(wanted.keys, [*values, page.c.key], backwards=False)
        columns += [page.c[f"through_{number}"] for number, key in enumerate(wanted.keys) if key.through is not None]
        if wanted.nested:
            columns.append(self._parents.c.key)
            orders = [self._parents.c.n, *orders]
        return select(*columns).select_from(start).order_by(*orders)

    def _part(self, slot: Slot, page: FromClause) -> list[ColumnElement[Any]]:
        """Return the columns of the row's cells that are met in other capacities than the row."""
        situation: ColumnElement[int] = page.c[f"{slot.name}_situation"]
        return self._blanked(slot, page.c.key, situation, page.c.subject, lambda name: page.c[f"{slot.name}_{name}"])

    def _inline(self, slot: Slot, page: FromClause) -> list[ColumnElement[Any]]:
        """Return the columns of an object made of the row itself, where the field that leads to it is released."""
        key = case((within(page.c.situation, slot.allowed_link), page.c.key))
        return self._blanked(slot, key, page.c.situation, page.c.subject, lambda name: page.c[f"{slot.name}_{name}"])

    def _described(
        self, start: FromClause, slot: Slot, page: FromClause, rows: Rows
    ) -> tuple[FromClause, list[ColumnElement[Any]]]:
        """Return the columns of the person whom the row describes: read with the row, and met as it is, or closer."""
        of_row: ColumnElement[int] = page.c.situation
        situation = rows.toward_subject(of_row, page.c.subject)
        if situation is not of_row:
            fenced = fence(situation, f"{slot.name}_s")
            start, situation = start.join(fenced, true()), fenced.c.situation
        shown = case((within(situation, self._standing.visible(slot.entity)), page.c.subject))
        cells = self._blanked(slot, shown, situation, page.c.subject, lambda name: page.c[f"{slot.name}_{name}"])
        return start, cells

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
        if slot.entity.subject is None:
            situation = literal_column(str(self._standing.everything), Integer)
        else:
            fenced = fence(self._standing.expression(slot.entity, tables, subject), f"{slot.name}_s")
            start = start.outerjoin(fenced, true())
            situation = fenced.c.situation
        self._aliases[slot.name] = tables
        self._situations[slot.name] = situation

        def cell(name: str) -> ColumnElement[Any]:
            source = slot.entity.sources[name]
            assert isinstance(source, Cell)
            return source.expression(tables)

        shown = case((within(situation, self._standing.visible(slot.entity)), key))
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
        opening: frozenset[int] = frozenset()
        for name in slot.own_cells():
            allowed = self._standing.allowed(slot.entity, name)
            if slot.link is None and not own and not slot.is_part:
                allowed &= slot.allowed_link
            columns.append(cell(name) if known else blanked(cell(name), situation, allowed, visible))
            if name in slot.sealed_cells():
                opening |= allowed
        if slot.key_of_subject_at >= 0:
            assert subject is not None, "what is sealed is sealed with the key of the person whom the row describes"
            columns.append(blanked(wrapped_key(subject), situation, opening, visible))
        return columns
