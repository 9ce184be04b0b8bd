"""How many statements an answer takes, whatever is hidden in it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from api.ids import encode_id
from api.settings import Settings
from domain.courses.model import course
from domain.enrollments.model import enrollment
from domain.people.model import membership, person
from tenants.database import Database
from tenants.ids import uuid7
from tenants.session import SystemTask, Task
from tests.api.reading.cells import Ask, asking
from tests.api.reading.conftest import open_database
from tests.api.reading.meetings import MEMBERS, VIEWERS
from tests.api.reading.overheard import Overheard, overhear
from tests.api.reading.planted import Planted, plant
from tests.support.cluster import Urls

ROSTER = """query Ask($course: ID!) { course(id: $course) { enrollments(first: 100) { nodes {
    id progress lastActivityAt learner { id name email minor lastIp } } } } }"""
FLAT = "{ learners(first: 100) { nodes { id name } } }"
TWO_DEEP = "{ learners(first: 100) { nodes { id name enrollments(first: 5) { nodes { id progress } } } } }"
THREE_DEEP = """{ learners(first: 100) { nodes { id name enrollments(first: 5) { nodes { id progress
    results(first: 5) { nodes { id score } } } } } } }"""
BOTH_WAYS = """{ learners(first: 100) { nodes { id enrollments(first: 5) { nodes { id progress } } }
    edges { cursor node { name enrollments(first: 5) { edges { node { status } } } } } } }"""
AROUND = 2
"""Who asks, and the record."""


@pytest.fixture(scope="module")
def planted(urls: Urls, key_file: Path) -> Planted:
    return plant(urls, key_file)


@pytest.fixture
async def ask(planted: Planted, settings: Callable[..., Settings]) -> AsyncIterator[Ask]:
    async with asking(planted, settings) as asked:
        # The tenant's key is read by whoever needs it first, and kept for a while.
        await asked("PRIVACY for PRIVACY_REQUEST", FLAT)
        yield asked


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    return overhear(monkeypatch)


@pytest.fixture
async def filling(planted: Planted) -> AsyncIterator[Database]:
    """Give the database to put more into."""
    database = open_database(planted.urls)
    yield database
    await database.close()


async def count(ask: Ask, overheard: Overheard, viewer: str, query: str, **variables: Any) -> int:
    """Return how many statements the answer took, without those that open and end its transaction."""
    overheard.clear()
    answer = (await ask(viewer, query, **variables)).json()
    assert answer["data"] is not None
    return overheard.count


async def fill(database: Database, planted: Planted, number: int) -> str:
    """Make a course that so many people take, whom only staff meet; return its id."""
    key = uuid7()
    people = [uuid7() for _ in range(number)]
    async with database.writing(SystemTask(Task.SIGN_IN, planted.people.tenant_id)) as session:
        await session.insert(course, [{"id": key, "code": "filled", "title": "filled"}])
        await session.insert(person, [{"id": one, "minor": bool(at % 2)} for at, one in enumerate(people)])
        await session.insert(membership, [{"person_id": one} for one in people])
        rows = [{"id": uuid7(), "course_id": key, "learner_id": one, "status": "ACTIVE"} for one in people]
        await session.insert(enrollment, rows)
    return encode_id("Course", key)


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_a_roster_with_its_people_takes_at_most_five_statements(
    planted: Planted, ask: Ask, overheard: Overheard, viewer: str
) -> None:
    asked = encode_id("Course", planted.course_id)
    # The course, its enrolments with the people: the record is left out where nothing was released or denied.
    assert await count(ask, overheard, viewer, ROSTER, course=asked) <= AROUND + 2
    assert len(overheard.statements) == 2


@pytest.mark.parametrize("viewer", ["PRIVACY for PRIVACY_REQUEST", "SUPPORT for SUPPORT_CASE", "instructor", *MEMBERS])
async def test_a_list_inside_adds_one_statement_however_many_parents_it_has(
    planted: Planted, ask: Ask, overheard: Overheard, viewer: str
) -> None:
    assert await count(ask, overheard, viewer, FLAT) == AROUND + 1
    assert await count(ask, overheard, viewer, TWO_DEEP) == AROUND + 2
    assert await count(ask, overheard, viewer, THREE_DEEP) == AROUND + 3


async def test_nodes_and_edges_of_one_list_share_its_statement(
    planted: Planted, ask: Ask, overheard: Overheard
) -> None:
    both = await count(ask, overheard, "PRIVACY for PRIVACY_REQUEST", BOTH_WAYS)
    # The list inside was asked twice, each time with arguments of its own.
    assert both <= AROUND + 1 + 2
    only_outer = "{ learners(first: 100) { nodes { id } edges { cursor node { name } } pageInfo { endCursor } } }"
    assert await count(ask, overheard, "PRIVACY for PRIVACY_REQUEST", only_outer) == AROUND + 1


@pytest.mark.parametrize("viewer", ["PRIVACY for PRIVACY_REQUEST", "SECURITY for SECURITY_REVIEW", "instructor"])
async def test_the_number_of_statements_does_not_tell_how_many_rows_there_are_or_are_hidden(
    planted: Planted, ask: Ask, overheard: Overheard, filling: Database, viewer: str
) -> None:
    filled = [await fill(filling, planted, number) for number in (1, 40)]
    counts = [await count(ask, overheard, viewer, ROSTER, course=one) for one in filled]
    assert counts[0] == counts[1]
    if not viewer.startswith("PRIVACY"):
        # To these not one is visible: forty hidden people cost what nobody costs.
        assert counts[0] == await count(ask, overheard, viewer, ROSTER, course=await fill(filling, planted, 0))


@pytest.mark.parametrize("viewer", ["PRIVACY for PRIVACY_REQUEST", "SUPPORT for SUPPORT_CASE", "adult", "guardian"])
async def test_more_people_visible_or_hidden_cost_no_statement_in_nested_lists(
    planted: Planted, ask: Ask, overheard: Overheard, filling: Database, viewer: str
) -> None:
    before = await count(ask, overheard, viewer, THREE_DEEP)
    await fill(filling, planted, 30)
    assert await count(ask, overheard, viewer, THREE_DEEP) == before
