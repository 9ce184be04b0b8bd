"""A leaf is the canonical JSON of the stored event, whatever it holds."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.audit.event import access_event
from authz.audit.seal.leaf import canonical, instant, leaf_of
from tests.authz.audit.seal.recomputing import leaf as recomputed

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ROW = {
    "tenant_id": UUID(int=1), "retention_years": 2, "at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "id": UUID(int=2),
    "actor_id": UUID(int=3), "roles": ["LEARNER"], "capacities": [], "session_id": UUID(int=4), "case_id": None,
    "purpose": "SELF_SERVICE", "operation": None, "document_hash": "ab", "request_id": "r", "client_address": b"\0\xff",
    "client_device": None, "policy_version": "1", "outcome": "RELEASED", "subject_count": 1, "disclosures": "[]",
    "denials": "[]",
}  # fmt: skip


def test_every_column_of_an_event_is_in_its_leaf_and_nulls_are_left_out() -> None:
    assert set(ROW) == {column.name for column in access_event.c}
    assert set(leaf_of(ROW)) == {name for name, value in ROW.items() if value is not None}
    assert canonical(leaf_of(ROW)).decode() == (
        '{"actor_id":"00000000-0000-0000-0000-000000000003","at":"2026-03-01T09:30:00.000000Z","capacities":[],'
        '"client_address":"AP8=","denials":[],"disclosures":[],"document_hash":"ab",'
        '"id":"00000000-0000-0000-0000-000000000002","outcome":"RELEASED","policy_version":"1",'
        '"purpose":"SELF_SERVICE","request_id":"r","retention_years":2,"roles":["LEARNER"],'
        '"session_id":"00000000-0000-0000-0000-000000000004","subject_count":1,'
        '"tenant_id":"00000000-0000-0000-0000-000000000001"}'
    )


@given(TEXT, TEXT, st.lists(TEXT, max_size=3), st.binary(max_size=40), st.integers(0, 10_000_000))
def test_texts_of_all_kinds_are_written_as_json_s_own_writer_does(
    operation: str, device: str, roles: list[str], address: bytes, count: int
) -> None:
    parts = json.dumps([{"fields": roles, "subjects": [], "categories": []}])
    row: dict[str, Any] = {**ROW, "operation": operation, "policy_version": device, "roles": roles}
    row |= {"client_address": address, "subject_count": count, "disclosures": parts}
    assert canonical(leaf_of(row)) == recomputed(row)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
        (datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-02-28T23:00:00.000000Z"),
    ],
)
def test_instants_are_told_in_utc_with_microseconds(at: datetime, told: str) -> None:
    assert instant(at) == told
