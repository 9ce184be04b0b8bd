"""The hashes of changed values, and the row that a change leaves."""

import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson
import pytest

from authz.audit.changes import ChangeEvent, ChangeSeal, FieldChange, record_change
from authz.audit.recorder import TrailUnavailableError
from authz.viewer import Role, Viewer
from tenants.connection import StatementFailedError
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task, WriteSession
from tests.support.cluster import Urls

TENANT, SOMEBODY, OBJECT = (UUID(int=number) for number in (1, 2, 3))
SECRET = b"the secret of an installation"
PLACE = (TENANT, "Learner", OBJECT, "Learner.title")
EVENT = ChangeEvent(
    viewer=Viewer(TenantId(TENANT), SOMEBODY, UUID(int=8), (Role.LEARNER, Role.GUARDIAN)),
    capacities=["GUARDIAN"],
    request_id="r-1",
    policy_version="v1",
    mutation="updateProfile",
    object_type="Learner",
    object_id=OBJECT,
    subject_id=OBJECT,
    changes=[FieldChange("Learner.title", None, "canary-title")],
)


@pytest.fixture
def seal() -> ChangeSeal:
    return ChangeSeal(SECRET)


def test_a_hash_is_that_of_the_design(seal: ChangeSeal) -> None:
    """HKDF (RFC 5869) and HMAC (RFC 2104) by hand."""
    key = hmac.digest(hmac.digest(bytes(32), SECRET, "sha256"), b"sextrontgen changes 1\x01", "sha256")
    said = f'["{TENANT}","Learner","{OBJECT}","Learner.title","Zoë \\"Z\\"\\n"]'
    assert seal.seal(*PLACE, 'Zoë "Z"\n') == hmac.new(key, said.encode(), sha256).hexdigest()
    assert (
        seal.seal(*PLACE, None) == hmac.new(key, said.replace('"Zoë \\"Z\\"\\n"', "null").encode(), sha256).hexdigest()
    )


def test_every_part_of_a_value_s_place_and_the_secret_are_in_its_hash(seal: ChangeSeal) -> None:
    other = UUID(int=9)
    found = {
        seal.seal(*PLACE, "a"),
        seal.seal(*PLACE, "b"),
        seal.seal(other, *PLACE[1:], "a"),
        seal.seal(TENANT, "Enrollment", *PLACE[2:], "a"),
        seal.seal(TENANT, "Learner", other, PLACE[3], "a"),
        seal.seal(TENANT, "Learner", OBJECT, "Learner.phone", "a"),
        ChangeSeal(SECRET + b".").seal(*PLACE, "a"),
    }
    assert len(found) == 7
    assert seal.seal(*PLACE, "a") == ChangeSeal(SECRET).seal(*PLACE, "a")


@pytest.mark.parametrize(
    ("one", "other"),
    [(None, "null"), (None, ""), (True, 1), (True, "true"), (1, "1"), ("a", "a "), (0, None), (date(2024, 5, 1), "x")],
)
def test_values_that_differ_have_hashes_that_differ(seal: ChangeSeal, one: object, other: object) -> None:
    assert seal.seal(*PLACE, one) != seal.seal(*PLACE, other)


def test_a_value_has_one_hash_however_it_comes(seal: ChangeSeal) -> None:
    instant = datetime(2024, 5, 1, 12, tzinfo=UTC)
    elsewhere = instant.astimezone(timezone(timedelta(hours=5)))
    assert seal.seal(*PLACE, instant) == seal.seal(*PLACE, elsewhere)
    assert seal.seal(*PLACE, 1.0) == seal.seal(*PLACE, 1)
    assert seal.seal(*PLACE, OBJECT) == seal.seal(*PLACE, str(OBJECT))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", ["list"], object()])
def test_what_has_no_one_form_has_no_hash(seal: ChangeSeal, value: object) -> None:
    with pytest.raises(TypeError):
        seal.seal(*PLACE, value)


@pytest.fixture
async def raw(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urls.superuser)
    yield connection
    await connection.close()


async def test_an_event_stands_in_the_table_without_any_value(
    database: Database, tenant: TenantId, raw: asyncpg.Connection, seal: ChangeSeal
) -> None:
    async with database.writing(SystemTask(Task.SIGN_IN, tenant)) as session:
        await record_change(session, EVENT, seal)
        await record_change(session, replace(EVENT, changes=[], subject_id=None, request_id="r-2"), seal)
    full, empty = await raw.fetch("SELECT * FROM change_event ORDER BY id")
    place = (tenant, *PLACE[1:])
    expected: dict[str, Any] = {
        "tenant_id": tenant, "actor_id": SOMEBODY, "roles": ["LEARNER", "GUARDIAN"], "capacities": ["GUARDIAN"],
        "session_id": UUID(int=8), "case_id": None, "request_id": "r-1", "policy_version": "v1",
        "mutation": "updateProfile", "subject_id": OBJECT, "object_type": "Learner", "object_id": OBJECT,
    }  # fmt: skip
    assert {name: full[name] for name in expected} == expected
    [change] = orjson.loads(full["changes"])
    assert change == {
        "field": "Learner.title",
        "old": seal.seal(*place, None),
        "new": seal.seal(*place, "canary-title"),
    }
    assert (empty["changes"], empty["subject_id"], empty["request_id"]) == ("[]", None, "r-2")
    assert full["at"] <= empty["at"]
    assert "canary" not in str(dict(full))


async def test_an_event_is_undone_with_its_transaction(
    database: Database, tenant: TenantId, raw: asyncpg.Connection, seal: ChangeSeal
) -> None:
    with pytest.raises(KeyError):
        async with database.writing(SystemTask(Task.SIGN_IN, tenant)) as session:
            await record_change(session, EVENT, seal)
            raise KeyError
    assert await raw.fetchval("SELECT count(*) FROM change_event") == 0


async def test_an_event_that_cannot_be_written_fails_the_change_without_the_values() -> None:
    class Session:
        tenant_id = TENANT

        async def run(self, *_: object) -> None:
            raise StatementFailedError("23514", "CheckViolationError")

    with pytest.raises(TrailUnavailableError) as told:
        await record_change(cast("WriteSession", Session()), EVENT, ChangeSeal(SECRET))
    assert "canary" not in str(told.value)
    assert told.value.__cause__ is None


async def test_a_request_s_id_that_is_too_long_fails_the_change(
    database: Database, tenant: TenantId, seal: ChangeSeal
) -> None:
    with pytest.raises(TrailUnavailableError):
        async with database.writing(SystemTask(Task.SIGN_IN, tenant)) as session:
            await record_change(session, replace(EVENT, request_id=str(uuid7()) * 9), seal)
