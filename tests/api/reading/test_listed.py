"""How the rows of a list are met: nothing is joined twice or for nothing, and the person as from anywhere else."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.app import create_app
from api.ids import encode_id
from api.settings import Settings
from authz.mask import Decision, Mask
from authz.viewer import Purpose, Role, SubjectClass
from domain.courses.model import course, teaching
from domain.enrollments.model import enrollment
from domain.people.model import membership, person
from domain.seats.model import seat, seat_pool
from tenants.ids import uuid7
from tests.api.conftest import client_of
from tests.api.people import People
from tests.api.reading.cells import Ask, asking
from tests.api.reading.meetings import GUARDIAN, MEMBERS, VIEWERS
from tests.api.reading.overheard import Overheard, overhear
from tests.api.reading.planted import Planted, plant
from tests.support.cluster import Urls

ROSTER = """query Ask($course: ID!) { course(id: $course) { enrollments(first: 100) { nodes {
    id progress learner { id name title education } } } } }"""
BY_NAME = ROSTER.replace("first: 100", "first: 100, orderBy: LEARNER_NAME_ASC")
CELLS = "id progress lastActivityAt finalResult course { id } viewerAccess { field readable reason rule }"
IN_COURSE = f"query Ask($course: ID!) {{ course(id: $course) {{ enrollments(first: 100) {{ nodes {{ {CELLS} }} }} }} }}"
IN_PERSON = f"{{ learners(first: 100) {{ nodes {{ enrollments(first: 5) {{ nodes {{ {CELLS} }} }} }} }} }}"
NESTED = """{ learners(first: 100) { nodes { id enrollments(first: 5) { nodes { id progress
    results(first: 5) { nodes { id score } } } } } } }"""
DEEP = """{ learners(first: 100) { nodes { id enrollments(first: 5) { nodes { id learner { id name }
    results(first: 5) { nodes { id enrollment { id learner { id name } } } } } } } } }"""


@pytest.fixture(scope="module")
def planted(urls: Urls, key_file: Path) -> Planted:
    return plant(urls, key_file)


@pytest.fixture
async def ask(planted: Planted, settings: Callable[..., Settings]) -> AsyncIterator[Ask]:
    async with asking(planted, settings) as asked:
        yield asked


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    return overhear(monkeypatch)


def people_read(statement: str) -> int:
    """Return how often a statement reads the table of people."""
    return len(re.findall(r"\bperson AS\b", statement))


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("query", [ROSTER, BY_NAME], ids=["by id", "by name"])
async def test_a_roster_reads_each_person_once(
    planted: Planted, ask: Ask, overheard: Overheard, query: str, viewer: str
) -> None:
    await ask(viewer, query, course=encode_id("Course", planted.course_id))
    assert [people_read(statement) for statement in overheard.statements] == [0, 1]


@pytest.mark.parametrize("viewer", ["instructor", "PRIVACY for PRIVACY_REQUEST"])
async def test_lists_inside_a_person_read_that_person_no_more(ask: Ask, overheard: Overheard, viewer: str) -> None:
    await ask(viewer, NESTED)
    assert [people_read(statement) for statement in overheard.statements] == [1, 0, 0]


@pytest.mark.parametrize("viewer", ["instructor", "PRIVACY for PRIVACY_REQUEST"])
async def test_a_rows_id_is_its_key_and_read_no_more(
    planted: Planted, ask: Ask, overheard: Overheard, viewer: str
) -> None:
    widths = []
    for asked in ("name", "id name"):
        overheard.clear()
        await ask(viewer, f"{{ learners(first: 100) {{ nodes {{ {asked} }} }} }}")
        widths.append(overheard.statements[-1].count(","))
    assert widths[0] == widths[1]


@pytest.mark.parametrize("kind", ["Enrollment", "AssessmentResult", "Seat", "Learner"])
async def test_a_row_that_is_not_there_takes_the_same_way_as_one_that_is(
    planted: Planted, ask: Ask, overheard: Overheard, kind: str
) -> None:
    """Nothing that a key alone decides ends the search early: each table is joined whether or not there is a row."""
    await ask("PRIVACY for PRIVACY_REQUEST", f'{{ node(id: "{encode_id(kind, uuid7())}") {{ id }} }}')
    [statement] = overheard.statements
    joins = re.findall(r"(LEFT OUTER )?JOIN (LATERAL )?", statement)
    assert joins
    assert all(outer or made_of_the_row for outer, made_of_the_row in joins), statement


@pytest.mark.parametrize("viewer", ["instructor", "PRIVACY for PRIVACY_REQUEST"])
async def test_a_person_is_the_same_wherever_a_document_comes_by_them(ask: Ask, viewer: str) -> None:
    answer = (await ask(viewer, DEEP)).json()
    met = 0
    # The enrolments of who is restricted are told to privacy staff only.
    lists = [(each["id"], each["enrollments"]) for each in answer["data"]["learners"]["nodes"] if each["enrollments"]]
    for person_id, enrolments in lists:
        for each in enrolments["nodes"]:
            assert each["learner"]["id"] == person_id
            for result in each["results"]["nodes"]:
                assert result["enrollment"] == {"id": each["id"], "learner": each["learner"]}
                met += 1
    assert met > 1


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_an_enrolment_shows_the_same_in_its_person_as_in_its_course(
    planted: Planted, ask: Ask, viewer: str
) -> None:
    asked = encode_id("Course", planted.course_id)
    in_course = (await ask(viewer, IN_COURSE, course=asked)).json()["data"]["course"]["enrollments"]["nodes"]
    people = (await ask(viewer, IN_PERSON)).json()["data"]["learners"]["nodes"]
    found = [each for one in people if one["enrollments"] for each in one["enrollments"]["nodes"]]
    in_person = [each for each in found if each["course"]["id"] == asked]
    assert sorted(in_person, key=lambda each: str(each["id"])) == sorted(in_course, key=lambda each: str(each["id"]))


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_who_meets_nobody_but_people_known_beforehand_asks_for_those_alone(
    planted: Planted, ask: Ask, overheard: Overheard, viewer: str
) -> None:
    await ask(viewer, ROSTER, course=encode_id("Course", planted.course_id))
    by_key = re.search(r"r\.learner_id = any\(", overheard.statements[-1].partition("WHERE r.tenant_id")[2])
    assert (by_key is not None) == viewer.startswith(("SUPPORT", *MEMBERS, GUARDIAN))


async def test_where_a_row_does_not_release_whom_it_leads_to_nothing_of_that_person_is_read(
    planted: Planted, ask: Ask, overheard: Overheard, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = Mask.decide

    def stricter(
        mask: Mask, role: Role, field: str, subject: SubjectClass, purpose: Purpose, *, action: str = "read"
    ) -> Decision:
        if field == "Enrollment.learner" and subject is SubjectClass.MINOR:
            return Decision(False, None)
        return decide(mask, role, field, subject, purpose, action=action)

    monkeypatch.setattr(Mask, "decide", stricter)
    asked = encode_id("Course", planted.course_id)
    for query in (ROSTER, BY_NAME):
        overheard.clear()
        answer = (await ask("instructor", query, course=asked)).json()
        nodes = answer["data"]["course"]["enrollments"]["nodes"]
        assert {node["learner"]["name"] for node in nodes if node["learner"]} == {"c01-name", "c02-name"}
        assert [error["extensions"]["field"] for error in answer["errors"]] == ["Enrollment.learner"]
        assert answer["errors"][0]["extensions"]["denied"] == 2
        read = {value for row in overheard.rows for value in row if isinstance(value, str)}
        assert {value for value in read if value.endswith("-name")} == {"c01-name", "c02-name"}


async def seated(people: People, pool_id: UUID, *courses: UUID, **row: Any) -> None:
    """Add a member who holds a seat and takes `courses`."""
    learner = await people.add(person, **{"minor": False, "title": "title", "education": "education", **row})
    await people.add(membership, person_id=learner)
    await people.add(seat, pool_id=pool_id, person_id=learner, status="ACTIVE", email=f"{learner}@example.org")
    for key in courses:
        await people.add(enrollment, course_id=key, learner_id=learner, status="ACTIVE", progress=0.5)


@pytest.mark.parametrize("query", [ROSTER, BY_NAME], ids=["by id", "by name"])
async def test_a_person_is_met_by_who_teaches_them_elsewhere_although_not_in_the_course_that_leads_there(
    people: People, settings: Callable[..., Settings], database_url: str, query: str
) -> None:
    viewer = await people.member(roles=["ENTERPRISE_ADMIN", "INSTRUCTOR"])
    taught, other = [await people.add(course, code=code, title=code) for code in ("taught", "other")]
    await people.add(teaching, course_id=taught, person_id=viewer)
    bought = {"name": "Pool", "total": 9, "starts_on": date(2025, 1, 1), "ends_on": date(2035, 1, 1)}
    pool_id = await people.add(seat_pool, **bought)
    await seated(people, pool_id, other, name="A")
    await seated(people, pool_id, other, taught, name="B")
    await seated(people, pool_id, other, taught, name="C", minor=True)
    await seated(people, pool_id, other, taught, name="D", restricted=True)
    app = create_app(settings(database_url=database_url, pool_wait=20, statement_timeout=20))
    headers = {"authorization": f"Bearer {await people.sign_in(viewer)}"}
    body = {"query": query, "variables": {"course": encode_id("Course", other)}}
    async with app.router.lifespan_context(app), client_of(app) as client:
        answer = (await client.post("/graphql", json=body, headers=headers)).json()
    rows = [(row["progress"], row["learner"]) for row in answer["data"]["course"]["enrollments"]["nodes"]]
    # In this course they are met as seats are managed, which shows an adult's progress; education is for teachers.
    told = [(progress, each["name"], each["title"], each["education"]) for progress, each in rows]
    assert told == [(0.5, "A", "title", None), (0.5, "B", "title", "education"), (None, "C", None, None)]
