"""What may be changed over HTTP is the matrix, call by call and in both directions; what is refused changes nothing."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.ids import encode_id
from api.settings import Settings
from tenants.ids import uuid7
from tests.api.reading.cells import Ask, asking, cells, readable
from tests.api.reading.meetings import VIEWERS, Meeting, Subject
from tests.api.reading.planted import Planted, plant
from tests.api.writing.conftest import ENROLL, FORBIDDEN, MISSING, UPDATE, WITHDRAW, Tables, refused
from tests.matrix import can_be_met, expected
from tests.support.cluster import Urls

CALLS, WRITES = expected("call"), expected("write")
PROFILE = {"title": "title", "education": "education", "location": "location", "language": "en-GB",
           "learningGoals": "goals", "phone": "+4930901820"}  # fmt: skip
SEEN_AS = {"updateProfile": "Learner", "enroll": "Learner", "withdraw": "Enrollment"}
"""The type of the object that each mutation is about."""


@pytest.fixture(scope="module")
def planted(urls: Urls, key_file: Path) -> Planted:
    return plant(urls, key_file)


@pytest.fixture
async def ask(planted: Planted, settings: Callable[..., Settings]) -> AsyncIterator[Ask]:
    async with asking(planted, settings) as asked:
        yield asked


@pytest.fixture
def tables(raw: asyncpg.Connection, planted: Planted) -> Tables:
    return Tables(raw, planted.people.tenant_id)


def may(meeting: Meeting, subject: Subject, mutation: str, *writes: str) -> bool:
    """Tell by the matrix whether some capacity may both call the mutation and write these fields (`Type.field`)."""
    calling = {(cell[0], cell[3]) for cell in cells(meeting, subject, "Mutation", mutation) if cell in CALLS}
    for field in writes:
        kind, _, name = field.partition(".")
        calling &= {(cell[0], cell[3]) for cell in cells(meeting, subject, kind, name) if cell in WRITES}
    return bool(calling)


def told(meeting: Meeting, subject: Subject, mutation: str, field: str) -> list[dict[str, Any]]:
    """Return the user errors of a call that is refused: of what the viewer does not see, that it is not there."""
    sees = readable(meeting, subject, SEEN_AS[mutation])
    return FORBIDDEN if sees else refused("NOT_FOUND", MISSING, "input", field)


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_somebody_is_enrolled_exactly_where_the_matrix_says(
    planted: Planted, ask: Ask, tables: Tables, raw: asyncpg.Connection, viewer: str
) -> None:
    meeting = planted.viewers[viewer]
    for subject in planted.subjects.values():
        course_id = uuid7()
        added_course = "INSERT INTO course (tenant_id, id, code, title) VALUES ($1, $2, $3, $4)"
        await raw.execute(added_course, tables.tenant_id, course_id, str(course_id), "Matrix")
        before = await tables.state()
        given = {"courseId": encode_id("Course", course_id), "learnerId": encode_id("Learner", subject.person_id)}
        payload = (await ask(viewer, ENROLL, input=given)).json()["data"]["enroll"]
        where = f"{viewer} toward {subject.name}"
        if may(meeting, subject, "enroll", "Enrollment.status"):
            assert payload["userErrors"] == [], where
            assert (payload["enrollment"] is not None) is bool(readable(meeting, subject, "Enrollment")), where
            [added] = await _added(tables, before, "enrollment")
            assert (added["learner_id"], added["course_id"]) == (subject.person_id, course_id), where
            [event] = await _added(tables, before, "change_event")
            assert (event["mutation"], event["subject_id"]) == ("enroll", subject.person_id), where
        else:
            assert payload == {"enrollment": None, "userErrors": told(meeting, subject, "enroll", "learnerId")}, where
            assert await tables.state() == before, where


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_an_enrolment_is_ended_exactly_where_the_matrix_says(
    planted: Planted, ask: Ask, tables: Tables, raw: asyncpg.Connection, viewer: str
) -> None:
    meeting = planted.viewers[viewer]
    for subject in planted.subjects.values():
        key = subject.key("Enrollment")
        before = await tables.state()
        [row] = [one for one in before["enrollment"] if one["id"] == key]
        assert row["status"] == "ACTIVE"
        payload = (await ask(viewer, WITHDRAW, input={"enrollmentId": encode_id("Enrollment", key)})).json()
        payload = payload["data"]["withdraw"]
        where = f"{viewer} toward {subject.name}"
        if readable(meeting, subject, "Enrollment") and may(meeting, subject, "withdraw", "Enrollment.status"):
            assert payload["userErrors"] == [], where
            assert payload["enrollment"]["id"] == encode_id("Enrollment", key), where
            after = await tables.rows("enrollment")
            [ended] = [one for one in after if one not in before["enrollment"]]
            assert (ended["id"], ended["status"]) == (key, "WITHDRAWN"), where
            [event] = await _added(tables, before, "change_event")
            assert (event["mutation"], event["subject_id"]) == ("withdraw", subject.person_id), where
            restored = "UPDATE enrollment SET status = $1, withdrawn_at = $2, final_result = $3 WHERE id = $4"
            await raw.execute(restored, row["status"], row["withdrawn_at"], row["final_result"], key)
        else:
            expected_errors = told(meeting, subject, "withdraw", "enrollmentId")
            assert payload == {"enrollment": None, "userErrors": expected_errors}, where
            assert await tables.state() == before, where


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_a_profile_is_changed_exactly_where_the_matrix_says(
    planted: Planted, ask: Ask, tables: Tables, viewer: str
) -> None:
    meeting = planted.viewers[viewer]
    own = [subject for subject in planted.subjects.values() if subject.person_id == meeting.person_id]
    for name, value in PROFILE.items():
        before = await tables.state()
        given = {name: f"{value}{own[0].number}" if own and name != "language" else value}
        payload = (await ask(viewer, UPDATE, input=given)).json()["data"]["updateProfile"]
        # The instructor and the admin are people beside the subjects: unrestricted adults toward themselves.
        allowed = (
            may(meeting, own[0], "updateProfile", f"Learner.{name}")
            if own
            else meeting.case_id is None and ("LEARNER", f"Learner.{name}", "adult", "SELF_SERVICE") in WRITES
        )
        if allowed:
            assert payload["userErrors"] == [], (viewer, name)
            assert payload["learner"][name] == given[name]
            after = await tables.stored("person")
            [changed] = [row for row in after if row not in before["person"]]
            assert changed["id"] == meeting.person_id
        else:
            assert payload == {"learner": None, "userErrors": FORBIDDEN}, (viewer, name)
            assert await tables.state() == before


async def _added(tables: Tables, before: dict[str, list[dict[str, Any]]], table: str) -> list[dict[str, Any]]:
    known = {row["id"] for row in before[table]}
    return [row for row in await tables.rows(table) if row["id"] not in known]


def test_every_call_and_every_write_that_can_be_met_is_met_by_somebody_here(planted: Planted) -> None:
    def met(promised: set[Any], kinds: set[str]) -> set[Any]:
        return {
            cell
            for meeting in planted.viewers.values()
            for subject in planted.subjects.values()
            for kind in kinds
            for name in {cell[1].partition(".")[2] for cell in promised if cell[1].startswith(f"{kind}.")}
            for cell in cells(meeting, subject, kind, name)
        }

    for promised in (CALLS, WRITES):
        kinds = {cell[1].partition(".")[0] for cell in promised}
        can_be = {cell for cell in promised if can_be_met(*cell[:3])}
        assert sorted(can_be - met(promised, kinds)) == []
    assert {f"Mutation.{name}" for name in SEEN_AS} <= {cell[1] for cell in CALLS}
