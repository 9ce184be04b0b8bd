"""A school of its own for every test that writes, before the real application."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

import api.app
from api.app import create_app, database_settings
from api.ids import encode_id
from api.settings import Settings
from domain.courses.model import course, teaching
from domain.enrollments.model import enrollment
from domain.people.model import person
from domain.seats.model import seat, seat_pool
from tenants.ids import uuid7
from tests.api.conftest import client_of
from tests.api.people import People
from tests.support.cluster import Urls
from tests.support.sealing import ring_of

Send = Callable[..., Awaitable[httpx2.Response]]
Call = Callable[..., Awaitable[dict[str, Any]]]

UPDATE = """mutation Update($input: UpdateProfileInput!) { updateProfile(input: $input) {
    learner { id title education location language learningGoals phone }
    userErrors { field code message } } }"""
ENROLL = """mutation Enroll($input: EnrollInput!) { enroll(input: $input) {
    enrollment { id status withdrawnAt finalResult course { id } learner { id } }
    userErrors { field code message } } }"""
WITHDRAW = """mutation Withdraw($input: WithdrawInput!) { withdraw(input: $input) {
    enrollment { id status finalResult } userErrors { field code message } } }"""


@dataclass(frozen=True, slots=True)
class School:
    """A tenant: an adult, a minor and their guardian, an instructor of the course, an admin; nobody takes the course.

    `tokens` are theirs, by those words.
    """

    people: People
    ids: Mapping[str, UUID]
    tokens: Mapping[str, str]
    course_id: UUID

    def learner(self, who: str) -> str:
        """Return somebody's global id."""
        return encode_id("Learner", self.ids[who])

    @property
    def course(self) -> str:
        """Return the course's global id."""
        return encode_id("Course", self.course_id)

    async def enrolled(self, who: str, **row: Any) -> UUID:
        """Let somebody take the course; return the enrolment's id."""
        row = {"course_id": self.course_id, "learner_id": self.ids[who], "status": "ACTIVE", **row}
        return await self.people.add(enrollment, **row)


@pytest.fixture
async def school(people: People) -> School:
    """Make a school."""
    ids = {
        "adult": await people.member(),
        "minor": await people.member(minor=True),
        "guardian": await people.member(),
        "instructor": await people.member(roles=["INSTRUCTOR"]),
        "admin": await people.member(roles=["ENTERPRISE_ADMIN"]),
        "restricted": await people.member(),
    }
    await people.guard(ids["guardian"], ids["minor"])
    await people.change(person, ids["restricted"], restricted=True)
    course_id = await people.add(course, code="C-1", title="A course")
    await people.add(teaching, course_id=course_id, person_id=ids["instructor"])
    tokens = {who: await people.sign_in(key) for who, key in ids.items()}
    return School(people, ids, tokens, course_id)


@pytest.fixture
async def real(
    settings: Callable[..., Settings], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the real application, which waits for a connection as long as it takes."""
    patient = database_settings(settings(database_url=database_url, statement_timeout=30, pool_wait=30))
    patient = replace(patient, open_limit=60, connect_timeout=30)
    monkeypatch.setattr(api.app, "database_settings", lambda _: patient)
    app = create_app(settings(database_url=database_url, request_timeout=60))
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client


@pytest.fixture
def send(real: httpx2.AsyncClient) -> Send:
    """Give a way to send a document with a token."""

    async def sending(token: str, query: str, **variables: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}"}
        return await real.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    return sending


@pytest.fixture
def call(school: School, send: Send) -> Call:
    """Give a way to call one mutation as somebody of the school; the payload comes back."""

    async def calling(who: str, query: str, **given: Any) -> dict[str, Any]:
        response = await send(school.tokens[who], query, input=given)
        assert response.status_code == 200, response.text
        answer = response.json()
        assert set(answer) == {"data"}, answer
        [payload] = answer["data"].values()
        return dict(payload)

    return calling


@pytest.fixture
async def raw(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection that sees everything."""
    connection = await asyncpg.connect(urls.superuser)
    yield connection
    await connection.close()


@dataclass(frozen=True, slots=True)
class Tables:
    """What a tenant's tables hold."""

    raw: asyncpg.Connection
    tenant_id: UUID

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the tenant's rows of `table`, opened, in the order of their ids."""
        ring = await ring_of(self.raw)
        return [ring.opened(table, row) for row in await self.stored(table)]

    async def stored(self, table: str) -> list[dict[str, Any]]:
        """Return the tenant's rows of `table` as they stand there, in the order of their ids."""
        found = await self.raw.fetch(f"SELECT * FROM {table} WHERE tenant_id = $1 ORDER BY id", self.tenant_id)
        return [dict(row) for row in found]

    async def state(self) -> dict[str, list[dict[str, Any]]]:
        """Return all that a mutation here can change, as it stands there."""
        return {table: await self.stored(table) for table in ("person", "enrollment", "change_event")}


@pytest.fixture
def tables(raw: asyncpg.Connection, people: People) -> Tables:
    """Give the tables of the test's tenant."""
    return Tables(raw, people.tenant_id)


@pytest.fixture
def secret(key_file: Path) -> bytes:
    """Give the installation's secret."""
    return key_file.read_bytes()


def refused(code: str, message: str, *field: str) -> list[dict[str, Any]]:
    """Return the one user error of a call that was refused."""
    return [{"field": list(field) or None, "code": code, "message": message}]


MISSING = "There is nothing with this id."
MALFORMED = "This is not an id of this server."
FORBIDDEN = refused("FORBIDDEN", "This may not be done here.")


async def seated(school: School, who: str) -> None:
    """Give somebody a seat, so that the admin sees their enrolments."""
    pool_id = await school.people.add(
        seat_pool, name="Pool", total=5, starts_on=date(2025, 1, 1), ends_on=date(2035, 1, 1)
    )
    await school.people.add(seat, pool_id=pool_id, person_id=school.ids[who], status="ACTIVE")


def nowhere(kind: str) -> str:
    """Return the well-formed id of an object that is not there."""
    return encode_id(kind, uuid7())
