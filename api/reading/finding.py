"""Finding a list's rows by terms: where the list's table is too long to look through for what a row holds many of.

What is found is never too little, and the list's own predicates still decide about each row of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, bindparam

from api.reading.conditions import Condition
from api.reading.order import Key

Ways = Callable[[ColumnElement[Any]], list[ColumnElement[bool]]]
"""Makes, of a term's column, the predicates of which one at least holds for some term of each row that is wanted."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rows are wanted, as far as terms can tell and the first part of the list's order."""

    ways: Sequence[Ways]
    """One for each condition, that which most likely finds least first."""
    keys: Sequence[Key]
    """The list's order."""
    backwards: bool
    after: bool
    before: bool
    """Whether the page has such a bound."""
    conditions: Sequence[Condition]

    @property
    def key(self) -> Key:
        """Return the first part of the order."""
        return self.keys[0]

    def bounds(self, value: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """Return what holds for `value`, the first of the order, in every row that is wanted."""
        found = [condition.test(value) for condition in self.conditions if self._is_of_key(condition)]
        if self.after:
            bound = bindparam("after_0", type_=value.type)
            found.append(value <= bound if self.key.descending else value >= bound)
        if self.before:
            bound = bindparam("before_0", type_=value.type)
            found.append(value >= bound if self.key.descending else value <= bound)
        return found

    def _is_of_key(self, condition: Condition) -> bool:
        plain = condition.filter.value is None and condition.filter.related is None
        return plain and condition.filter.name == self.key.name


FoundBy = Callable[[ColumnElement[Any], Sought], FromClause | None]
"""Makes, of the key of whose list it is, rows with the columns of the table's key; None: look through the table."""


def ways_of(conditions: Sequence[Condition]) -> list[Ways]:
    """Return how rows are found by the conditions that have terms."""
    finding = [condition for condition in conditions if condition.filter.finds is not None]
    finding.sort(key=lambda condition: condition.filter.finds[0] if condition.filter.finds else 0)
    return [_ways(condition) for condition in finding]


def _ways(condition: Condition) -> Ways:
    def ways(term: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        assert condition.filter.finds is not None
        return condition.filter.finds[1](term, condition.bound, frozenset(condition.parts))

    return ways
