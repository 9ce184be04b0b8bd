"""enroll: who takes a course, who lets others take it, and what is answered where that cannot be."""

from typing import Any

import pytest

from api.ids import decode_id, encode_id
from domain.courses.model import course
from domain.people.model import membership
from tenants.directory import ensure_tenant
from tenants.ids import uuid7
from tests.api.people import People, ago
from tests.api.writing.conftest import (
    ENROLL,
    FORBIDDEN,
    MALFORMED,
    MISSING,
    Call,
    School,
    Tables,
    nowhere,
    refused,
)


async def only(tables: Tables) -> dict[str, Any]:
    """Return the tenant's one enrolment."""
    [row] = await tables.rows("enrollment")
    return row


@pytest.mark.parametrize("who", ["adult", "restricted"])
async def test_an_adult_takes_a_course(school: School, call: Call, tables: Tables, who: str) -> None:
    payload = await call(who, ENROLL, courseId=school.course)
    row = await only(tables)
    assert payload == {
        "enrollment": {
            "id": encode_id("Enrollment", row["id"]),
            "status": "ACTIVE",
            "withdrawnAt": None,
            "finalResult": None,
            "course": {"id": school.course},
            "learner": {"id": school.learner(who)},
        },
        "userErrors": [],
    }
    assert (row["course_id"], row["learner_id"]) == (school.course_id, school.ids[who])
    assert (row["status"], row["progress"], row["completed_at"]) == ("ACTIVE", 0.0, None)
    assert row["enrolled_at"] > ago(minutes=5)


async def test_a_null_learner_is_the_viewer_and_one_s_own_id_too(school: School, call: Call, tables: Tables) -> None:
    assert (await call("adult", ENROLL, courseId=school.course, learnerId=None))["userErrors"] == []
    payload = await call("instructor", ENROLL, courseId=school.course, learnerId=school.learner("instructor"))
    assert payload["enrollment"]["learner"] == {"id": school.learner("instructor")}
    assert {row["learner_id"] for row in await tables.rows("enrollment")} == {
        school.ids["adult"],
        school.ids["instructor"],
    }


async def test_a_minor_does_not_enrol_alone_but_their_guardian_does(school: School, call: Call, tables: Tables) -> None:
    assert await call("minor", ENROLL, courseId=school.course) == {"enrollment": None, "userErrors": FORBIDDEN}
    assert await tables.rows("enrollment") == []
    payload = await call("guardian", ENROLL, courseId=school.course, learnerId=school.learner("minor"))
    assert payload["enrollment"]["learner"] == {"id": school.learner("minor")}
    assert (await only(tables))["learner_id"] == school.ids["minor"]


async def test_an_admin_lets_members_take_a_course_but_not_restricted_ones(
    school: School, call: Call, tables: Tables
) -> None:
    for who in ("adult", "minor"):
        payload = await call("admin", ENROLL, courseId=school.course, learnerId=school.learner(who))
        # Without a seat of theirs the admin does not see what was made.
        assert payload == {"enrollment": None, "userErrors": []}
    payload = await call("admin", ENROLL, courseId=school.course, learnerId=school.learner("restricted"))
    assert payload == {"enrollment": None, "userErrors": FORBIDDEN}
    assert {row["learner_id"] for row in await tables.rows("enrollment")} == {school.ids["adult"], school.ids["minor"]}


async def test_an_instructor_lets_nobody_take_the_course(school: School, call: Call, tables: Tables) -> None:
    await school.enrolled("adult")
    before = await tables.state()
    payload = await call("instructor", ENROLL, courseId=school.course, learnerId=school.learner("adult"))
    assert payload == {"enrollment": None, "userErrors": FORBIDDEN}
    assert await tables.state() == before


@pytest.mark.parametrize("status", ["ACTIVE", "COMPLETED"])
async def test_a_course_that_is_or_was_taken_is_not_taken_twice(
    school: School, call: Call, tables: Tables, status: str
) -> None:
    await school.enrolled("adult", status=status)
    before = await tables.state()
    payload = await call("adult", ENROLL, courseId=school.course)
    told = refused("CONFLICT", "The course is taken already.", "input", "courseId")
    assert payload == {"enrollment": None, "userErrors": told}
    assert await tables.state() == before
    [event] = await tables.rows("access_event")
    assert '["Enrollment.id", "Enrollment.status"]' in event["disclosures"]
    assert (event["capacities"], event["outcome"]) == (["LEARNER"], "RELEASED")


