"""What documents are made of: ids and words of a world, so that they ask for what is there and for what is not."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tests.oracle.arguments import encode
from tests.oracle.contract import personal_fields
from tests.oracle.world import World

MALFORMED = ("", "x", "TGVhcm5lcg==", encode("Learner", UUID(int=1))[:-4], "TGVhcm5lcjpub2JvZHk=", "é", "Learner:1")
"""Texts that are no ids: too short, without a key, cut, with a key that is none, not ASCII, not encoded."""

KINDS = (
    "Learner",
    "Instructor",
    "Course",
    "Assessment",
    "Enrollment",
    "AssessmentResult",
    "Tenant",
    "SeatPool",
    "Seat",
    "AccessEvent",
)
"""Types that an id may name."""

PEOPLE = ("Learner", "Instructor", "Enrollment", "AssessmentResult", "Seat", "AccessEvent", "Actor")
"""Types that describe people."""


@dataclass(frozen=True, slots=True)
class Material:
    """Ids by type, of this tenant and of another one, and words by field.

    `actors` are ids of those whose requests are on the trail, and `near` are ids of rows about them, by type.
    """

    ids: Mapping[str, Sequence[str]]
    foreign: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]]
    actors: Sequence[str] = ()
    near: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def id_of(self, kind: str, rng: random.Random) -> str:
        """Return an id of the type: mostly one that is there, often about who asks; else another tenant's, nobody's."""
        if self.near.get(kind) and rng.random() < 0.4:
            return rng.choice(self.near[kind])
        chance = rng.random()
        if chance < 0.8 and self.ids[kind]:
            return rng.choice(self.ids[kind])
        if chance < 0.9 and self.foreign[kind]:
            return rng.choice(self.foreign[kind])
        return encode(kind, UUID(int=rng.getrandbits(128)))


def gather(world: World, other: World | None = None) -> Material:
    """Return what documents about `world` are made of; `other` is another tenant."""
    events = [row.facts for row in world.trail.events.values()]
    words = {
        "name": _texts(world.people.values(), "name"),
        "email": _texts(world.people.values(), "email"),
        "code": _texts((row.facts for row in world.courses.values()), "code"),
        "title": _texts((row.facts for row in world.courses.values()), "title"),
        "presentation": _texts((row.facts for row in world.courses.values()), "presentation"),
        "field": _fields(),
        "case": _texts(events, "case"),
        "operation": _texts(events, "operation"),
        "at": sorted(row["at"].isoformat() for row in events),
    }
    foreign = _ids(other) if other else {kind: [] for kind in KINDS}
    who = {row["actor_id"] for row in events}
    return Material(_ids(world), foreign, words, sorted(encode("Learner", key) for key in who), _near(world, who))


def _near(world: World, people: set[UUID]) -> dict[str, list[str]]:
    """Return the ids of rows about `people`, by type."""
    learners = [row for key in people if (row := world.learner(key)) is not None]
    rows = [*learners, *world.enrollments.values(), *world.results.values(), *world.seats.values()]
    found: dict[str, list[str]] = {}
    for row in rows:
        if world.subject(row) in people:
            found.setdefault(row.kind, []).append(encode(row.kind, row.key))
    return {kind: sorted(ids) for kind, ids in found.items()}


def _ids(world: World) -> dict[str, list[str]]:
    tables: dict[str, Iterable[UUID]] = {
        "Learner": world.people,
        "Instructor": (key for key in world.people if world.taught_by(key)),
        "Course": world.courses,
        "Assessment": world.assessments,
        "Enrollment": world.enrollments,
        "AssessmentResult": world.results,
        "Tenant": (world.tenant.key,),
        "SeatPool": world.pools,
        "Seat": world.seats,
        "AccessEvent": world.trail.events,
    }
    return {kind: sorted(encode(kind, key) for key in keys) for kind, keys in tables.items()}


def _texts(rows: Iterable[Mapping[str, object]], column: str) -> list[str]:
    return sorted({str(row[column]) for row in rows if row[column] is not None})


def _fields() -> list[str]:
    return [f"{kind}.{field}" for kind in PEOPLE for field in personal_fields(kind)]
