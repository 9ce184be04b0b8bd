"""Random values of arguments: filters, orders, sizes of pages, as literals or variables."""

import json
import random
from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType

from tests.oracle.contract import SCHEMA
from tests.oracle.material import MALFORMED, Material

SIZES = (1, 2, 3, 5, 10, 25, 100)
BAD = ("first: 0", "first: 101", "last: -1", "last: 0", "first: 2, last: 2", 'after: "x"', 'before: ""', "id")
"""Arguments of a list that cannot be used; `id` stands for a malformed id in a filter."""

NOTHING = {"at": "2026-01-01T00:00:00.000001+00:00"}
"""Values of fields of which a world has none."""


class Word(str):
    """A value of an enum: a word without quotes in a literal."""

    __slots__ = ()


class Values:
    """Makes values, and keeps the variables that hold some of them."""

    def __init__(self, rng: random.Random, material: Material) -> None:
        self._rng = rng
        self._material = material
        self.declared: list[str] = []
        self.sent: dict[str, Any] = {}

    def chance(self, probability: float) -> bool:
        """Return True that often."""
        return self._rng.random() < probability

    def put(self, type_: str, value: Any) -> str:
        """Return `value` as it stands in a document: itself, or a variable that holds it, sent or by default."""
        if not self.chance(0.3):
            return literal(value)
        name = f"v{len(self.declared)}"
        if self.chance(0.3):
            self.declared.append(f"${name}: {type_} = {literal(value)}")
        else:
            self.declared.append(f"${name}: {type_}")
            self.sent[name] = value
        return f"${name}"

    def unset(self, type_: str) -> str:
        """Return a variable that nobody sends."""
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        return f"${name}"

    def directive(self) -> str:
        """Return @skip or @include, or nothing."""
        if not self.chance(0.08):
            return ""
        skips, holds = self.chance(0.5), self.chance(0.25)
        return f" @{'skip' if skips else 'include'}(if: {self.put('Boolean!', holds if skips else not holds)})"

    def size(self, most: int) -> tuple[str, int]:
        """Return arguments that ask for a page of at most `most` rows, and how many it may hold."""
        if most >= 25 and self.chance(0.3):
            return self._rng.choice(("", f"first: {self.unset('Int')}", "first: null", "last: null")), 25
        size = self._rng.choice([size for size in SIZES if size <= most] or [1])
        return f"{'first' if self.chance(0.7) else 'last'}: {self.put('Int', size)}", size

    def bad(self, kind: str) -> str:
        """Return arguments of a list of `kind` that cannot be used."""
        found = self._rng.choice(BAD)
        if found != "id":
            return found
        text = literal(self._rng.choice(MALFORMED))
        name = {"Learner": "course", "AccessEvent": self._rng.choice(("actor", "subject"))}.get(kind)
        return f"filter: {{ {name}: {text} }}" if name else f"after: {text}"

    def order(self, type_: str) -> str:
        """Return an order of the enum `type_`."""
        return self.put(type_, self._any(type_))

    def filter(self, type_: str) -> str:
        """Return a filter of the input type `type_`."""
        makers: dict[str, Callable[[], dict[str, Any]]] = {
            "LearnerFilter": self._of_learners,
            "CourseFilter": self._of_courses,
            "EnrollmentFilter": self._of_enrollments,
            "SeatFilter": lambda: {"status": self._some("SeatStatus")},
            "AccessEventFilter": self._of_events,
        }
        made = makers[type_]()
        kept = self._rng.sample(sorted(made), min(len(made), self._rng.choice((0, 1, 1, 1, 2))))
        return self.put(type_, {name: None if self.chance(0.05) else made[name] for name in kept})

    def _of_learners(self) -> dict[str, Any]:
        return {
            "name": self._text("name"),
            "email": self._rng.choice((" {}", "{}", "{}x")).format(self._word("email").upper()),
            "minor": self.chance(0.5),
            "course": self._material.id_of("Course", self._rng),
            "seatStatus": self._any("SeatStatus"),
        }

    def _of_courses(self) -> dict[str, Any]:
        return {name: self._text(name) for name in ("code", "title", "presentation")}

    def _of_enrollments(self) -> dict[str, Any]:
        month, day = self._rng.randint(1, 12), self._rng.randint(1, 28)
        # Odd microseconds, so that no row stands on the border.
        instant = f"2026-{month:02}-{day:02}T10:00:00.{self._rng.randint(1, 999999):06}+00:00"
        return {
            "status": self._some("EnrollmentStatus"),
            "finalResult": self._some("FinalResult"),
            "progress": self._range("min", "max", self._rng.random(), 1),
            "averageScore": self._range("min", "max", self._rng.random() * 100, 60.5),
            "lastActivityAt": self._range("from", "to", instant, "2027-01-01T00:00:00.000001Z"),
        }

    def _of_events(self) -> dict[str, Any]:
        """Return conditions on events. Instants are often those of an event, so as to stand on the border."""
        return {
            "actor": self._person(),
            "subject": self._person(),
            "field": self._word("field"),
            "category": self._some("DataCategory"),
            "purpose": self._some("Purpose"),
            "role": self._some("Role"),
            "case": self._word("case"),
            "outcome": self._some("AccessOutcome"),
            "operation": self._word("operation"),
            "at": self._range("from", "to", self._word("at"), "2199-01-01T00:00:00Z"),
        }

    def _person(self) -> str:
        actors = self._material.actors
        return self._rng.choice(actors) if actors and self.chance(0.7) else self._material.id_of("Learner", self._rng)

    def _range(self, least: str, most: str, one: Any, other: Any) -> dict[str, Any]:
        return self._rng.choice(({least: one}, {most: one}, {least: one, most: other}, {least: None}, {}))

    def _text(self, name: str) -> dict[str, Any]:
        word = self._word(name)
        start = word[: self._rng.randint(0, 3)]
        among = [self._word(name) for _ in range(self._rng.randint(0, 4))]
        return self._rng.choice(
            ({"eq": word}, {"startsWith": start}, {"in": among}, {"eq": word, "startsWith": ""}, {})
        )

    def _word(self, name: str) -> str:
        words = self._material.words[name]
        return self._rng.choice(words) if words else NOTHING.get(name, "none")

    def _any(self, type_: str) -> Word:
        found = SCHEMA.type_map[type_]
        assert isinstance(found, GraphQLEnumType)
        return Word(self._rng.choice(sorted(found.values)))

    def _some(self, type_: str) -> list[Word]:
        return [self._any(type_) for _ in range(self._rng.choice((0, 1, 1, 1, 2)))]


def literal(value: Any) -> str:
    """Return a value as GraphQL writes it."""
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)
