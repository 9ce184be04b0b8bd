"""What is wrong with the files: collected, bounded, in plain words."""

from collections.abc import Sequence

_MOST_SHOWN = 20
_LONGEST_EXCERPT = 20


class OuladError(Exception):
    """The files cannot be loaded. `problems` has one sentence each, in the order found, such as
    "studentInfo.csv:1234: final_result 'Foo' is none of Distinction, Fail, Pass, Withdrawn"; at most 20, and then a
    last one that tells how many more there are.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class RowError(Exception):
    """A row is wrong; the message says how, without the place."""


class FollowUpError(Exception):
    """A row refers to something that was not read, in a file whose own problems are reported already."""


class Problems:
    """The problems found so far; only the first ones are kept, the others are counted."""

    def __init__(self) -> None:
        self.found = 0
        self._first: list[str] = []

    def add(self, place: str, reason: str) -> None:
        """Note that at `place`, a file with or without a line, something is wrong for `reason`."""
        self.found += 1
        if self.found <= _MOST_SHOWN:
            self._first.append(f"{place}: {reason}")

    def stop_if_any(self) -> None:
        """Raise `OuladError` when there is a problem."""
        if self.found:
            rest = self.found - len(self._first)
            raise OuladError([*self._first, f"... and {rest:,} more"] if rest else self._first)


def excerpt(value: str) -> str:
    """Return the beginning of `value` in quotes, every character in it printable."""
    short = value if len(value) <= _LONGEST_EXCERPT else value[:_LONGEST_EXCERPT] + "..."
    return ascii(short)
