"""How access events are found: sealed ones by their terms, the few that wait for the sealer one by one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    exists,
    false,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)

from api.reading.finding import Sought, Ways
from api.reading.order import ordering
from authz.audit.seal.model import unsealed_event
from authz.audit.terms import access_term
from tenants.session import CURRENT_TENANT


def by_terms(_parent: ColumnElement[Any], sought: Sought) -> FromClause | None:
    """Find events by the terms of the conditions; without any there is nothing to find them by."""
    return _found(sought.ways, sought) if sought.ways else None


def by_subject(parent: ColumnElement[Any], sought: Sought) -> FromClause:
    """Find the events that concern the person `parent`, and of them those that the conditions want."""
    return _found([lambda term: [term == parent], *sought.ways], sought)


def _found(ways: Sequence[Ways], sought: Sought) -> FromClause:
    first, *others = ways
    term = access_term.alias("term")
    parts = [_sealed(first, number, others, sought) for number in range(len(first(term.c.term)))]
    waiting = unsealed_event.alias("waiting")
    columns = (waiting.c.retention_years, waiting.c.at, waiting.c.event_id.label("id"))
    tail = select(*columns).where(waiting.c.tenant_id == CURRENT_TENANT, *sought.bounds(waiting.c.at))
    merged = union_all(*(select(_in_order(part, sought)) for part in (*parts, tail)))
    return _in_order(merged, sought, "found")


def _in_order(rows: Select[Any] | CompoundSelect[Any], sought: Sought, name: str | None = None) -> FromClause:
    """Return `rows` in the list's order, fenced (OFFSET 0).

    Each part by itself, so that PostgreSQL merges indexes that are in order already; and the whole, because it takes
    the list's predicates to leave so little that it would rather read everything and sort.
    """
    inner = rows.subquery()
    keys = ordering(sought.keys, (inner.c.at, inner.c.id), backwards=sought.backwards)
    return select(inner).order_by(*keys).offset(literal_column("0")).lateral(name)


def _sealed(ways: Ways, number: int, others: Sequence[Ways], sought: Sought) -> Select[Any]:
    """Return the sealed events that are found in the way `number` of `ways` and in none before, and by all `others`."""
    term = access_term.alias("term")
    columns = (term.c.retention_years, term.c.at, term.c.event_id.label("id"))
    there = [term.c.tenant_id == CURRENT_TENANT, ways(term.c.term)[number], *sought.bounds(term.c.at)]
    rows = _in_order(select(*columns).where(*there).correlate_except(term), sought, f"way_{number}")
    earlier = [not_(_has(rows, lambda other: ways(other)[:number], "earlier"))] if number else []
    return select(rows).where(*earlier, *(_has(rows, other, f"also_{at}") for at, other in enumerate(others)))


def _has(rows: FromClause, ways: Ways, name: str) -> ColumnElement[bool]:
    """Return the predicate that an event among `rows` has a term that one of `ways` finds."""
    other = access_term.alias(name)
    same = [other.c.at == rows.c.at, other.c.event_id == rows.c.id, other.c.retention_years == rows.c.retention_years]
    mine = [other.c.tenant_id == CURRENT_TENANT, *same, or_(false(), *ways(other.c.term))]
    return exists().where(*mine).correlate_except(other)
