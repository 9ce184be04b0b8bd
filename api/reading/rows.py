"""The tables of an entity in a statement, and predicates on situations."""

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
)

from api.reading.entity import Entity, Tables
from api.reading.standing import TENANT
from domain.people.model import person


def tables_of(entity: Entity, prefix: str) -> tuple[dict[Table, FromClause], FromClause]:
    """Return the tables of `entity` under aliases, and those joined."""
    alias: FromClause = entity.table.alias(prefix)
    tables: dict[Table, FromClause] = {entity.table: alias}
    start = alias
    for number, (table, link) in enumerate(entity.joins):
        other = tables[table] = table.alias(f"{prefix}_{number}")
        here = tables[link.table].c[link.name]
        start = start.join(other, and_(other.c.tenant_id == TENANT, other.c.id == here))
    return tables, start


def described(entity: Entity, tables: Tables, start: FromClause, prefix: str) -> tuple[FromClause, Tables]:
    """Join the person that a row of `entity` describes; return where that person stands beside `start`."""
    if entity.subject is None or entity.table is person:
        return start, tables
    someone = person.alias(f"{prefix}_subject")
    identity = tables[entity.subject.table].c[entity.subject.name]
    there = and_(someone.c.tenant_id == TENANT, someone.c.id == identity)
    return start.join(someone, there, isouter=entity.optional_subject), {person: someone}


def rows_of(entity: Entity, prefix: str) -> tuple[dict[Table, FromClause], FromClause, Tables]:
    """Return the tables of `entity` under aliases, joined, and where the person that a row describes stands."""
    tables, start = tables_of(entity, prefix)
    joined, subject = described(entity, tables, start, prefix)
    return tables, joined, subject


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
