"""What an answer released and denied: counted from situations, never from values.

Of each view (one selection at one place of the answer) it is told which records were shown, each with its situation.
That gives, per field asked, whom it was released of, whom it was denied about and why.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from graphql import GraphQLError

from api.reading.entity import Entity
from api.reading.layout import Decided, Layout, Record
from api.reading.opening import UNREADABLE
from api.reading.selection import Asked, Entities
from api.reading.standing import Standing
from authz.reasons import DenialReason

_NOBODY = frozenset([None])

Place = tuple["Place | None", str | int]
"""A position in the answer: the one around it, and the key or index in that."""


class Shown(NamedTuple):
    """Objects of one view in the answer: a record for each, None where there is no object."""

    records: Sequence[Record | None]
    place: Place
    """Of the list they are in; without `listed`, of the one object itself."""
    listed: bool
    below: tuple[str, ...]
    """The keys from a list's entry down to the object."""

    def place_of(self, index: int) -> Place:
        """Return the place of the object of the record at `index`."""
        place: Place = (self.place, index) if self.listed else self.place
        for key in self.below:
            place = (place, key)
        return place


@dataclass(slots=True)
class Ledger:
    """Everything one request released and denied."""

    standing: Standing
    entities: Entities
    disclosures: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    denials: dict[tuple[str, DenialReason, DenialReason], set[UUID]] = field(default_factory=lambda: defaultdict(set))
    capacities: set[str] = field(default_factory=set)
    errors: list[tuple[list[str | int], GraphQLError]] = field(default_factory=list)

    def close(self, layout: Layout, shown: Sequence[Shown], refused: Callable[[Asked], object | None]) -> None:
        """Take in the objects of one view that the answer shows, in its order."""
        records = [record for batch in shown for record in batch.records if record is not None]
        people = _people(layout, records)
        for situation in people:
            self.capacities.update(self.standing.held(situation))
        first: _Firsts | None = None
        for decided in layout.decided:
            if refused(decided.asked) is not None:
                continue
            for situation, subjects in people.items():
                if decided.personal and situation in decided.allowed:
                    self.release(decided.name, subjects - _unread(layout, decided, records, situation))
            if not people.keys() <= decided.allowed:
                first = first or _first(layout, shown)
                self._deny(layout, decided, first)
        for part in layout.parts.values():
            self.close(part, shown, refused)

    def refuse(self, error: GraphQLError, place: Place) -> None:
        """Note that the list at `place` could not be read."""
        path = steps(place)
        self.errors.append((path, GraphQLError(error.message, error.nodes, path=path, extensions=error.extensions)))

    def unreadable(self, place: Place) -> None:
        """Note that the sealed value at `place` did not open."""
        message, extensions = "This value cannot be read.", {"code": "UNREADABLE"}
        self.errors.append((path := steps(place), GraphQLError(message, path=path, extensions=extensions)))

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

    def _deny(self, layout: Layout, decided: Decided, first: "_Firsts") -> None:
        view, name = layout.view, decided.asked.name
        # An object that is denied at several places, for several reasons, counts with that of the first.
        reason_of: dict[UUID, tuple[int, DenialReason]] = {}
        rules: set[str | None] = set()
        paths: list[list[str | int]] = []
        for situation, denied in first.objects.items():
            if situation in decided.allowed:
                continue
            real, shown_reason, rule = self.standing.reason(view.entity, name, situation)
            for one in denied:
                known = reason_of.get(one.key)
                if known is None or one.turn < known[0]:
                    reason_of[one.key] = (one.turn, shown_reason)
            rules.add(rule)
            subjects = {one.subject for one in denied if one.subject is not None}
            if subjects:
                self.denials[decided.name, real, shown_reason] |= subjects
            paths.append(steps((denied[0].batch.place_of(denied[0].number), decided.asked.key)))
        path = min(paths, key=_order)
        told = Counter(reason for _, reason in reason_of.values())
        reasons = {reason.value: told[reason] for reason in DenialReason if reason in told}
        extensions: dict[str, Any] = {
            "code": "FIELD_FORBIDDEN",
            "pattern": ".".join((*view.pattern, decided.asked.key)),
            "field": decided.name,
            "reason": next(iter(reasons)),
            "reasons": reasons,
            "rule": next(iter(rules)) if len(rules) == 1 else None,
            "denied": len(reason_of),
            "of": first.of,
        }
        self.errors.append(
            (path, GraphQLError(f"{decided.name} may not be read here.", path=path, extensions=extensions))
        )


class _Object(NamedTuple):
    """An object that the answer shows, where it shows it first in a situation."""

    key: UUID
    turn: int
    """How many places the answer shows before this one."""
    subject: UUID | None
    batch: Shown
    number: int


def _people(layout: Layout, records: Sequence[Record]) -> dict[int, set[UUID]]:
    """Return whom the objects in `records` describe, by the situation in which the viewer meets them."""
    subject_at = layout.subject_at
    situations = set(map(itemgetter(layout.situation_at), records))
    people: dict[int, set[UUID]] = {situation: set() for situation in situations}
    if subject_at < 0:
        return people
    if len(situations) == 1:
        people[situations.pop()] = set(map(itemgetter(subject_at), records))
    else:
        for record in records:
            people[record[layout.situation_at]].add(record[subject_at])
    return {situation: subjects - _NOBODY for situation, subjects in people.items()}


def _unread(layout: Layout, decided: Decided, records: Sequence[Record], situation: int) -> set[UUID]:
    """Return whose sealed value opened in none of the records shown in `situation`: of them nothing was released."""
    if decided.sealed_at < 0 or not any(record[decided.sealed_at] is UNREADABLE for record in records):
        return set()
    shown = [record for record in records if record[layout.situation_at] == situation]
    read = {record[layout.subject_at] for record in shown if record[decided.sealed_at] is not UNREADABLE}
    return {record[layout.subject_at] for record in shown} - read


class _Firsts(NamedTuple):
    """The objects shown by one view: by situation, each with its first place there; and how many there are."""

    objects: Mapping[int, list[_Object]]
    of: int


def _first(layout: Layout, shown: Sequence[Shown]) -> _Firsts:
    """Return the distinct objects shown. An event may be met in one way in one log, and in another in the next."""
    met: set[tuple[UUID, int]] = set()
    found: dict[int, list[_Object]] = defaultdict(list)
    turn = 0
    for batch in shown:
        for index, record in enumerate(batch.records):
            turn += 1
            if record is not None and (one := (record[layout.key_at], record[layout.situation_at])) not in met:
                met.add(one)
                subject = record[layout.subject_at] if layout.subject_at >= 0 else None
                found[one[1]].append(_Object(one[0], turn, subject, batch, index))
    return _Firsts(found, len({key for key, _ in met}))


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
