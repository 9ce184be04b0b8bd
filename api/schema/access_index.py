"""How access events are found: sealed ones by their terms, the few that wait for the sealer one by one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    exists,
    false,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

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
    parts = [_sealed(term, way, others, sought) for way in first(term.c.term)]
    waiting = unsealed_event.alias("waiting")
    columns = (waiting.c.retention_years, waiting.c.at, waiting.c.event_id.label("id"))
    tail = select(*columns).where(waiting.c.tenant_id == CURRENT_TENANT, *sought.bounds(waiting.c.at))
    merged = union_all(*(select(_in_order(part, sought)) for part in (*parts, tail))).subquery()
    # What is found in several ways stands together then.
    once = select(merged).ext(distinct_on(merged.c.at, merged.c.id)) if len(parts) > 1 else select(merged)
    return _fenced(once, merged, sought, "found")


def _in_order(rows: Select[Any], sought: Sought) -> FromClause:
    """Return `rows` in the list's order, fenced (OFFSET 0).

    Each part by itself, so that PostgreSQL merges indexes that are in order already; and the whole, because it takes
    the list's predicates to leave so little that it would rather read everything and sort.
    """
    inner = rows.subquery()
    return _fenced(select(inner), inner, sought)


def _fenced(rows: Select[Any], inner: FromClause, sought: Sought, name: str | None = None) -> FromClause:
    keys = ordering(sought.keys, (inner.c.at, inner.c.id), backwards=sought.backwards)
    return rows.order_by(*keys).offset(literal_column("0")).lateral(name)


def _sealed(term: FromClause, way: ColumnElement[bool], others: Sequence[Ways], sought: Sought) -> Select[Any]:
    """Return the sealed events with a `term` as `way` says, and another for each of `others`."""
    columns = (term.c.retention_years, term.c.at, term.c.event_id.label("id"))
    there = [term.c.tenant_id == CURRENT_TENANT, way, *sought.bounds(term.c.at)]
    rows = _in_order(select(*columns).where(*there).correlate_except(term), sought)
    return select(rows).where(*(_has(rows, other, f"also_{at}") for at, other in enumerate(others)))


def _has(rows: FromClause, ways: Ways, name: str) -> ColumnElement[bool]:
    """Return the predicate that an event among `rows` has a term that one of `ways` finds."""
    other = access_term.alias(name)
    same = [other.c.at == rows.c.at, other.c.event_id == rows.c.id, other.c.retention_years == rows.c.retention_years]
    mine = [other.c.tenant_id == CURRENT_TENANT, *same, or_(false(), *ways(other.c.term))]
    # Looked up for each event by itself (OFFSET 0): all that has the term may be most of the trail.
    looked_up: Select[Any] = select(literal_column("1")).where(*mine).offset(literal_column("0"))
    return exists(looked_up.correlate_except(other))
