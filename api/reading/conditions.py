"""Filters in use: what a connection's `filter` argument comes to in a statement.

A condition holds only in rows whose cell is readable, so a hidden value decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, false, func, not_, or_

from api.reading.entity import Cell, Entity, Filter, Tables
from api.reading.rows import rows_of, within
from api.reading.standing import TENANT, Standing
from tenants.session import ReadSession


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter with its argument: the values it binds, and the field that it tells about."""

    filter: Filter
    prefix: str
    parts: Mapping[str, Any]

    @property
    def signature(self) -> str:
        """Return what the statement's text depends on."""
        return f"{self.filter.name}[{' '.join(sorted(self.parts))}]"

    async def values(self, session: ReadSession) -> dict[str, Any]:
        """Return the values to bind. Raises what hashing one does (`SessionKeys.hashed`)."""
        parts, hashed = self.parts, self.filter.hashed
        if hashed is not None:
            parts = {name: await session.keys.hashed(hashed, value) for name, value in parts.items()}
        return {f"{self.prefix}_{name}": value for name, value in parts.items()}

    def test(self, value: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the predicate on `value`."""
        return self.filter.predicate(value, self.bound, frozenset(self.parts))

    def bound(self, name: str) -> ColumnElement[Any]:
        """Return the bound part `name` of the argument."""
        return bindparam(f"{self.prefix}_{name}")


def conditions_of(filters: Mapping[str, Filter], arguments: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Return the conditions in `arguments`, those that hold everywhere left out."""
    found = []
    for name, given in arguments.items():
        if given is None:
            continue
        parts = filters[name].parts(given)
        if parts:
            found.append(Condition(filters[name], f"where_{name}", parts))
    return tuple(found)


def predicate(
    condition: Condition,
    entity: Entity,
    standing: Standing,
    entities: Mapping[str, Entity],
    tables: Tables,
    situation: ColumnElement[int],
    parent: ColumnElement[Any],
) -> ColumnElement[bool]:
    """Return the predicate of `condition` for a row of `entity` at `tables` with `situation`, in a list of `parent`."""
    wanted = condition.filter
    allowed = standing.allowed(entity, wanted.name)
    if not allowed:
        return false()
    readable = within(situation, allowed)
    if wanted.hashed is not None:
        return and_(readable, condition.test(tables[wanted.hashed.table].c[wanted.hashed.name]))
    if wanted.value is not None:
        return and_(readable, condition.test(wanted.value(tables, parent)))
    if wanted.related is None:
        source = entity.sources[wanted.name]
        assert isinstance(source, Cell)
        return and_(readable, condition.test(source.expression(tables, parent)))
    other = entities[wanted.related]
    inner, joined, subject = rows_of(other, "related")
    assert wanted.relates is not None
    there = standing.expression(other, inner, subject)
    released = standing.visible(other)
    tests = [inner[other.table].c.tenant_id == TENANT, wanted.relates(tables, inner)]
    if wanted.related_name is not None:
        source = other.sources[wanted.related_name]
        assert isinstance(source, Cell)
        released = standing.allowed(other, wanted.related_name)
        tests.append(condition.test(source.expression(inner)))
    else:
        assert wanted.related_column is not None
        tests.append(condition.test(inner[other.table].c[wanted.related_column.name]))
    around = {*inner.values(), *subject.values()}
    found: ColumnElement[bool] = (
        exists().select_from(joined).where(*tests, within(there, released)).correlate_except(*around)
    )
    if wanted.beyond is not None and not wanted.beyond[0].isdisjoint(standing.roles):
        found = or_(found, _is_beyond(condition, other, wanted.beyond[1](tables, parent)))
    return and_(readable, found)


def _is_beyond(condition: Condition, other: Entity, keys: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the predicate that the key asked for is among `keys` and no row of `other` has it."""
    gone = other.table.alias("gone")
    named = func.jsonb_array_elements_text(keys).table_valued("value", name="named")
    is_there = exists().where(gone.c.tenant_id == TENANT, condition.test(gone.c[other.key.name]))
    is_named = exists().select_from(named).where(condition.test(named.c.value))
    return and_(is_named.correlate_except(named), not_(is_there.correlate_except(gone)))
