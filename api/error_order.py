"""The order of an answer's errors: that of the places they are about."""

from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError


def in_order(errors: Iterable[GraphQLError], data: dict[str, Any] | None) -> list[GraphQLError]:
    """Return `errors` by the first place of each in `data`, depth first; those of no place first."""
    return sorted(errors, key=lambda error: _position(error.path or [], data))


def _position(path: Iterable[str | int], data: Any) -> list[int]:  # noqa: ANN401 - any part of an answer
    position = []
    here = data
    for step in path:
        if isinstance(here, dict):
            position.append(list(here).index(step) if step in here else len(here))
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int):
            position.append(step)
            here = here[step] if step < len(here) else None
        else:
            position.append(step if isinstance(step, int) else 0)
    return position
