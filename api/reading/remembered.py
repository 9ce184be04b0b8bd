"""Selections remembered with their document: collecting one costs more than all else that is done before reading.

What a selection comes to depends on the document and on the variables that stand in it, so it is found again by those.
One with a text in a variable is not remembered: cursors do not come twice, and what somebody searches for is not kept.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from graphql import Node, Visitor, visit
from graphql.execution.collect_fields import FieldDetails

from api.reading.entity import Many
from api.reading.selection import Collector, Connection, Pattern, View

_MOST = 64
"""Selections remembered per document: one for each place and each value of the variables in it."""

_Found = TypeVar("_Found", View, Connection)


@dataclass(frozen=True, slots=True)
class Selections:
    """The selections of one execution; `memo` is the document's."""

    collector: Collector
    memo: dict[Any, Any]

    def view(self, kind: str, fields: list[FieldDetails], pattern: Pattern) -> View:
        """Return what `fields` ask of an object of type `kind`. Raises `GraphQLError` for arguments of no use."""
        inside = [field.node.selection_set for field in fields if field.node.selection_set is not None]
        key = (kind, pattern, *map(id, inside))
        return self._remembered(key, fields, inside, lambda: self.collector.view(kind, fields, pattern))

    def connection(
        self, many: Many, parent: str, name: str, fields: list[FieldDetails], pattern: Pattern
    ) -> Connection:
        """Return what `fields`, the field `name` of `parent`, ask of the list `many`. Raises `GraphQLError`."""
        nodes = [field.node for field in fields]
        key = (parent, name, pattern, *map(id, nodes))
        return self._remembered(
            key, fields, nodes, lambda: self.collector.connection(many, parent, name, fields, pattern)
        )

    def _remembered(
        self, place: Hashable, fields: list[FieldDetails], nodes: Iterable[Node], collect: Callable[[], _Found]
    ) -> _Found:
        # The document holds its nodes for as long as it holds the memo, so their identities are theirs alone.
        if any(field.fragment_variable_values is not None for field in fields):
            return collect()
        names = self.memo.get(place)
        if names is None:
            names = self._keep(place, tuple(sorted(self._variables_in(nodes))))
        values = self.collector.variables.coerced
        given = [(name, values[name]) for name in names if name in values]
        if not all(value is None or isinstance(value, int | Enum) for _, value in given):
            return collect()
        key = (place, tuple((name, type(value), value) for name, value in given))
        found: _Found | None = self.memo.get(key)
        return self._keep(key, collect()) if found is None else found

    def _keep(self, key: Hashable, value: Any) -> Any:
        if len(self.memo) >= _MOST:
            self.memo.clear()
        self.memo[key] = value
        return value

    def _variables_in(self, nodes: Iterable[Node]) -> set[str]:
        """Return the names of the variables in `nodes` and in the fragments that they lead to."""
        found = _Names()
        waiting, seen = list(nodes), set[str]()
        while waiting:
            visit(waiting.pop(), found)
            waiting += [self.collector.fragments[name].definition for name in found.fragments - seen]
            seen |= found.fragments
        return found.variables


class _Names(Visitor):
    """Takes the names of variables and of spread fragments."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: set[str] = set()
        self.fragments: set[str] = set()

    def enter_variable(self, node: Any, *_: Any) -> None:
        """Take the name of a variable."""
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: Any, *_: Any) -> None:
        """Take the name of a fragment."""
        self.fragments.add(node.name.value)
