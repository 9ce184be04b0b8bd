"""Orders that can be continued: keys with nulls last in either direction, and the row's own key to break ties."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, bindparam, or_


@dataclass(frozen=True, slots=True)
class Key:
    """One part of an order: a field of the type, or of the object in its field `through`."""

    name: str
    descending: bool = False
    through: str | None = None


def ordering(keys: Sequence[Key], values: Sequence[ColumnElement[Any]], *, backwards: bool) -> list[ColumnElement[Any]]:
    """Return the ORDER BY of `values`; `backwards` turns it round."""
    ordered: list[ColumnElement[Any]] = []
    for key, value in zip(keys, values, strict=True):
        direction: Any = value.desc() if key.descending != backwards else value.asc()
        if not _is_never_null(key, value):
            # Said of what has none, the place of nulls would only keep an index from serving.
            direction = direction.nulls_first() if backwards else direction.nulls_last()
        ordered.append(direction)
    return ordered


def _is_never_null(key: Key, value: ColumnElement[Any]) -> bool:
    """Tell whether `value` is a column of the row itself that holds no null; of another object there may be none."""
    return key.through is None and isinstance(value, Column) and not value.nullable


def after(
    keys: Sequence[Key], values: Sequence[ColumnElement[Any]], nulls: Sequence[bool], name: str, *, backwards: bool
) -> ColumnElement[bool]:
    """Return the predicate that a row comes after the one whose order values are bound as `name`_0, `name`_1, ...

    `nulls` tells which of those are null, `backwards` turns the order round. A null comes after every value.
    """
    ways = []
    same: list[ColumnElement[bool]] = []
    for number, (key, value, is_null) in enumerate(zip(keys, values, nulls, strict=True)):
        bound = bindparam(f"{name}_{number}", type_=value.type)
        if is_null:
            if backwards:
                ways.append(and_(*same, value.is_not(None)))
            same = [*same, value.is_(None)]
            continue
        further = value < bound if key.descending != backwards else value > bound
        if not backwards and key.name != "id" and not _is_never_null(key, value):
            further = or_(further, value.is_(None))
        ways.append(and_(*same, further))
        same = [*same, value == bound]
    return and_(*_within(keys[0], values[0], nulls[0], name, backwards), or_(*ways))


def _within(
    key: Key, value: ColumnElement[Any], is_null: bool, name: str, backwards: bool
) -> list[ColumnElement[bool]]:
    """Return what follows from it for the first part alone, where that lets an index begin at the place."""
    if is_null or not _is_never_null(key, value):
        return []
    bound = bindparam(f"{name}_0", type_=value.type)
    return [value <= bound if key.descending != backwards else value >= bound]
