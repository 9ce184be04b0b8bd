"""The row that a request leaves on the trail: whom it was about, and never a value."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import orjson
import pytest

from authz.audit.recorder import Event, TrailUnavailableError, purpose_for, record, sets_of
from authz.reasons import DenialReason
from authz.viewer import Purpose, Role, Viewer
from tenants.connection import StatementFailedError
from tenants.ids import TenantId
from tenants.keys.cells import DataKey, UnreadableError, place_of
from tenants.keys.master import MasterKeyError
from tenants.session import ReadSession

ANA, BEN, ZOE = (UUID(int=number) for number in (1, 2, 3))
NO_RELATION, NOT_IN_ROLE = DenialReason.NO_RELATION, DenialReason.NOT_IN_ROLE
MINOR_PROTECTED = DenialReason.MINOR_PROTECTED


def category_of(field: str) -> str:
    return {"Learner.name": "IDENTITY", "Learner.email": "CONTACT", "Learner.pictureUrl": "IDENTITY"}[field]


VIEWER = Viewer(TenantId(UUID(int=9)), ZOE, UUID(int=8), (Role.LEARNER, Role.INSTRUCTOR))
EVENT = Event(
    viewer=VIEWER,
    capacities=["INSTRUCTOR"],
    operation="Roster",
    document_hash="ab" * 32,
    request_id="r-1",
    policy_version="v1",
    disclosures={"Learner.name": {ANA, BEN}},
    denials={("Learner.email", NO_RELATION, NOT_IN_ROLE): {BEN}},
    category_of=category_of,
    client_address="192.0.2.7",
    client_device="Firefox on Linux",
)


class Keys:
    """Has a key for everybody, each of its own; raises `error` instead, where there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def of(self, owners: AbstractSet[UUID]) -> Mapping[UUID, DataKey]:
        """Return the keys of `owners`."""
        if self._error is not None:
            raise self._error
        return {owner: DataKey(owner.bytes * 2, 1) for owner in owners}


class Session:
    """Takes what is written; raises `error` instead, where there is one."""

    def __init__(self, error: Exception | None = None, keys: Keys | None = None) -> None:
        self.tenant_id = VIEWER.tenant_id
        self.keys = keys or Keys()
        self.rows_written: list[dict[str, Any]] = []
        self._error = error

    async def run(self, _statement: object, row: dict[str, Any]) -> list[Any]:
        """Take a row."""
        if self._error is not None:
            raise self._error
        sets = {name: orjson.loads(row[name]) for name in ("disclosures", "denials")}
        self.rows_written.append({**row, **sets})
        return []


async def written(event: Event) -> dict[str, Any]:
    session = Session()
    await record(cast("ReadSession", session), event)
    (row,) = session.rows_written
    return row


def test_fields_released_of_the_very_same_people_make_one_set() -> None:
    found = sets_of({"Learner.pictureUrl": {BEN, ANA}, "Learner.email": {ANA}, "Learner.name": {ANA, BEN}}, category_of)
    assert sorted(found, key=lambda one: one["fields"]) == [
        {"fields": ["Learner.email"], "categories": ["CONTACT"], "subjects": [str(ANA)]},
        {
            "fields": ["Learner.name", "Learner.pictureUrl"],
            "categories": ["IDENTITY", "IDENTITY"],
            "subjects": [str(ANA), str(BEN)],
        },
    ]
    assert sets_of({}, category_of) == []


async def test_people_are_counted_once_over_what_was_released_and_denied() -> None:
    row = await written(EVENT)
    assert row["subject_count"] == 2
    assert row["disclosures"] == [
        {"fields": ["Learner.name"], "categories": ["IDENTITY"], "subjects": [str(ANA), str(BEN)]}
    ]
    denied = {"field": "Learner.email", "reason": "NO_RELATION", "told": "NOT_IN_ROLE", "category": "CONTACT"}
    assert row["denials"] == [{**denied, "subjects": [str(BEN)]}]
    assert (row["outcome"], row["actor_id"], row["operation"]) == ("DENIED", ZOE, "Roster")
    assert (row["roles"], row["capacities"]) == (["LEARNER", "INSTRUCTOR"], ["INSTRUCTOR"])


async def test_the_outcome_is_released_where_nothing_was_denied() -> None:
    row = await written(replace(EVENT, denials={}))
    assert (row["outcome"], row["denials"], row["subject_count"]) == ("RELEASED", [], 2)


