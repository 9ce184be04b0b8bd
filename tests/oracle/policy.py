"""The policy's lines, read here by themselves: which line allowed or denied a cell. Decisions are not taken by them."""

import csv
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from tests.oracle.contract import category_of

FOLDER = Path(__file__).parents[2] / "authz" / "policy"
"""The policy that comes with the program."""

_WITHOUT_DIRECTIVE = {"Tenant.seatPools": "SEAT", "SeatPool.id": "SEAT", "AccessEvent.id": "ACCESS"}
_WITHOUT_DIRECTIVE |= {"Mutation.updateProfile": "PROFILE", "Mutation.enroll": "LEARNING"}
_WITHOUT_DIRECTIVE |= {"Mutation.withdraw": "LEARNING"}
"""Categories of what a line decides about although it says nothing about a person: fields, calls."""


def category_in(kind: str, field: str) -> str | None:
    """Return the category by which lines speak of a field."""
    return _WITHOUT_DIRECTIVE.get(f"{kind}.{field}") or category_of(kind, field)


class Cell(NamedTuple):
    """A field of somebody of a class, as it is met in a role for a purpose."""

    role: str
    kind: str
    field: str
    subject_class: str
    purpose: str


class Line(NamedTuple):
    """A line in force, the name that decisions give it first (`learner.csv:12`)."""

    name: str
    role: str
    tenant: str
    object: str
    action: str
    subject: str
    purpose: str
    effect: str

    def covers(self, kind: str, field: str) -> bool:
        """Return whether the line's object, `Type.field` or `Type#CATEGORY`, is or holds the field."""
        return self.object in (f"{kind}.{field}", f"{kind}#{category_in(kind, field)}")

    def speaks_of(self, subject_class: str) -> bool:
        """Return whether the line reaches people of that class: `any` is an adult or a minor, and nobody restricted."""
        return self.subject.upper() == subject_class or (self.subject == "any" and subject_class != "RESTRICTED")


class Policy:
    """The lines of one folder, in the order in which they are written."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._found: dict[tuple[str, Cell], tuple[Line, ...]] = {}

    def lines(self, effect: str, cell: Cell) -> tuple[Line, ...]:
        """Return the lines of that effect that speak of the cell."""
        if (effect, cell) not in self._found:
            self._found[effect, cell] = tuple(line for line in self._lines if self._speaks(line, effect, cell))
        return self._found[effect, cell]

    def _speaks(self, line: Line, effect: str, cell: Cell) -> bool:
        return (
            (line.effect, line.action, line.tenant) == (effect, "read", "*")
            and line.role in self.lineage(cell.role)
            and line.covers(cell.kind, cell.field)
            and line.speaks_of(cell.subject_class)
            and line.purpose in ("*", cell.purpose)
        )

    @cached_property
    def written(self) -> list[Line]:
        """Return every line about cells: those in force, and those that an agreement may put in force."""
        return [Line(name, *values) for name, kind, *values in self._read() if kind in {"p", "grantable"}]

    @cached_property
    def _lines(self) -> list[Line]:
        in_force = {name for name, kind, *_ in self._read() if kind == "p"}
        return [line for line in self.written if line.name in in_force]

    @cached_property
    def _parents(self) -> list[tuple[str, str]]:
        return [(values[0], values[1]) for _, kind, *values in self._read() if kind == "g"]

    def lineage(self, role: str) -> set[str]:
        """Return `role` as lines spell it, and all that it inherits from."""
        return self._with_parents(f"role:{role.lower()}")

    def _with_parents(self, role: str) -> set[str]:
        return {role}.union(*(self._with_parents(parent) for heir, parent in self._parents if heir == role))

    def _read(self) -> Iterator[list[str]]:
        """Yield each line that says something: its name, then its values; lines are counted from 1."""
        for path in sorted(self._folder.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                for number, values in enumerate(csv.reader(file, quoting=csv.QUOTE_NONE), start=1):
                    if any(values) and not values[0].startswith("#"):
                        yield [f"{path.name}:{number}", *(value.strip() for value in values)]
