"""Every personal field of every type asked about one person, and what the matrix says of it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from api.app import create_app
from api.ids import encode_id
from api.settings import Settings
from tests.api.conftest import client_of
from tests.api.reading.meetings import Meeting, Subject
from tests.api.reading.planted import Planted
from tests.matrix import Cell, expected

PROMISED = frozenset(expected())
OBJECTS = ("Learner", "Enrollment", "AssessmentResult", "Seat", "AccessEvent", "Instructor")
"""The types with a row about each subject, each asked by its id."""
WITH_ACCESS = ("Learner", "Enrollment")
"""Those that tell with `viewerAccess` what may be read."""

_NESTED = {
    "Learner.enrollments": "enrollments(first: 1) { nodes { id } }",
    "Learner.guardians": "guardians { id }",
    "Learner.accessLog": "accessLog(first: 1) { nodes { id } }",
    "Enrollment.learner": "learner { id }",
    "Enrollment.results": "results(first: 1) { nodes { id } }",
    "AssessmentResult.enrollment": "enrollment { id }",
    "Seat.learner": "learner { id }",
    "AccessEvent.actor": "actor { id name }",
    "AccessEvent.subjects": "subjects(first: 1) { nodes { id } }",
}
_PURPOSES = {"GUARDIAN": "GUARDIANSHIP", "INSTRUCTOR": "TEACHING"} | dict.fromkeys(
    ("ENTERPRISE_ADMIN", "SEAT_MANAGER"), "SEAT_MANAGEMENT"
)

Ask = Callable[..., Awaitable[httpx2.Response]]


def _fields() -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for _, name, _, _ in PROMISED:
        kind, _, field = name.partition(".")
        found[kind].add(field)
    return {kind: sorted(names) for kind, names in found.items()}


FIELDS = _fields()
"""The personal fields, by type."""


def selection(kind: str) -> str:
    """Return a selection of every field of `kind`, with what the viewer is told that may be read."""
    asked = [_NESTED.get(f"{kind}.{name}", name) for name in FIELDS[kind]]
    return " ".join([*asked, *(["viewerAccess { field readable }"] if kind in WITH_ACCESS else [])])


def question(*kinds: str) -> str:
    """Return a document that asks an object of each of `kinds` by its id, under the type's name."""
    variables = ", ".join(f"${kind}: ID!" for kind in kinds)
    nodes = "\n".join(f"{kind}: node(id: ${kind}) {{ ... on {kind} {{ {selection(kind)} }} }}" for kind in kinds)
    return f"query Ask({variables}) {{\n{nodes}\n}}"


def ids(subject: Subject, *kinds: str) -> dict[str, str]:
    """Return the variables of `question` for what is about `subject`."""
    return {kind: encode_id(kind, subject.key(kind)) for kind in kinds}


def cells(meeting: Meeting, subject: Subject, kind: str, field: str) -> Iterator[Cell]:
    """Yield the cells of the matrix that decide on the field, one for each capacity held."""
    for role in meeting.toward(subject, kind):
        purpose = meeting.purpose or _PURPOSES.get(role, "SELF_SERVICE")
        yield role, f"{kind}.{field}", subject.subject_class, purpose


def readable(meeting: Meeting, subject: Subject, kind: str) -> set[str]:
    """Return the fields of the row of `kind` about `subject` that may be read; none of a row that may not be known."""
    found = {name for name in FIELDS[kind] if not PROMISED.isdisjoint(cells(meeting, subject, kind, name))}
    if kind == "AssessmentResult" and "results" not in readable(meeting, subject, "Enrollment"):
        return set()
    # An actor is a part of an event, and there is nobody whose name is told without an id.
    return found if "id" in found else set()


def granted(meeting: Meeting, field: str) -> bool:
    """Tell whether some granted role may read `field` ("Type.field"), which is about nobody."""
    purposes = {role: meeting.purpose or _PURPOSES.get(role, "SELF_SERVICE") for role in meeting.roles}
    return any((role, field, "adult", purpose) in PROMISED for role, purpose in purposes.items())


@asynccontextmanager
async def asking(planted: Planted, make: Callable[..., Settings]) -> AsyncIterator[Ask]:
    """Serve the real application on the planted tenant's database; give a way to ask it as one of the viewers."""
    settings = make(database_url=planted.urls.application, statement_timeout=20, pool_wait=20, request_timeout=60)
    app = create_app(settings)

    async def ask(viewer: str, query: str, **variables: Any) -> httpx2.Response:
        response = await client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {planted.token(viewer)}"},
        )
        assert response.status_code == 200, response.text
        return response

    async with app.router.lifespan_context(app), client_of(app) as client:
        yield ask
