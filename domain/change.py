"""What a service changed in a row."""

from collections.abc import Mapping
from typing import NamedTuple


class Change(NamedTuple):
    """A column whose value is another one now."""

    column: str
    old: object
    new: object


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    """Return what differs in `after`, by its columns; a row that was not there before had nothing in any."""
    return [Change(column, before.get(column), new) for column, new in after.items() if before.get(column) != new]
