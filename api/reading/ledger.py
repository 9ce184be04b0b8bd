"""What an answer released and denied: counted from situations, never from values.

Each view (one selection at one place of the answer) notes the objects it showed, with the situation of each. At the end
that gives, per field asked, whom it was released for, whom it was denied about and why.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from graphql import GraphQLError

from api.reading.entity import Entity
from api.reading.selection import Asked, Entities, View
from api.reading.standing import Standing
from authz.reasons import DenialReason

Place = tuple["Place | None", str | int]
"""A position in the answer: the one around it, and the key or index in that."""


class Shown(NamedTuple):
    """An object in the answer: its key, its subject (None: it describes nobody), its situation, its first place."""

    key: UUID
    subject: UUID | None
    situation: int
    place: Place


@dataclass(slots=True)
class Ledger:
    """Everything one request released and denied."""

    standing: Standing
    entities: Entities
    disclosures: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    denials: dict[tuple[str, DenialReason, DenialReason], set[UUID]] = field(default_factory=lambda: defaultdict(set))
    capacities: set[str] = field(default_factory=set)
    errors: list[tuple[list[str | int], GraphQLError]] = field(default_factory=list)

    def close(self, view: View, shown: Sequence[Shown]) -> None:
        """Take in the objects that `view` showed, in the order of the answer."""
        groups: dict[int, list[Shown]] = defaultdict(list)
        for one in {one.key: one for one in reversed(shown)}.values():
            groups[one.situation].append(one)
        people = {held: {one.subject for one in objects if one.subject is not None} for held, objects in groups.items()}
        for situation in groups:
            self.capacities.update(self.standing.held(situation))
        for asked in view.asked:
            if asked.source is not None and asked.refused is None and self.standing.is_decided(view.entity, asked.name):
                self._count(view, asked, groups, people)

    def refuse(self, error: GraphQLError, place: Place) -> None:
        """Note that the list at `place` could not be read."""
        path = steps(place)
        self.errors.append((path, GraphQLError(error.message, error.nodes, path=path, extensions=error.extensions)))

    def release(self, field: str, subjects: set[UUID]) -> None:
        """Note that `field` (`Type.field`) was released of `subjects`."""
        if subjects:
            self.disclosures[field] |= subjects

    def used(self, entity: Entity, name: str, shown: Iterable[tuple[UUID | None, int]]) -> None:
        """Note that the rows came back by the field `name`, through a filter or an order."""
        if entity.category(name) is None:
            return
        allowed = self.standing.allowed(entity, name)
        subjects = {subject for subject, situation in shown if subject is not None and situation in allowed}
        self.release(f"{entity.name}.{name}", subjects)

    def used_in(self, kind: str, name: str, shown: Iterable[tuple[UUID | None, int]]) -> None:
        """Note the same of a field of another type, into which an order looked."""
        self.used(self.entities[kind], name, shown)

    def _count(
        self, view: View, asked: Asked, groups: Mapping[int, list[Shown]], people: Mapping[int, set[UUID]]
    ) -> None:
        allowed = self.standing.allowed(view.entity, asked.name)
        name = f"{view.entity.name}.{asked.name}"
        for situation in groups:
            if situation in allowed:
                self.release(name, people[situation])
        denied = [one for situation, objects in groups.items() if situation not in allowed for one in objects]
        if denied:
            self._deny(view, asked, denied, sum(map(len, groups.values())))

    def _deny(self, view: View, asked: Asked, denied: list[Shown], of: int) -> None:
        field_name = f"{view.entity.name}.{asked.name}"
        told: dict[DenialReason, int] = defaultdict(int)
        rules: set[str | None] = set()
        for one in denied:
            real, shown_reason, rule = self.standing.reason(view.entity, asked.name, one.situation)
            told[shown_reason] += 1
            rules.add(rule)
            if one.subject is not None:
                self.denials[field_name, real, shown_reason].add(one.subject)
        path = min((steps((one.place, asked.key)) for one in denied), key=_order)
        reasons = {reason.value: told[reason] for reason in DenialReason if reason in told}
        extensions: dict[str, Any] = {
            "code": "FIELD_FORBIDDEN",
            "pattern": ".".join((*view.pattern, asked.key)),
            "field": field_name,
            "reason": next(iter(reasons)),
            "reasons": reasons,
            "rule": next(iter(rules)) if len(rules) == 1 else None,
            "denied": len(denied),
            "of": of,
        }
        self.errors.append(
            (path, GraphQLError(f"{field_name} may not be read here.", path=path, extensions=extensions))
        )


def steps(place: Place) -> list[str | int]:
    """Return the path to `place` from the answer's root."""
    found: list[str | int] = []
    here: Place | None = place
    while here is not None:
        here, step = here
        found.append(step)
    return found[::-1]


def _order(path: list[str | int]) -> list[int]:
    return [step for step in path if isinstance(step, int)]
