"""What was found in a trail."""

from dataclasses import dataclass, field

_MOST = 1_000
"""Problems that are told one by one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: positions from `first` on, before `end`; None where it is in no leaf."""

    what: str
    first: int | None = None
    end: int | None = None

    def __str__(self) -> str:
        """Say it in a line."""
        if self.first is None or self.end is None:
            return self.what
        if self.end - self.first <= 1:
            return f"position {self.first}: {self.what}"
        return f"positions {self.first} to {self.end - 1}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """What was found in a tenant's trail."""

    leaves: int = 0
    gone: int = 0
    """Events whose time was over, dropped with their month."""
    signed: int = 0
    """Leaves that a good checkpoint covers."""
    checkpoints: int = 0
    outside: int = 0
    """How many of them were kept outside."""
    waiting: int = 0
    """Events that are not sealed yet."""
    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    """How many problems there are; the first thousand are listed."""

    def add(self, what: str, first: int | None = None, end: int | None = None) -> None:
        """Take in a problem at `first`, or from there on before `end`."""
        self.count += 1
        if len(self.problems) < _MOST:
            self.problems.append(Problem(what, first, end if end is not None or first is None else first + 1))
