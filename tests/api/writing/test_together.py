"""Changes that come together: in one document, in one moment, and with a failure among them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import orjson
import pytest

from api.ids import encode_id
from authz.audit import changes, recorder
from domain.courses.model import course
from domain.enrollments import service
from tenants.connection import DatabaseUnavailableError
from tenants.statements import Plan
from tenants.transaction import Transaction
from tests.api.writing.conftest import ENROLL, UPDATE, WITHDRAW, Call, School, Send, Tables

BOTH = """mutation Both($course: ID!, $learner: ID) {
    first: updateProfile(input: {title: "Engineer"}) { learner { title } userErrors { code } }
    second: enroll(input: {courseId: $course, learnerId: $learner}) { enrollment { status } userErrors { code } } }"""
BROKEN = Plan("SELECT 1 / 0", (), {})
MOMENT = 20
"""Changes at once."""


async def title(school: School, tables: Tables) -> Any:
    [row] = [row for row in await tables.rows("person") if row["id"] == school.ids["adult"]]
    return row["title"]


async def outcomes(tables: Tables) -> list[str]:
    return [event["outcome"] for event in await tables.rows("access_event")]


async def test_mutations_are_carried_out_in_the_order_of_the_document(
    school: School, send: Send, tables: Tables
) -> None:
    query = """mutation { a: updateProfile(input: {title: "A"}) { learner { title } }
        b: updateProfile(input: {title: "B"}) { learner { title } }
        c: updateProfile(input: {phone: "+4930901820"}) { learner { title phone } } }"""
    answer = (await send(school.tokens["adult"], query)).json()
    assert answer == {
        "data": {
            "a": {"learner": {"title": "A"}},
            "b": {"learner": {"title": "B"}},
            "c": {"learner": {"title": "B", "phone": "+4930901820"}},
        }
    }
    assert len(await tables.rows("change_event")) == 3
    assert await outcomes(tables) == ["RELEASED"]


async def test_where_the_second_of_two_is_refused_the_first_stands(school: School, send: Send, tables: Tables) -> None:
    await school.enrolled("adult")
    answer = (await send(school.tokens["adult"], BOTH, course=school.course)).json()
    assert answer["data"] == {
        "first": {"learner": {"title": "Engineer"}, "userErrors": []},
        "second": {"enrollment": None, "userErrors": [{"code": "CONFLICT"}]},
    }
    assert await title(school, tables) == "Engineer"
    assert [event["mutation"] for event in await tables.rows("change_event")] == ["updateProfile"]


async def test_where_the_database_fails_the_second_of_two_neither_stands(
    school: School, send: Send, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await tables.state()
    monkeypatch.setattr(service, "_TAKEN_UP", BROKEN)
    response = await send(school.tokens["adult"], BOTH, course=school.course)
    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "data" not in response.json()
    assert await tables.state() == before
    assert await outcomes(tables) == ["REFUSED"]


async def test_where_the_program_fails_the_second_of_two_neither_stands_as_neither_is_told(
    school: School, send: Send, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await tables.state()

    async def mistaken(*_: object) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr(service, "enroll", mistaken)
    response = await send(school.tokens["adult"], BOTH, course=school.course)
    answer = response.json()
    assert (response.status_code, answer["data"]) == (200, None)
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [(["second"], "INTERNAL")]
    assert await tables.state() == before
    [event] = await tables.rows("access_event")
    assert (event["outcome"], event["disclosures"], event["operation"]) == ("REFUSED", "[]", "Both")


@pytest.mark.parametrize("module", [changes, recorder])
async def test_what_cannot_be_put_on_record_is_not_changed(
    school: School, send: Send, tables: Tables, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    before = await tables.state()
    monkeypatch.setattr(module, "_INSERT", BROKEN)
    response = await send(school.tokens["adult"], UPDATE, input={"title": "Engineer"})
    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "AUDIT_UNAVAILABLE"
    assert await tables.state() == before


async def test_what_is_not_committed_is_not_answered(
    school: School, send: Send, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await tables.state()

    async def failing(_: Transaction) -> None:
        raise DatabaseUnavailableError("The database is gone.")

    monkeypatch.setattr(Transaction, "commit", failing)
    response = await send(school.tokens["adult"], UPDATE, input={"title": "Engineer"})
    assert (response.status_code, "data" in response.json()) == (503, False)
    monkeypatch.undo()
    assert await tables.state() == before


async def test_a_payload_that_asks_too_much_of_a_list_is_told_so_and_the_change_stands(
    school: School, send: Send, tables: Tables
) -> None:
    query = """mutation { updateProfile(input: {title: "Engineer"}) { userErrors { code }
        learner { title enrollments(first: 101) { nodes { id } } } } }"""
    answer = (await send(school.tokens["adult"], query)).json()
    payload = {"userErrors": [], "learner": {"title": "Engineer", "enrollments": None}}
    assert answer["data"] == {"updateProfile": payload}
    assert [error["path"] for error in answer["errors"]] == [["updateProfile", "learner", "enrollments"]]
    assert await title(school, tables) == "Engineer"


async def test_of_changes_to_a_profile_in_one_moment_none_is_lost_and_each_is_on_record(
    school: School, call: Call, tables: Tables
) -> None:
    fields = ("title", "education", "location", "learningGoals")
    given = [{fields[number % len(fields)]: f"value {number}"} for number in range(MOMENT)]
    payloads = await asyncio.gather(*(call("adult", UPDATE, **one) for one in given))
    assert [payload["userErrors"] for payload in payloads] == [[]] * MOMENT
    for one, payload in zip(given, payloads, strict=True):
        assert {name: payload["learner"][name] for name in one} == one
    [row] = [row for row in await tables.rows("person") if row["id"] == school.ids["adult"]]
    assert all(row["learning_goals" if name == "learningGoals" else name] is not None for name in fields)
    steps = await steps_on_record(tables)
    assert set(steps) == {f"Learner.{name}" for name in fields}
    assert sum(map(len, steps.values())) == MOMENT
    for of_field in steps.values():
        # Each change begins with what another one made, all but one, which begins with nothing: a chain of them all.
        olds, news = {old for old, _ in of_field}, {new for _, new in of_field}
        assert (len(olds), len(news), len(olds - news), len(news - olds)) == (len(of_field), len(of_field), 1, 1)


async def steps_on_record(tables: Tables) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for event in await tables.rows("change_event"):
        [change] = orjson.loads(event["changes"])
        found.setdefault(change["field"], []).append((change["old"], change["new"]))
    return found


async def test_one_course_taken_many_times_in_one_moment_is_taken_once(
    school: School, call: Call, tables: Tables
) -> None:
    payloads = await asyncio.gather(*(call("adult", ENROLL, courseId=school.course) for _ in range(MOMENT)))
    codes = Counter(str([error["code"] for error in payload["userErrors"]]) for payload in payloads)
    assert codes == {"[]": 1, "['CONFLICT']": MOMENT - 1}
    assert len(await tables.rows("enrollment")) == len(await tables.rows("change_event")) == 1


async def test_a_course_taken_and_given_up_in_one_moment_is_in_one_state_that_the_record_explains(
    school: School, call: Call, tables: Tables
) -> None:
    key = encode_id("Enrollment", await school.enrolled("adult"))
    turns: list[Awaitable[dict[str, Any]]] = []
    for _ in range(MOMENT // 2):
        turns += [call("adult", WITHDRAW, enrollmentId=key), call("adult", ENROLL, courseId=school.course)]
    payloads = await asyncio.gather(*turns)
    assert {str([error["code"] for error in payload["userErrors"]]) for payload in payloads} <= {"[]", "['CONFLICT']"}
    [row] = await tables.rows("enrollment")
    events = await tables.rows("change_event")
    moved = [event["mutation"] for event in events if "Enrollment.status" in event["changes"]]
    ended, begun = moved.count("withdraw"), moved.count("enroll")
    assert ended - begun == (1 if row["status"] == "WITHDRAWN" else 0)
    assert (row["withdrawn_at"] is None) is (row["status"] == "ACTIVE")
    assert (row["final_result"] is None) is (row["status"] == "ACTIVE")


@pytest.fixture
def many_courses(school: School) -> Callable[[int], Awaitable[list[str]]]:
    """Give a way to make courses; their global ids come back."""

    async def make(number: int) -> list[str]:
        keys = [await school.people.add(course, code=f"M-{at}", title="Many") for at in range(number)]
        return [encode_id("Course", key) for key in keys]

    return make


async def test_documents_that_cross_each_other_are_carried_out_or_refused_whole(
    school: School, send: Send, tables: Tables, many_courses: Callable[[int], Awaitable[list[str]]]
) -> None:
    one, other = await many_courses(2)
    query = """mutation Cross($a: ID!, $b: ID!) { a: enroll(input: {courseId: $a}) { userErrors { code } }
        b: enroll(input: {courseId: $b}) { userErrors { code } } }"""
    pairs = [(one, other), (other, one)] * 5
    responses: list[httpx2.Response] = await asyncio.gather(
        *(send(school.tokens["adult"], query, a=a, b=b) for a, b in pairs)
    )
    # The database ends one of two that wait for each other; whoever was ended may try again.
    assert {response.status_code for response in responses} <= {200, 503}
    assert len(await tables.rows("enrollment")) == 2
    done = [response.json()["data"] for response in responses if response.status_code == 200]
    accepted = [payload for data in done for payload in data.values() if not payload["userErrors"]]
    assert len(accepted) == 2 == len(await tables.rows("change_event"))
