"""Whoever may not see how an enrolment stands learns nothing of it by changing it: not a byte, not a statement."""

from typing import Any
from uuid import UUID

import pytest

from api.ids import encode_id
from authz.tenant_rules.model import tenant_rule
from domain.courses.model import course
from tenants.ids import uuid7
from tenants.model import tenant
from tests.api.people import ago
from tests.api.reading.overheard import overhear
from tests.api.writing.conftest import ENROLL, WITHDRAW, School, Send, Tables, seated

STANDS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "active": {"status": "ACTIVE", "enrolled_at": ago(days=5), "progress": 0.4, "average_score": 80.0},
    "completed": {"status": "COMPLETED", "completed_at": ago(days=1), "final_result": "PASS", "progress": 1.0},
    "withdrawn": {"status": "WITHDRAWN", "withdrawn_at": ago(days=1), "final_result": "WITHDRAWN"},
    "withdrawn and never begun": {"status": "WITHDRAWN", "enrolled_at": None},
}
AFTER = {"none": "ACTIVE", "active": "ACTIVE", "completed": "COMPLETED"}
EVERYTHING = """mutation Enroll($input: EnrollInput!) { enroll(input: $input) {
    enrollment { id status enrolledAt progress viewerAccess { field readable } results { nodes { id } } }
    userErrors { field code message } } }"""


async def enrollments_of_all(school: School) -> dict[str, tuple[UUID, str]]:
    """Let an adult stand to a course in each way there is; return the course and its id, by that way."""
    found = {}
    for number, (name, row) in enumerate(STANDS.items()):
        course_id = await school.people.add(course, code=f"H-{number}", title="Hidden")
        if row is not None:
            await school.enrolled("adult", **{"course_id": course_id, **row})
        found[name] = (course_id, encode_id("Course", course_id))
    return found


async def warm(school: School, send: Send, query: str) -> None:
    """Let the application compile what it will use: what is asked once is remembered."""
    course_id = await school.people.add(course, code="warm", title="Warm")
    for _ in range(2):
        await send(
            school.tokens["admin"], query,
            input={"courseId": encode_id("Course", course_id), "learnerId": school.learner("minor")},
        )  # fmt: skip


@pytest.mark.parametrize("query", [ENROLL, EVERYTHING])
async def test_an_admin_without_a_view_of_it_enrols_somebody_and_is_answered_alike_however_it_stood(
    school: School, send: Send, tables: Tables, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    courses = await enrollments_of_all(school)
    await warm(school, send, query)
    heard = overhear(monkeypatch)
    answers, statements = {}, {}
    for name, (_, text) in courses.items():
        heard.clear()
        given = {"courseId": text, "learnerId": school.learner("adult")}
        response = await send(school.tokens["admin"], query, input=given)
        answers[name] = (response.status_code, response.content)
        statements[name] = (heard.statements[:], heard.others[:])
    assert set(answers.values()) == {(200, b'{"data":{"enroll":{"enrollment":null,"userErrors":[]}}}')}
    assert all(found == statements["none"] for found in statements.values())
    assert statements["none"][1]
    rows = {row["course_id"]: row["status"] for row in await tables.rows("enrollment")}
    for name, (key, _) in courses.items():
        assert rows[key] == AFTER.get(name, "ACTIVE"), name


async def test_what_the_admin_may_not_see_is_on_record_all_the_same(school: School, send: Send, tables: Tables) -> None:
    courses = await enrollments_of_all(school)
    for _, text in courses.values():
        given = {"courseId": text, "learnerId": school.learner("adult")}
        await send(school.tokens["admin"], ENROLL, input=given)
    events = await tables.rows("change_event")
    assert len(events) == len(STANDS)
    by_object = {event["object_id"]: event["changes"] for event in events}
    changed = {row["course_id"]: by_object[row["id"]] for row in await tables.rows("enrollment")}
    assert [changed[courses[name][0]] == "[]" for name in STANDS] == [False, True, True, False, False]


async def test_a_status_that_may_not_be_read_is_not_told_by_a_conflict(
    school: School, send: Send, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a tenant keeps the status from those who see the enrolment, an answer must not be the way to it."""
    courses = await enrollments_of_all(school)
    await seated(school, "adult")
    rule = {"version": 1, "role": "SEAT_MANAGER", "object": "Enrollment.status", "allow": False}
    await school.people.add(tenant_rule, **rule, author_id=school.ids["admin"], added_at=ago(days=1))
    await school.people.change(tenant, school.people.tenant_id, "tenant_id", policy_stamp=uuid7())
    shown = "enrollment { learner { id } status } userErrors { code } } }"
    heard = overhear(monkeypatch)

    async def all_alike(document: str, inputs: list[dict[str, str]]) -> bytes:
        """Send each input, the first of them once before to warm up; return the one answer there is."""
        found = []
        for given in [inputs[0], *inputs]:
            heard.clear()
            response = await send(school.tokens["admin"], document, input=given)
            found.append((response.content, heard.statements[:], heard.others[:]))
        assert all(one == found[1] for one in found[1:])
        return bytes(found[1][0])

    told = b'{"data":{"%s":{"enrollment":{"learner":{"id":"%s"},"status":null},"userErrors":[]}},"errors":['
    learner_id = school.learner("adult")
    enrolled = await all_alike(
        f"{ENROLL.partition('enrollment {')[0]} {shown}",
        [{"courseId": text, "learnerId": learner_id} for _, text in reversed(courses.values())],
    )
    assert enrolled.startswith(told % (b"enroll", learner_id.encode()))
    rows = await tables.rows("enrollment")
    withdrawn = await all_alike(
        f"{WITHDRAW.partition('enrollment {')[0]} {shown}",
        [{"enrollmentId": encode_id("Enrollment", row["id"])} for row in rows],
    )
    assert withdrawn.startswith(told % (b"withdraw", learner_id.encode()))
    assert {row["status"] for row in await tables.rows("enrollment")} == {"WITHDRAWN", "COMPLETED"}


@pytest.mark.parametrize("who", ["adult", "minor", "instructor", "admin"])
async def test_a_hidden_enrolment_and_a_missing_one_take_the_same_statements_to_be_refused(
    school: School, send: Send, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    hidden = await school.enrolled("guardian", course_id=await school.people.add(course, code="O", title="Other"))
    missing = school.ids["guardian"]
    await send(school.tokens[who], WITHDRAW, input={"enrollmentId": encode_id("Enrollment", missing)})
    heard = overhear(monkeypatch)
    found = []
    for key in (hidden, missing):
        heard.clear()
        response = await send(school.tokens[who], WITHDRAW, input={"enrollmentId": encode_id("Enrollment", key)})
        found.append((response.content, heard.statements[:], heard.others[:]))
    assert found[0] == found[1]
    assert b"NOT_FOUND" in found[0][0]