async def test_a_course_that_was_given_up_is_taken_up_again(school: School, call: Call, tables: Tables) -> None:
    then = ago(days=30)
    enrollment_id = await school.enrolled(
        "adult", status="WITHDRAWN", enrolled_at=then, withdrawn_at=ago(days=3), final_result="WITHDRAWN", progress=0.5
    )
    payload = await call("adult", ENROLL, courseId=school.course)
    assert payload["enrollment"]["id"] == encode_id("Enrollment", enrollment_id)
    assert (payload["enrollment"]["status"], payload["userErrors"]) == ("ACTIVE", [])
    row = await only(tables)
    assert (row["id"], row["status"], row["withdrawn_at"], row["final_result"]) == (enrollment_id, "ACTIVE", None, None)
    assert (row["enrolled_at"], row["progress"]) == (then, 0.5)


async def test_who_left_the_organisation_takes_no_course_of_it(school: School, call: Call, tables: Tables) -> None:
    await school.people.change(membership, school.ids["minor"], "person_id", left_at=ago(days=1))
    payload = await call("guardian", ENROLL, courseId=school.course, learnerId=school.learner("minor"))
    told = "Only a member of the organisation can take its courses."
    assert payload == {"enrollment": None, "userErrors": refused("INVALID", told, "input", "learnerId")}
    assert await tables.rows("enrollment") == []


@pytest.mark.parametrize("text", ["", "x", "TGVhcm5lcjo=", "\0", "A" * 5000])
async def test_what_is_no_id_is_said_at_its_field(school: School, call: Call, tables: Tables, text: str) -> None:
    payload = await call("adult", ENROLL, courseId=text)
    assert payload == {"enrollment": None, "userErrors": refused("INVALID", MALFORMED, "input", "courseId")}
    payload = await call("adult", ENROLL, courseId=school.course, learnerId=text)
    assert payload == {"enrollment": None, "userErrors": refused("INVALID", MALFORMED, "input", "learnerId")}
    assert await tables.rows("enrollment") == []


async def test_whatever_is_not_there_for_the_viewer_is_answered_alike(
    school: School, call: Call, tables: Tables, people: People
) -> None:
    elsewhere = await ensure_tenant(people.database, f"elsewhere-{uuid7()}", "Elsewhere")
    others = People(people.database, elsewhere, people.issuer)
    foreign_person, foreign_course = await others.member(), await others.add(course, code="X", title="X")
    hidden = school.learner("guardian")  # to an adult without any relation
    learners = [nowhere("Learner"), encode_id("Learner", foreign_person), hidden, school.course, nowhere("Seat"),
                encode_id("Instructor", school.ids["adult"])]  # fmt: skip
    told = {"enrollment": None, "userErrors": refused("NOT_FOUND", MISSING, "input", "learnerId")}
    for text in learners:
        assert await call("adult", ENROLL, courseId=school.course, learnerId=text) == told
    told = {"enrollment": None, "userErrors": refused("NOT_FOUND", MISSING, "input", "courseId")}
    for text in (nowhere("Course"), encode_id("Course", foreign_course), school.learner("adult"), nowhere("Nothing")):
        assert await call("adult", ENROLL, courseId=text) == told
    assert await tables.rows("enrollment") == []
    assert await tables.rows("change_event") == []


async def test_the_payload_is_read_under_the_viewer_s_rules(school: School, call: Call, tables: Tables) -> None:
    query = """mutation($input: EnrollInput!) { enroll(input: $input) { userErrors { code }
        enrollment { id status course { instructors { name } } learner { id } } } }"""
    payload = await call("guardian", query, courseId=school.course, learnerId=school.learner("minor"))
    assert decode_id(payload["enrollment"]["id"])[1] == (await only(tables))["id"]
    assert payload["enrollment"]["status"] == "ACTIVE"
    assert payload["enrollment"]["course"] == {"instructors": [{"name": None}]}
