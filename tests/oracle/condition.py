"""What a row has to fulfil to be in a filtered list."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from tests.oracle.row import Row


class Condition(NamedTuple):
    """What a row has to fulfil, and the field that says so; None for a field that describes nobody."""

    field: str | None
    holds: Callable[[Row], bool]


class MalformedError(Exception):
    """A filter holds an id that is none."""


def instant(text: str | None) -> datetime | None:
    """Return an instant in UTC, which a text without a zone is taken to be in."""
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
