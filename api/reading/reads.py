"""What a resolver returns instead of a value: a promise that the reader keeps."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql import GraphQLError

from api.reading.entity import Many


@dataclass(frozen=True, slots=True)
class Read:
    """One object: of type `kind`, with that key."""

    kind: str
    key: UUID


@dataclass(frozen=True, slots=True)
class ReadEach:
    """Objects in a given order; None where there is none, an error where there cannot be one."""

    keys: Sequence[tuple[str, UUID] | GraphQLError | None]


@dataclass(frozen=True, slots=True)
class ReadList:
    """The list in the field `name` of the type `kind`: `many`, of the object `parent` where it has one."""

    kind: str
    name: str
    many: Many
    parent: UUID | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What no row is read for: an object, or a list of objects, made when its turn comes.

    `make` returns dicts by field name, lists of them where the schema has a list.
    """

    make: Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing can be read, for that reason; said in its turn, so that fields beside it are left to end theirs."""

    error: GraphQLError
