"""How access events are found: sealed ones by their terms, the few that wait for the sealer one by one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, false, not_, or_, select, union_all

from api.reading.finding import Sought, Ways
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
    also = [_has(term, other, f"also_{number}") for number, other in enumerate(others)]
    branches = [
        # What is found in one way is not found again in the next.
        _sealed(term, sought).where(way, *_not_before(term, first, number), *also)
        for number, way in enumerate(first(term.c.term))
    ]
    waiting = unsealed_event.alias("waiting")
    columns = (waiting.c.retention_years, waiting.c.at, waiting.c.event_id.label("id"))
    tail = select(*columns).where(waiting.c.tenant_id == CURRENT_TENANT, *sought.bounds(waiting.c.at))
    return union_all(*branches, tail).lateral("found")


def _sealed(term: FromClause, sought: Sought) -> Select[Any]:
    columns = (term.c.retention_years, term.c.at, term.c.event_id.label("id"))
    return select(*columns).where(term.c.tenant_id == CURRENT_TENANT, *sought.bounds(term.c.at))


def _not_before(term: FromClause, ways: Ways, number: int) -> list[ColumnElement[bool]]:
    """Return the predicate that the event of `term` is found in none of the first `number` ways."""
    return [not_(_has(term, lambda other: ways(other)[:number], "before"))] if number else []


def _has(term: FromClause, ways: Ways, name: str) -> ColumnElement[bool]:
    """Return the predicate that the event of `term` has another term that one of `ways` finds."""
    other = access_term.alias(name)
    same = [other.c[column] == term.c[column] for column in ("tenant_id", "at", "event_id", "retention_years")]
    return exists().where(*same, or_(false(), *ways(other.c.term))).correlate_except(other)
