"""An export to tamper with, and what has to be told of it then."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.tools.exports import Line, Trail, random_event, random_trail


@dataclass
class Case:
    """An export and what it is verified with, valid as yet."""

    rng: Random
    trail: Trail
    first: int
    gone: list[int]
    lines: list[Line]
    kept: dict[str, str] | None
    export: bytes = b""
    """What to verify in place of `lines`, if anything."""

    def leaves(self, kind: str = "event") -> list[int]:
        """Return the positions whose lines are of a kind."""
        return [line["position"] for line in self.lines if line["kind"] == kind]

    def leaf(self) -> int:
        """Choose a position."""
        return self.rng.choice(self.leaves() + self.leaves("gone"))

    def index(self, position: int) -> int:
        """Return where in `lines` a position is."""
        return next(index for index, line in enumerate(self.lines) if line.get("position") == position)

    def checkpoint(self) -> tuple[Line, int]:
        """Choose a checkpoint; return its line and its size."""
        line = self.rng.choice([line for line in self.lines if line["kind"] == "checkpoint"])
        return line, int(line["note"].split("\n")[1])

    def renumber(self, position: int, by: int) -> None:
        """Add to every position from one on."""
        for line in self.lines:
            if line.get("position", -1) >= position:
                line["position"] += by

    def forged(self, position: int) -> dict[str, Any]:
        """Return an event that never was."""
        event = random_event(self.rng, self.trail.tenant, datetime(2022, 1, 1, tzinfo=UTC))
        return event | {"at": self.trail.events[position]["at"]}


@dataclass(frozen=True)
class Trace:
    """What has to be told: a problem of one of `kinds` in some of the positions, or a line that starts so."""

    kinds: str
    first: int = 0
    last: int = 0
    start: str = ""


Tampering = Callable[[Case], Trace | None]
"""Changes a case; None where it cannot be done to it."""


def case_of(seed: int) -> Case:
    """Make a case."""
    rng, trail = Random(f"case {seed}"), random_trail(seed)
    first = rng.choice((0, rng.randint(0, len(trail.events) - 2)))
    gone = rng.choice(([], trail.may_be_gone()))
    lines = deepcopy(trail.lines(first, gone=gone))
    return Case(rng, trail, first, gone, lines, trail.folder() if rng.random() < 0.5 else None)


def flipped(rng: Random, text: str) -> str:
    """Return a text with one bit of it changed."""
    index = rng.randrange(len(text))
    return text[:index] + chr(ord(text[index]) ^ 1 << rng.randrange(7)) + text[index + 1 :]


def texts_in(value: Any) -> list[tuple[Any, Any]]:
    """Return the place, as container and key, of every text in an event that is not empty."""
    inside = list(value.items() if isinstance(value, dict) else enumerate(value))
    found = [(value, key) for key, item in inside if isinstance(item, str) and item]
    return found + [place for _, item in inside if isinstance(item, dict | list) for place in texts_in(item)]


def wrongly_signed(rng: Random, note: str) -> str:
    """Return a note with a bit of one of its signatures changed."""
    rows = note.split("\n")
    row = rng.choice([index for index, text in enumerate(rows) if text.startswith("\u2014")])
    start, _, encoded = rows[row].rpartition(" ")
    raw = bytearray(b64decode(encoded))
    raw[rng.randrange(4, len(raw))] ^= 1 << rng.randrange(8)
    rows[row] = f"{start} {b64encode(raw).decode()}"
    return "\n".join(rows)
