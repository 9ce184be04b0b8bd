"""Taking a course and giving it up: each step with what it changed, and two at once are one after the other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.courses.model import course
from domain.enrollments.model import EnrollmentStatus, enrollment
from domain.enrollments.service import NotAMemberError, Outcome, enroll, withdraw
from domain.people.model import membership, person
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task
from tests.support.cluster import Urls
from tests.support.waiting import somebody_waits

THEN = datetime(2024, 5, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scene:
    """A member, a course, and a way to the services."""

    database: Database
    who: SystemTask
    course_id: UUID
    learner_id: UUID

    async def enroll(self) -> Outcome:
        async with self.database.writing(self.who) as session:
            return await enroll(session, self.course_id, self.learner_id)

    async def withdraw(self, key: UUID) -> Outcome:
        async with self.database.writing(self.who) as session:
            return await withdraw(session, key)

    async def stands(self, **row: Any) -> UUID:
        key = uuid7()
        row = {"id": key, "course_id": self.course_id, "learner_id": self.learner_id, **row}
        async with self.database.writing(self.who) as session:
            await session.insert(enrollment, [row])
        return key


@pytest.fixture
async def scene(database: Database, tenant: TenantId) -> Scene:
    who = SystemTask(Task.SIGN_IN, tenant)
    made = Scene(database, who, uuid7(), uuid7())
    async with database.writing(who) as session:
        await session.insert(course, [{"id": made.course_id, "code": "C", "title": "C"}])
        await session.insert(person, [{"id": made.learner_id}])
        await session.insert(membership, [{"person_id": made.learner_id}])
    return made


@pytest.fixture
async def raw(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urls.superuser)
    yield connection
    await connection.close()


def columns(outcome: Outcome) -> dict[str, tuple[object, object]]:
    return {change.column: (change.old, change.new) for change in outcome.changes}


async def row_of(raw: asyncpg.Connection) -> dict[str, Any]:
    [row] = await raw.fetch("SELECT * FROM enrollment")
    return dict(row)


async def test_a_new_enrolment_changes_all_that_it_has(scene: Scene, raw: asyncpg.Connection) -> None:
    outcome = await scene.enroll()
    row = await row_of(raw)
    assert (outcome.id, outcome.before) == (row["id"], None)
    assert columns(outcome) == {
        "status": (None, "ACTIVE"),
        "enrolled_at": (None, row["enrolled_at"]),
        "progress": (None, 0.0),
    }


@pytest.mark.parametrize("status", [EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED])
async def test_what_is_or_was_taken_stays(scene: Scene, raw: asyncpg.Connection, status: EnrollmentStatus) -> None:
    key = await scene.stands(status=status, enrolled_at=THEN, progress=0.7)
    before = await row_of(raw)
    assert await scene.enroll() == Outcome(key, status, [])
    assert await row_of(raw) == before


async def test_what_was_given_up_is_taken_up_with_what_was_done(scene: Scene, raw: asyncpg.Connection) -> None:
    key = await scene.stands(
        status="WITHDRAWN", enrolled_at=THEN, withdrawn_at=THEN, final_result="WITHDRAWN", progress=0.7
    )
    outcome = await scene.enroll()
    assert (outcome.id, outcome.before) == (key, EnrollmentStatus.WITHDRAWN)
    assert columns(outcome) == {
        "status": ("WITHDRAWN", "ACTIVE"),
        "withdrawn_at": (THEN, None),
        "final_result": ("WITHDRAWN", None),
    }
    now = await row_of(raw)
    assert (now["enrolled_at"], now["progress"]) == (THEN, 0.7)


async def test_who_is_no_member_takes_nothing(scene: Scene, raw: asyncpg.Connection) -> None:
    await scene.stands(status="WITHDRAWN")
    before = await row_of(raw)
    await raw.execute("UPDATE membership SET left_at = now() - interval '1 day'")
    with pytest.raises(NotAMemberError):
        await scene.enroll()
    assert await row_of(raw) == before


async def test_giving_up_says_so_and_giving_up_again_changes_nothing(scene: Scene, raw: asyncpg.Connection) -> None:
    key = await scene.stands(status="ACTIVE", enrolled_at=THEN)
    outcome = await scene.withdraw(key)
    row = await row_of(raw)
    assert columns(outcome) == {
        "status": ("ACTIVE", "WITHDRAWN"),
        "withdrawn_at": (None, row["withdrawn_at"]),
        "final_result": (None, "WITHDRAWN"),
    }
    assert await scene.withdraw(key) == Outcome(key, EnrollmentStatus.WITHDRAWN, [])
    assert await row_of(raw) == row


async def test_what_is_completed_is_not_given_up(scene: Scene, raw: asyncpg.Connection) -> None:
    key = await scene.stands(status="COMPLETED", final_result="PASS")
    before = await row_of(raw)
    assert await scene.withdraw(key) == Outcome(key, EnrollmentStatus.COMPLETED, [])
    assert await row_of(raw) == before
    with pytest.raises(LookupError):
        await scene.withdraw(uuid7())


async def test_of_two_who_enrol_one_person_at_once_the_second_finds_the_first_s(
    scene: Scene, raw: asyncpg.Connection
) -> None:
    async with scene.database.writing(scene.who) as session:
        first = await enroll(session, scene.course_id, scene.learner_id)
        waiting = asyncio.create_task(scene.enroll())
        await somebody_waits(raw)
    assert await waiting == Outcome(first.id, EnrollmentStatus.ACTIVE, [])


async def test_who_gives_up_while_it_is_given_up_finds_it_done(scene: Scene, raw: asyncpg.Connection) -> None:
    key = await scene.stands(status="ACTIVE")
    async with scene.database.writing(scene.who) as session:
        assert (await withdraw(session, key)).changes
        waiting = asyncio.create_task(scene.withdraw(key))
        await somebody_waits(raw)
    assert await waiting == Outcome(key, EnrollmentStatus.WITHDRAWN, [])


async def test_who_takes_up_what_is_being_given_up_waits_for_its_end(scene: Scene, raw: asyncpg.Connection) -> None:
    key = await scene.stands(status="ACTIVE", enrolled_at=THEN)
    async with scene.database.writing(scene.who) as session:
        ended = await withdraw(session, key)
        waiting = asyncio.create_task(scene.enroll())
        await somebody_waits(raw)
    begun = await waiting
    assert (ended.before, begun.before) == (EnrollmentStatus.ACTIVE, EnrollmentStatus.WITHDRAWN)
    assert columns(begun)["status"] == ("WITHDRAWN", "ACTIVE")
    assert (await row_of(raw))["status"] == "ACTIVE"
