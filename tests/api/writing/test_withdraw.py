"""withdraw: who gives a course up, for whom, and what is answered where that cannot be."""

from typing import Any

import pytest

from api.ids import encode_id
from domain.courses.model import course
from tenants.directory import ensure_tenant
from tenants.ids import uuid7
from tests.api.people import People, ago
from tests.api.writing.conftest import (
    FORBIDDEN,
    MALFORMED,
    MISSING,
    WITHDRAW,
    Call,
    School,
    Tables,
    nowhere,
    refused,
    seated,
)


def enrollment_of(key: Any) -> str:
    return encode_id("Enrollment", key)


@pytest.mark.parametrize(
    ("who", "whose"), [("adult", "adult"), ("restricted", "restricted"), ("guardian", "minor"), ("admin", "minor")]
)
async def test_a_course_is_given_up(school: School, call: Call, tables: Tables, who: str, whose: str) -> None:
    key = await school.enrolled(whose, enrolled_at=ago(days=9), progress=0.25)
    await seated(school, whose)
    payload = await call(who, WITHDRAW, enrollmentId=enrollment_of(key))
    assert payload == {
        "enrollment": {"id": enrollment_of(key), "status": "WITHDRAWN", "finalResult": "WITHDRAWN"},
        "userErrors": [],
    }
    [row] = await tables.rows("enrollment")
    assert (row["status"], row["final_result"], row["progress"]) == ("WITHDRAWN", "WITHDRAWN", 0.25)
    assert row["withdrawn_at"] > ago(minutes=5)


async def test_giving_up_twice_is_giving_up(school: School, call: Call, tables: Tables) -> None:
    key = await school.enrolled("adult")
    first = await call("adult", WITHDRAW, enrollmentId=enrollment_of(key))
    rows = await tables.rows("enrollment")
    assert await call("adult", WITHDRAW, enrollmentId=enrollment_of(key)) == first
    assert await tables.rows("enrollment") == rows


async def test_a_course_that_is_completed_is_not_given_up(school: School, call: Call, tables: Tables) -> None:
    key = await school.enrolled("adult", status="COMPLETED", final_result="PASS")
    before = await tables.state()
    told = "The course is completed, so it cannot be given up."
    payload = await call("adult", WITHDRAW, enrollmentId=enrollment_of(key))
    assert payload == {"enrollment": None, "userErrors": refused("CONFLICT", told, "input", "enrollmentId")}
    assert await tables.state() == before


@pytest.mark.parametrize(("who", "whose"), [("minor", "minor"), ("instructor", "adult"), ("instructor", "minor")])
async def test_who_sees_an_enrolment_and_may_not_end_it_is_told_so(
    school: School, call: Call, tables: Tables, who: str, whose: str
) -> None:
    key = await school.enrolled(whose)
    before = await tables.state()
    assert await call(who, WITHDRAW, enrollmentId=enrollment_of(key)) == {"enrollment": None, "userErrors": FORBIDDEN}
    assert await tables.state() == before


async def test_whatever_is_not_there_for_the_viewer_is_answered_alike(
    school: School, call: Call, tables: Tables, people: People
) -> None:
    own, hidden = await school.enrolled("adult"), await school.enrolled("minor")
    elsewhere = await ensure_tenant(people.database, f"elsewhere-{uuid7()}", "Elsewhere")
    other = People(people.database, elsewhere, people.issuer)
    foreign = School(other, {"adult": await other.member()}, {}, await other.add(course, code="X", title="X"))
    key = await foreign.enrolled("adult")
    before = await tables.state()
    told = {"enrollment": None, "userErrors": refused("NOT_FOUND", MISSING, "input", "enrollmentId")}
    for text in (nowhere("Enrollment"), enrollment_of(hidden), enrollment_of(key), encode_id("Seat", own)):
        assert await call("adult", WITHDRAW, enrollmentId=text) == told
    # The admin has no seat to give, so the enrolment is not there for them either.
    assert await call("admin", WITHDRAW, enrollmentId=enrollment_of(own)) == told
    malformed = {"enrollment": None, "userErrors": refused("INVALID", MALFORMED, "input", "enrollmentId")}
    assert await call("adult", WITHDRAW, enrollmentId="x") == malformed
    assert await tables.state() == before
