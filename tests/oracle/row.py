"""An object of an answer, whatever it is made of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """An object of an answer: its type in GraphQL, its key, and its columns or, where it has no table, its fields."""

    kind: str
    key: UUID
    facts: Facts = field(compare=False, repr=False)
    part_of: UUID | None = None
    """For an event in somebody's access log: whose part of it this is."""

    @property
    def identity(self) -> tuple[str, UUID]:
        """Return what the object is, wherever it is looked at from."""
        return self.kind, self.key


def by_key(rows: Iterable[Facts], column: str) -> dict[UUID, Facts]:
    """Return each row of a table by what is unique in `column`."""
    return {row[column]: row for row in rows}


def pairs(rows: Iterable[Facts], first: str, second: str) -> defaultdict[UUID, set[Any]]:
    """Return by each value of `first` all those of `second` beside it."""
    found = defaultdict[UUID, set[Any]](set)
    for row in rows:
        found[row[first]].add(row[second])
    return found


def grouped(rows: Iterable[Row], column: str) -> defaultdict[UUID, list[Row]]:
    """Return the rows by what stands in `column`."""
    found = defaultdict[UUID, list[Row]](list)
    for row in rows:
        found[row.facts[column]].append(row)
    return found
