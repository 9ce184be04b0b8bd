"""The record of a page is what was released in it and what was denied, person by person, and no more."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from api.ids import decode_id, encode_id
from api.settings import Settings
from tenants.ids import uuid7
from tests.api.reading.cells import Ask, asking, readable
from tests.api.reading.meetings import OUTSIDE, VIEWERS
from tests.api.reading.planted import Planted, plant
from tests.support.cluster import Urls

ASKED = {
    "Enrollment": ("id", "status", "progress", "averageScore", "lastActivityAt", "learner"),
    "Learner": ("id", "name", "email", "minor", "lastIp"),
}
GUARDED_ROWS = """query Rows($course: ID!) { course(id: $course) { enrollments(first: 100) { nodes {
    id status progress averageScore lastActivityAt learner { id name email minor lastIp } } } } }"""
"""Everything in `ASKED`, of the rows of a course in which adults, minors and restricted people stand side by side."""

Fields = dict[str, set[str]]


@pytest.fixture(scope="module")
def planted(urls: Urls, key_file: Path) -> Planted:
    return plant(urls, key_file)


@pytest.fixture
async def ask(planted: Planted, settings: Callable[..., Settings]) -> AsyncIterator[Ask]:
    async with asking(planted, settings) as asked:
        yield asked


@pytest.fixture
async def trail(planted: Planted) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(planted.urls.superuser)
    yield connection
    await connection.close()


async def events(trail: asyncpg.Connection, request_id: str) -> list[Mapping[str, Any]]:
    """Return what was recorded of a request."""
    rows = await trail.fetch("SELECT * FROM access_event WHERE request_id = $1", request_id)
    return [
        {**dict(row), "disclosures": orjson.loads(row["disclosures"]), "denials": orjson.loads(row["denials"])}
        for row in rows
    ]


def promised(planted: Planted, viewer: str) -> tuple[Fields, Fields]:
    """Return by the matrix which fields of `GUARDED_ROWS` are released and denied, each with the people."""
    released: Fields = defaultdict(set)
    denied: Fields = defaultdict(set)
    for subject in planted.subjects.values():
        meeting = planted.viewers[viewer]
        if subject.name in OUTSIDE or not readable(meeting, subject, "Enrollment"):
            continue
        for kind, names in ASKED.items():
            for name in names:
                found = released if name in readable(meeting, subject, kind) else denied
                found[f"{kind}.{name}"].add(str(subject.person_id))
    return dict(released), dict(denied)


def by_field(sets: list[dict[str, Any]]) -> Fields:
    """Return recorded disclosures by field; a field stands in one set only."""
    found: Fields = {}
    for one in sets:
        for name in one["fields"]:
            assert name not in found
            found[name] = set(one["subjects"])
            assert len(found[name]) == len(one["subjects"])
    return found


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_the_record_of_a_page_with_minors_is_exactly_what_was_released_and_denied(
    planted: Planted, ask: Ask, trail: asyncpg.Connection, viewer: str
) -> None:
    response = await ask(viewer, GUARDED_ROWS, course=encode_id("Course", planted.course_id))
    found = await events(trail, response.headers["x-request-id"])
    released, denied = promised(planted, viewer)
    if not released:
        assert found == []
        return
    [event] = found
    assert by_field(event["disclosures"]) == released
    subjects: Fields = defaultdict(set)
    for denial in event["denials"]:
        subjects[denial["field"]] |= set(denial["subjects"])
    assert dict(subjects) == denied
    assert event["outcome"] == ("DENIED" if denied else "RELEASED")
    nodes = response.json()["data"]["course"]["enrollments"]["nodes"]
    people = {str(decode_id(node["learner"]["id"])[1]) for node in nodes}
    assert people == released["Learner.id"] == set().union(*released.values(), *denied.values())
    assert event["subject_count"] == len(people)


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_each_released_value_in_the_answer_is_in_the_record_and_nothing_else_is(
    planted: Planted, ask: Ask, trail: asyncpg.Connection, viewer: str
) -> None:
    response = await ask(viewer, GUARDED_ROWS, course=encode_id("Course", planted.course_id))
    told: Fields = defaultdict(set)
    # No cell here is null in the database, so a value is there exactly where it was released.
    for node in response.json()["data"]["course"]["enrollments"]["nodes"]:
        person_id = str(decode_id(node["learner"]["id"])[1])
        for kind, row in (("Enrollment", node), ("Learner", node["learner"])):
            for name in ASKED[kind]:
                if row[name] is not None:
                    told[f"{kind}.{name}"].add(person_id)
    found = await events(trail, response.headers["x-request-id"])
    assert [by_field(event["disclosures"]) for event in found] == ([dict(told)] if told else [])


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize(
    "by",
    [
        ("orderBy: PROGRESS_DESC", "Enrollment.progress"),
        ("orderBy: LEARNER_NAME_ASC", "Learner.name"),
        ("filter: {status: [ACTIVE]}", "Enrollment.status"),
        ("first: 100", None),
    ],
)
async def test_by_what_rows_were_ordered_or_found_is_on_record_of_whom_it_was_released(
    planted: Planted, ask: Ask, trail: asyncpg.Connection, viewer: str, by: tuple[str, str | None]
) -> None:
    argument, used = by
    query = f"query Rows($course: ID!) {{ course(id: $course) {{ enrollments({argument}) {{ nodes {{ id }} }} }} }}"
    response = await ask(viewer, query, course=encode_id("Course", planted.course_id))
    released, _ = promised(planted, viewer)
    expected = {name: released[name] for name in ("Enrollment.id", used) if name in released}
    if argument.startswith("filter"):
        # A row is found by what is released of it alone.
        expected = dict.fromkeys(expected, expected[used]) if used in expected else {}
    found = await events(trail, response.headers["x-request-id"])
    assert [by_field(event["disclosures"]) for event in found] == ([expected] if expected else [])


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_an_empty_page_and_a_course_that_is_not_there_leave_no_record(
    planted: Planted, ask: Ask, trail: asyncpg.Connection, viewer: str
) -> None:
    nowhere = await ask(viewer, GUARDED_ROWS, course=encode_id("Course", uuid7()))
    assert nowhere.json() == {"data": {"course": None}}
    query = "query Rows($course: ID!) { course(id: $course) { enrollments(filter: {status: []}) { nodes { id } } } }"
    empty = await ask(viewer, query, course=encode_id("Course", planted.course_id))
    assert empty.json() == {"data": {"course": {"enrollments": {"nodes": []}}}}
    for response in (nowhere, empty):
        assert await events(trail, response.headers["x-request-id"]) == []
