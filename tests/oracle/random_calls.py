"""Random calls: by who may and who may not, about who is there and who is not, of what can be taken and what cannot."""

import random
from typing import Any
from uuid import UUID

from tests.oracle.arguments import encode
from tests.oracle.calls import Call
from tests.oracle.capacities import OracleViewer
from tests.oracle.material import KINDS, MALFORMED, Material
from tests.oracle.row import Row
from tests.oracle.world import World

TAKEN: dict[str, dict[str | None, str | None]] = {
    "title": {"  Engineer ": "Engineer", None: None, "": None, " \t ": None, "x" * 200: "x" * 200},
    "education": {"MSc": "MSc", "é" * 200: "é" * 200},
    "location": {"Kraków": "Kraków", "東" * 200: "東" * 200, None: None},
    "language": {"PT-br": "pt-BR", "en": "en", "zh-hant-tw": "zh-Hant-TW"},
    "learningGoals": {"Statistics,\r\nand how to explain it.": "Statistics,\nand how to explain it.", None: None},
    "phone": {"+49 (30) 90-18 20": "+4930901820", "": None},
}
"""Values of a profile, each with the form in which it is kept."""

UNFIT = {
    "title": "x" * 201,
    "education": "a\x00b",
    "location": "4111 1111 1111 1111",
    "language": "klingon!",
    "learningGoals": "\u202eevil",
    "phone": "030 123",
}
"""Values that cannot be taken: too long, no text, a card's number, no such tag, turned round, not international."""


def random_call(rng: random.Random, world: World, viewer: OracleViewer, material: Material) -> Call:
    """Return a call for the viewer to make."""
    name = rng.choices(("updateProfile", "enroll", "withdraw"), (2, 5, 4))[0]
    if name == "updateProfile":
        return _profile(rng)
    near = _near(rng, world, viewer)
    taken = [row for key in near for row in world.enrollments_of(key)]
    if name == "withdraw":
        return Call(name, {"enrollmentId": _id(rng, material, "Enrollment", [row.key for row in taken])})
    if taken and rng.random() < 0.5:
        # Once more, by whoever may or may not see how it stands.
        row = rng.choice(taken)
        return Call(name, {"courseId": encode("Course", _course(row)), "learnerId": _learner(row)})
    given = {"courseId": _id(rng, material, "Course", _courses(rng, world, taken))}
    if rng.random() < 0.75:
        given["learnerId"] = _id(rng, material, "Learner", near)
    return Call(name, given)


def _profile(rng: random.Random) -> Call:
    given: dict[str, Any] = {}
    kept: dict[str, str | None] = {}
    for name in rng.sample(sorted(TAKEN), rng.randint(0, 4)):
        if rng.random() < 0.1:
            given[name] = UNFIT[name]
        else:
            given[name], kept[name] = rng.choice(list(TAKEN[name].items()))
    return Call("updateProfile", given, kept)


def _near(rng: random.Random, world: World, viewer: OracleViewer) -> list[UUID]:
    """Return one circle of people around the viewer: themselves, wards, whom they teach, whose seats they manage."""
    taught = [row.facts["learner_id"] for key in world.taught_by(viewer.person_id) for row in world.enrollments_in(key)]
    own = [viewer.person_id] if viewer.person_id in world.people else []
    circles = [own, own, own, sorted(taught), sorted(viewer.named), sorted(world.guardians(viewer.person_id))]
    circles += [sorted(world.wards(viewer.person_id))] * 3
    if "ENTERPRISE_ADMIN" in viewer.roles:
        circles += [[key for key in sorted(world.people) if world.holds_live_seat(key)]] * 4
    return rng.choice([circle for circle in (*circles, sorted(world.people)) if circle])


def _courses(rng: random.Random, world: World, taken: list[Row]) -> list[UUID]:
    """Return the courses, or only those that somebody takes or took, so that a call meets what is there."""
    return sorted(world.courses) if rng.random() < 0.5 or not taken else [_course(row) for row in taken]


def _course(row: Row) -> UUID:
    found: UUID = row.facts["course_id"]
    return found


def _learner(row: Row) -> str:
    return encode("Learner", row.facts["learner_id"])


def _id(rng: random.Random, material: Material, kind: str, keys: list[UUID]) -> str:
    chance = rng.random()
    if chance < 0.04:
        return rng.choice(MALFORMED)
    if chance < 0.08:
        return material.id_of(rng.choice(KINDS), rng)
    if chance < 0.15 or not keys:
        return material.id_of(kind, rng)
    return encode(kind, rng.choice(keys))
