"""Documents that go where something may be hidden: page by page through a list, by id, by changing, by asking first."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import get_named_type, is_leaf_type

from tests.oracle.contract import fields_of
from tests.oracle.documents import Document
from tests.oracle.filling import Values, literal
from tests.oracle.material import MALFORMED, Material

SIZES = (1, 2, 3, 5, 24, 100)
"""Rows of a page: few, about as many as there are, all."""

# Which list, in which object, the more often the more there is to hide; `{id}` stands for that object's id.
LISTS = (
    *(("learners", "Query", "{list}"),) * 5,
    ("members", "Tenant", "tenant {{ {list} }}"),
    *(("accessEvents", "Query", "{list}"),) * 2,
    *(("enrollments", "Course", "course(id: {id}) {{ {list} }}"),) * 4,
    ("enrollments", "Learner", "learner(id: {id}) {{ {list} }}"),
    ("accessLog", "Learner", "learner(id: {id}) {{ {list} }}"),
    ("seats", "SeatPool", "node(id: {id}) {{ ... on SeatPool {{ {list} }} }}"),
    ("results", "Enrollment", "node(id: {id}) {{ ... on Enrollment {{ {list} }} }}"),
    ("subjects", "AccessEvent", "node(id: {id}) {{ ... on AccessEvent {{ {list} }} }}"),
    ("wards", "Viewer", "viewer {{ {list} }}"),
)

_SELDOM_READ = {
    "LearnerOrder": ("LAST_SEEN_DESC",),
    "EnrollmentOrder": ("AVERAGE_SCORE_DESC", "LAST_ACTIVITY_DESC", "PROGRESS_ASC"),
}
"""Orders by what most viewers may not read."""

_TO_ONE = {
    "Learner": "guardians { name email }",
    "Enrollment": "learner { id name email minor } course { code }",
    "AssessmentResult": "enrollment { id averageScore learner { name } }",
    "Seat": "learner { id name } pool { name total }",
    "AccessEvent": "actor { id name roles } disclosures { field category subjects } denials { field reason subjects }",
}
_NESTED = {
    "Learner": "enrollments(first: {size}) {{ nodes {{ id status }} edges {{ cursor }} pageInfo {{ hasNextPage }} }}",
    "Enrollment": "results(last: {size}) {{ nodes {{ id score }} pageInfo {{ hasPreviousPage }} }}",
    "AccessEvent": "subjects(first: {size}) {{ nodes {{ id name }} pageInfo {{ hasNextPage }} }}",
}
_ENROLLMENT = "enrollment { id status progress enrolledAt averageScore learner { id name email } course { code } }"
_ERRORS = "userErrors { field code message }"
_PROFILE = ("title", "education", "location", "language", "learningGoals", "phone")
_ROLES = ("INSTRUCTOR", "ENTERPRISE_ADMIN", "SEAT_MANAGER", "SUPPORT")
_RULE = "ruleId policyVersion changes { role field subject before after }"
"""How many people a rule concerns is a number that the contract gives to admins, whomever of them they see."""


def page_document(rng: random.Random, material: Material) -> tuple[Document, tuple[str, ...]]:
    """Return a document that takes the cursor `$page` forwards or backwards, and the path to its list."""
    name, kind, around = rng.choice(LISTS)
    backwards = rng.random() < 0.4
    values = Values(rng, material)
    given = [f"last: {rng.choice(SIZES)}, before: $page" if backwards else f"first: {rng.choice(SIZES)}, after: $page"]
    definition = fields_of(kind)[name]
    if "filter" in definition.args and rng.random() < 0.6:
        given.append(f"filter: {values.filter(get_named_type(definition.args['filter'].type).name)}")
    if "orderBy" in definition.args and rng.random() < 0.8:
        order = get_named_type(definition.args["orderBy"].type).name
        given.append(f"orderBy: {rng.choice(_SELDOM_READ[order]) if rng.random() < 0.6 else values.order(order)}")
    target = get_named_type(definition.type).name.removesuffix("Connection")
    info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    listed = f"{name}({', '.join(given)}) {{ edges {{ cursor node {{ {_fields(rng, target)} }} }} {info} }}"
    one = literal(material.id_of(kind, rng)) if "{id}" in around else ""
    body = around.format(list=listed, id=one)
    declared = ", ".join(["$page: String", *values.declared])
    start = body.split("(", maxsplit=1)[0].split("{", maxsplit=1)[0].strip()
    return Document(f"query Pages({declared}) {{ {body} }}", values.sent), (start, name) if start != name else (name,)


def next_page(data: Mapping[str, Any] | None, path: tuple[str, ...], rng: random.Random, *, back: bool) -> str | None:
    """Return a cursor of the answer to go on from, None when there is nothing to go on to."""
    here: Any = data
    for step in path:
        here = here and here.get(step)
    if not here or not here.get("edges"):
        return None
    if rng.random() < 0.3:
        found: str = rng.choice(here["edges"])["cursor"]
        return found
    info = here["pageInfo"]
    cursor: str | None = info["startCursor"] if back else info["endCursor"]
    return cursor


def turned(document: str) -> str:
    """Return the document of a page going the other way through its list."""
    if "before: $page" in document:
        return document.replace("before: $page", "after: $page").replace("(last:", "(first:", 1)
    return document.replace("after: $page", "before: $page").replace("(first:", "(last:", 1)


def lookup_document(rng: random.Random, material: Material) -> Document:
    """Return a document that asks for objects by their ids, whatever the ids lead to."""
    parts = list(_lookups(rng, material))
    return Document(f"{{ {' '.join(parts)} }} fragment Known on Node {{ id __typename again: id }}", {})


def _lookups(rng: random.Random, material: Material) -> Iterator[str]:
    kinds = [kind for kind in material.ids if kind not in ("Course", "Assessment")]
    for number in range(rng.randint(1, 3)):
        kind = rng.choice(kinds)
        one = material.id_of(kind, rng)
        yield f"a{number}: node(id: {literal(one)}) {{ ...Known ... on {kind} {{ {_all_fields(rng, kind)} }} }}"
    ids = [material.id_of(rng.choice(kinds), rng) for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.2:
        ids.append(rng.choice(MALFORMED))
    ids += rng.sample(ids, 1)
    yield f"nodes(ids: {literal(ids)}) {{ __typename ...Known ... on Node {{ id }} ... on Learner {{ name email }} }}"
    # The same key under another type's name.
    person = material.id_of("Learner", rng)
    yield f"learner(id: {literal(rng.choice((person, one)))}) {{ {_all_fields(rng, 'Learner')} }}"


def _fields(rng: random.Random, kind: str) -> str:
    leaves = _leaves(kind)
    parts = rng.sample(leaves, min(len(leaves), rng.randint(1, 6)))
    if rng.random() < 0.4:
        parts.append(f"other: {rng.choice(leaves)}")
    if kind in _TO_ONE and rng.random() < 0.4:
        parts.append(_TO_ONE[kind])
    if kind in _NESTED and rng.random() < 0.5:
        parts.append(_NESTED[kind].format(size=rng.choice((1, 2, 3))))
    if "viewerAccess" in fields_of(kind) and rng.random() < 0.15:
        parts.append("viewerAccess { field readable reason rule }")
    return " ".join(parts)


def _all_fields(rng: random.Random, kind: str) -> str:
    parts = [f"x{number}: {name}" if rng.random() < 0.4 else name for number, name in enumerate(_leaves(kind))]
    return " ".join([*parts, _fields(rng, kind)])


def _leaves(kind: str) -> list[str]:
    return [name for name, field in fields_of(kind).items() if is_leaf_type(get_named_type(field.type))]


def change_document(rng: random.Random, material: Material) -> Document:
    """Return a document with some changes, of people and enrolments that are there and that are not."""
    calls = [f"a{number}: {_call(rng, material)}" for number in range(rng.randint(1, 3))]
    return Document(f"mutation {{ {' '.join(calls)} }}", {})


def _call(rng: random.Random, material: Material) -> str:
    kind = rng.choice(("enroll", "enroll", "withdraw", "withdraw", "updateProfile", "addTenantRule"))
    if kind == "enroll":
        given = {"courseId": material.id_of("Course", rng)}
        if rng.random() < 0.85:
            given["learnerId"] = material.id_of("Learner", rng)
        return f"enroll(input: {literal(given)}) {{ {_ENROLLMENT} {_ERRORS} }}"
    if kind == "withdraw":
        given = {"enrollmentId": material.id_of("Enrollment", rng)}
        return f"withdraw(input: {literal(given)}) {{ {_ENROLLMENT} {_ERRORS} }}"
    if kind == "updateProfile":
        given = {name: rng.choice(("", "en", "+44 7700 900123")) for name in rng.sample(_PROFILE, 2)}
        return f"updateProfile(input: {literal(given)}) {{ learner {{ id name {' '.join(_PROFILE)} }} {_ERRORS} }}"
    told = f'role: {rng.choice(_ROLES)}, object: "Learner.name", allow: false, dryRun: true'
    return f"addTenantRule(input: {{{told}}}) {{ {_RULE} {_ERRORS} }}"


def beforehand_document(rng: random.Random, explained: Document) -> Document:
    """Return a document that asks what `explained` would meet, and for a part of the policy's table."""
    cell = "field readable reason rule role subject purpose"
    text = (
        "query Before($text: String!, $variables: JSON) { "
        f"explain(document: $text, variables: $variables) {{ cost statements fields {{ {cell} }} }} "
        f"accessMatrix(role: {rng.choice(_ROLES)}, subject: [MINOR]) {{ field readable rule }} }}"
    )
    return Document(text, {"text": explained.text, "variables": explained.variables})
