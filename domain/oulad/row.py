"""One row of a file, and the only ways to read a value out of it: each one checks, and says what it wanted instead."""

import re
from collections.abc import Mapping
from typing import TypeVar

from domain.oulad.problems import RowError, excerpt

T = TypeVar("T")

_MISSING = ("", "?")
"""How the files write that a value is missing: a question mark where values are quoted, nothing where they are not."""

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,9})")
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?")


class Row:
    """The values of one line of a file by their columns' names."""

    __slots__ = ("_values", "line")

    def __init__(self, line: int, values: Mapping[str, str]) -> None:
        self.line = line
        self._values = values

    def has(self, column: str) -> bool:
        """Tell whether there is a value in `column`."""
        return self._values[column] not in _MISSING

    def whole(self, column: str, least: int, most: int) -> int:
        """Return the whole number in `column`, from `least` to `most`. Raises `RowError`, as all of these do."""
        value = self._values[column]
        if not _WHOLE.fullmatch(value):
            raise RowError(f"{column} {excerpt(value)} is not a whole number")
        number = int(value)
        if not least <= number <= most:
            raise RowError(f"{column} {excerpt(value)} is not between {least} and {most}")
        return number

    def whole_or_none(self, column: str, least: int, most: int) -> int | None:
        """Return the whole number in `column`, or None where it is missing."""
        return self.whole(column, least, most) if self.has(column) else None

    def hundredths(self, column: str, least: int, most: int) -> int:
        """Return a hundred times the number in `column`, which is from `least` to `most` with up to two decimals.

        Whole hundredths add up exactly, in whatever order the rows come.
        """
        value = self._values[column]
        if not _DECIMAL.fullmatch(value):
            raise RowError(f"{column} {excerpt(value)} is not a number with at most two decimals")
        number = round(float(value) * 100)
        if not least * 100 <= number <= most * 100:
            raise RowError(f"{column} {excerpt(value)} is not between {least} and {most}")
        return number

    def hundredths_or_none(self, column: str, least: int, most: int) -> int | None:
        """Return a hundred times the number in `column`, or None where it is missing."""
        return self.hundredths(column, least, most) if self.has(column) else None

    def choice(self, column: str, choices: Mapping[str, T]) -> T:
        """Return what `choices` has for the value in `column`."""
        value = self._values[column]
        if value not in choices:
            raise RowError(f"{column} {excerpt(value)} is none of {', '.join(sorted(choices))}")
        return choices[value]

    def choice_or_none(self, column: str, choices: Mapping[str, T]) -> T | None:
        """Return what `choices` has for the value in `column`, or None where it is missing."""
        return self.choice(column, choices) if self.has(column) else None

    def code(self, column: str, form: re.Pattern[str], example: str) -> str:
        """Return the value in `column`, all of which matches `form`."""
        value = self._values[column]
        if not form.fullmatch(value):
            raise RowError(f"{column} {excerpt(value)} is not a code such as {example}")
        return value
