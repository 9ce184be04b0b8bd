"""Which part of a list is asked: how many, from which end, after or before which row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from graphql import GraphQLError, Undefined

DEFAULT, MOST = 25, 100


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `after` and `before` are cursors as they were sent."""

    size: int
    backwards: bool = False
    after: str | None = None
    before: str | None = None


def bad_input(message: str) -> GraphQLError:
    """Return the error of an argument that cannot be used."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def at(pattern: Sequence[str], error: GraphQLError) -> GraphQLError:
    """Return `error` with the path to the field at `pattern`, as far as it is known before anything is read."""
    path = list(takewhile(lambda step: step != "@", pattern))
    return GraphQLError(error.message, error.nodes, path=path, extensions=error.extensions)


def page_of(arguments: Mapping[str, Any], plain: int | None = None) -> Page:
    """Return the page that a connection's arguments ask for; the whole of a plain list. Raises `GraphQLError`."""
    if plain is not None:
        return Page(plain)
    first, last = _count(arguments, "first"), _count(arguments, "last")
    if first is not None and last is not None:
        raise bad_input("Ask for first or for last, not for both.")
    size = first or last or DEFAULT
    return Page(size, last is not None, _cursor(arguments, "after"), _cursor(arguments, "before"))


def _count(arguments: Mapping[str, Any], name: str) -> int | None:
    value = arguments.get(name)
    if value is None or value is Undefined:
        return None
    if not isinstance(value, int) or not 1 <= value <= MOST:
        raise bad_input(f"{name} is a number from 1 to {MOST}.")
    return value


def _cursor(arguments: Mapping[str, Any], name: str) -> str | None:
    value = arguments.get(name)
    return value if isinstance(value, str) else None
