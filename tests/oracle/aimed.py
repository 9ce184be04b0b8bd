"""Random documents aimed at what a tenant's rules speak of: lists of many people, by just those fields."""

import random

from graphql import get_named_type, is_leaf_type

from tests.oracle.contract import fields_of
from tests.oracle.documents import Document
from tests.oracle.filling import Values
from tests.oracle.material import Material
from tests.oracle.policy import category_in
from tests.oracle.row import Facts

_LEARNERS = "learners(%s) { nodes { %s } }", "LearnerFilter", "LearnerOrder"
_EVENTS = "accessEvents(%s) { nodes { %s } }", "AccessEventFilter", ""
WAYS = {
    "Learner": (_LEARNERS, ("tenant { members(%s) { nodes { %s } } }", "LearnerFilter", "LearnerOrder")),
    "Enrollment": (
        (
            "courses(first: 8) { nodes { enrollments(%s) { nodes { %s } } } }",
            "EnrollmentFilter",
            "EnrollmentOrder",
        ),
        (
            "learners(first: 40) { nodes { enrollments(%s) { nodes { %s } } } }",
            "EnrollmentFilter",
            "EnrollmentOrder",
        ),
    ),
    "AssessmentResult": (
        (
            "learners(first: 40) { nodes { enrollments(first: 3) { nodes { results(%s) { nodes { %s } } } } } }",
            "",
            "",
        ),
    ),
    "Seat": (("tenant { seatPools { nodes { seats(%s) { nodes { %s } } } } }", "SeatFilter", ""),),
    "AccessEvent": (
        _EVENTS,
        ("learners(first: 15) { nodes { accessLog(%s) { nodes { %s } } } }", "AccessEventFilter", ""),
    ),
    "Actor": (
        ("accessEvents(%s) { nodes { actor { %s } } }", "AccessEventFilter", ""),
        ("learners(first: 15) { nodes { accessLog(%s) { nodes { actor { %s } } } } }", "AccessEventFilter", ""),
    ),
    "Instructor": (("courses(%s) { nodes { instructors { %s } } }", "CourseFilter", "CourseOrder"),),
    "Tenant": (("learners(%s) { nodes { id } } tenant { %s }", "LearnerFilter", "LearnerOrder"),),
    "SeatPool": (("learners(%s) { nodes { id } } tenant { seatPools { nodes { %s } } }", "LearnerFilter", ""),),
}
"""The ways to many rows of a type: with places for a list's arguments and for what is asked; its filter, its orders."""

_INNER = {
    "enrollments": "enrollments(first: 3) { nodes { id } }",
    "guardians": "guardians { id name }",
    "accessLog": "accessLog(first: 2) { nodes { id } }",
    "learner": "learner { id name }",
    "enrollment": "enrollment { id }",
    "results": "results(first: 2) { nodes { id } }",
    "actor": "actor { id name }",
    "subjects": "subjects(first: 3) { nodes { id } }",
    "seatPools": "seatPools(first: 3) { nodes { id } }",
    "viewerAccess": "viewerAccess { field readable reason rule }",
}
"""What is asked of an object behind a field; fields that are not here are not asked."""


def aim(seed: int, material: Material, rule: Facts | None) -> Document:
    """Return the document of this seed about what `rule` speaks of; about anything without a rule."""
    rng = random.Random(f"aimed/{seed}")
    kind, _, name = (rule["object"] if rule else "Learner.name").replace("#", ".").partition(".")
    if kind not in WAYS:
        kind = "Enrollment"
    values = Values(rng, material)
    way, filter_, order = rng.choice(WAYS[kind])
    arguments = [f"first: {rng.choice((10, 25, 60, 100)) if 'nodes' not in way.partition('%s')[0] else 12}"]
    if filter_ and values.chance(0.4):
        arguments.append(f"filter: {values.filter(filter_)}")
    if order and values.chance(0.5):
        arguments.append(f"orderBy: {values.order(order)}")
    body = way % (", ".join(arguments), " ".join(_asked(rng, kind, name)))
    declared = f"({', '.join(values.declared)})" if values.declared else ""
    return Document(f"query Aimed{declared} {{ {body} }}", values.sent)


def _asked(rng: random.Random, kind: str, name: str) -> list[str]:
    """Return some fields of `kind`, the one of that name or some of that category among them."""
    fields = {
        field: _INNER.get(field, "") if not is_leaf_type(get_named_type(definition.type)) else field
        for field, definition in fields_of(kind).items()
    }
    known = [field for field, text in fields.items() if text]
    spoken_of = [field for field in known if name in (field, category_in(kind, field))]
    chosen = {*rng.sample(known, min(len(known), rng.randint(1, 4))), *rng.sample(spoken_of, min(2, len(spoken_of)))}
    return [fields[field] for field in known if field in chosen]
