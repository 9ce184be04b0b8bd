"""An object of an answer, whatever it is made of."""

from collections.abc import Mapping
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
