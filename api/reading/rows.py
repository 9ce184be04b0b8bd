"""The tables of an entity in a statement, and predicates on situations."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    null,
    select,
    true,
)

from api.reading.entity import Entity, Tables
from api.reading.standing import TENANT
from domain.people.model import person


class Joined(dict[Table, FromClause]):
    """The tables of a row of `entity` under aliases; each beside the row's own is joined when first asked for."""

    outer = False
    """A row may be none at all, and then there is nothing of it in the other tables either."""
    fenced = False
    """The rows are found one by one, and what belongs to each is looked up so too, whatever PostgreSQL thinks of it."""

    def __init__(self, entity: Entity, prefix: str) -> None:
        super().__init__({entity.table: entity.table.alias(prefix)})
        self._links = dict(entity.joins)
        self._prefix = prefix
        self.start: FromClause = self[entity.table]
        """What to select from. It grows."""

    def __missing__(self, table: Table) -> FromClause:
        other = self[table] = table.alias(f"{self._prefix}_{table.name}")
        self.join(other, and_(other.c.tenant_id == TENANT, other.c.id == self.link(table)), outer=self.outer)
        return other

    def join(self, other: FromClause, there: ColumnElement[bool], *, outer: bool = False) -> None:
        """Add `other` where `there` holds, and none of it elsewhere if `outer`."""
        self.start = self.start.join(other, there, isouter=outer)

    def link(self, table: Table) -> ColumnElement[Any]:
        """Return the column that holds the key of the row in `table` that belongs to this row."""
        column = self._links[table]
        return self[column.table].c[column.name]


def described(entity: Entity, tables: Joined, prefix: str) -> Tables:
    """Join the person that a row of `entity` describes; return where that person stands."""
    if entity.subject is None or entity.table is person:
        return tables
    someone = person.alias(f"{prefix}_subject")
    identity = tables[entity.subject.table].c[entity.subject.name]
    there = and_(someone.c.tenant_id == TENANT, someone.c.id == identity)
    outer = tables.outer or entity.optional_subject
    if tables.fenced:
        # To know how the viewer stands toward them takes no more of a person.
        columns = (someone.c.id, someone.c.minor, someone.c.restricted)
        looked_up = fenced_rows(someone, columns, there, someone.name)
        tables.join(looked_up, true(), outer=outer)
        return {person: looked_up}
    tables.join(someone, there, outer=outer)
    return {person: someone}


def fenced_rows(
    table: FromClause, columns: Iterable[ColumnElement[Any]], there: ColumnElement[bool], name: str
) -> FromClause:
    """Return `columns` of the rows of `table` where `there` holds, looked up for each row that it is joined to."""
    return select(*columns).where(there).correlate_except(table).offset(literal_column("0")).lateral(name)


def rows_of(entity: Entity, prefix: str) -> tuple[Tables, FromClause, Tables]:
    """Return the tables of `entity` under aliases, joined, and where the person that a row describes stands."""
    tables = Joined(entity, prefix)
    for table, _ in entity.joins:
        tables[table]
    subject = described(entity, tables, prefix)
    return tables, tables.start, subject


def within(situation: ColumnElement[int], allowed: frozenset[int]) -> ColumnElement[bool]:
    """Return the predicate that `situation` is one of `allowed`."""
    if not allowed:
        return false()
    listed = ",".join(map(str, sorted(allowed)))
    return situation == func.any(literal_column(f"'{{{listed}}}'::int[]", ARRAY(Integer())))


def blanked(
    value: ColumnElement[Any], situation: ColumnElement[int], allowed: frozenset[int], visible: frozenset[int]
) -> ColumnElement[Any]:
    """Return `value` where the situation releases it, null elsewhere."""
    if not allowed:
        # Not a bare constant: PostgreSQL takes those in ORDER BY for positions.
        return cast(null(), value.type)
    return value if allowed >= visible and visible else case((within(situation, allowed), value))


def fence(situation: ColumnElement[int], name: str) -> FromClause:
    """Return `situation`, made of what it is joined to, as something to join: computed once per row.

    OFFSET 0 keeps the planner from pulling the expression apart and computing it once per use.
    """
    return select(situation.label("situation")).offset(literal_column("0")).correlate_except(None).lateral(name)