async def test_a_denial_alone_is_recorded() -> None:
    row = await written(replace(EVENT, disclosures={}))
    assert (row["outcome"], row["disclosures"], row["subject_count"]) == ("DENIED", [], 1)


async def test_one_field_denied_for_two_reasons_stands_twice() -> None:
    denials = {
        ("Learner.email", NO_RELATION, NOT_IN_ROLE): {BEN},
        ("Learner.email", MINOR_PROTECTED, NOT_IN_ROLE): {ANA},
    }
    row = await written(replace(EVENT, denials=denials))
    assert {(one["reason"], one["told"], *one["subjects"]) for one in row["denials"]} == {
        ("NO_RELATION", "NOT_IN_ROLE", str(BEN)),
        ("MINOR_PROTECTED", "NOT_IN_ROLE", str(ANA)),
    }


async def test_two_events_have_two_ids_and_the_later_one_is_not_earlier() -> None:
    one, other = await written(EVENT), await written(EVENT)
    assert one["id"] != other["id"]
    assert one["at"] <= other["at"]
    assert one["at"].utcoffset().total_seconds() == 0


async def test_a_request_that_released_and_denied_nothing_writes_nothing() -> None:
    session = Session(StatementFailedError("23514", "never asked"))
    await record(cast("ReadSession", session), replace(EVENT, disclosures={}, denials={}))
    assert session.rows_written == []


async def test_an_event_that_cannot_be_written_fails_the_request_without_the_rows_content() -> None:
    with pytest.raises(TrailUnavailableError) as told:
        await record(cast("ReadSession", Session(StatementFailedError("23514", "CheckViolationError"))), EVENT)
    assert str(ANA) not in str(told.value)
    assert told.value.__cause__ is None


async def test_the_address_and_the_device_are_sealed_with_the_key_of_the_one_who_asks() -> None:
    row = await written(EVENT)
    (key,) = (await Keys().of({ZOE})).values()
    for name, value in (("client_address", EVENT.client_address), ("client_device", EVENT.client_device)):
        assert value is not None
        assert value.encode() not in row[name]
        place = place_of(VIEWER.tenant_id, "access_event", name) + row["id"].bytes
        assert key.open(place, row[name]) == value.encode()
    unknown = await written(replace(EVENT, client_address=None, client_device=None))
    assert (unknown["client_address"], unknown["client_device"]) == (None, None)


@pytest.mark.parametrize("error", [MasterKeyError("The master key does not answer."), UnreadableError()])
async def test_without_the_key_of_the_one_who_asks_nothing_leaves(error: Exception) -> None:
    session = Session(keys=Keys(error))
    with pytest.raises(TrailUnavailableError, match="key") as told:
        await record(cast("ReadSession", session), EVENT)
    assert told.value.__cause__ is None
    assert session.rows_written == []


@pytest.mark.parametrize(
    ("roles", "capacities", "case", "purpose"),
    [
        ((Role.LEARNER,), [], None, Purpose.SELF_SERVICE),
        ((Role.LEARNER, Role.INSTRUCTOR), ["LEARNER"], None, Purpose.SELF_SERVICE),
        ((Role.LEARNER, Role.INSTRUCTOR), ["LEARNER", "INSTRUCTOR"], None, Purpose.TEACHING),
        ((Role.LEARNER, Role.GUARDIAN), ["GUARDIAN"], None, Purpose.GUARDIANSHIP),
        ((Role.LEARNER, Role.ENTERPRISE_ADMIN, Role.SEAT_MANAGER), ["SEAT_MANAGER"], None, Purpose.SEAT_MANAGEMENT),
        ((Role.SUPPORT,), ["SUPPORT"], Purpose.FRAUD_PREVENTION, Purpose.FRAUD_PREVENTION),
        ((Role.SECURITY,), [], Purpose.SECURITY_REVIEW, Purpose.SECURITY_REVIEW),
    ],
)
def test_the_purpose_is_that_of_the_farthest_reaching_capacity_used(
    roles: tuple[Role, ...], capacities: list[str], case: Purpose | None, purpose: Purpose
) -> None:
    viewer = replace(VIEWER, roles=roles, purpose=case, case_id=ANA if case else None)
    assert purpose_for(viewer, capacities) is purpose
