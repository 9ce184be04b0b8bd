"""A sealed value opens with its key in its place, and nowhere else."""

import itertools
import os
import random
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.keys.cells import KEY_BYTES, DataKey, TenantKey, UnreadableError, place_of, sealed_size, wrapped_by
from tests.support.sealing import open_cell, seal_cell

SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
TENANT, ROW = UUID(int=7), UUID(int=8)
PLACE = place_of(TENANT, "person", "email") + ROW.bytes


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens_to_the_byte_and_by_the_description_alone(value: bytes) -> None:
    sealed = DataKey(SECRET, 1).seal(PLACE, value)
    assert DataKey(SECRET, 1).open(PLACE, sealed) == value
    assert open_cell(SECRET, PLACE, sealed) == value
    assert DataKey(SECRET, 1).open(PLACE, seal_cell(SECRET, PLACE, value)) == value
    assert len(sealed) == sealed_size(len(value))


def test_the_same_value_in_the_same_place_is_the_same_and_elsewhere_another() -> None:
    key = DataKey(SECRET, 1)
    assert key.seal(PLACE, b"a") == key.seal(PLACE, b"a")
    others = {key.seal(PLACE, b"b"), key.seal(PLACE + b"x", b"a"), DataKey(OTHER, 1).seal(PLACE, b"a")}
    nonces = {sealed[5:17] for sealed in others | {key.seal(PLACE, b"a")}}
    assert len(nonces) == 4


def test_short_values_have_one_length() -> None:
    key = DataKey(SECRET, 1)
    assert len({len(key.seal(PLACE, value)) for value in (b"", b"F", b"Male", b"Female", b"x" * 31)}) == 1


def test_a_thousand_swaps_between_rows_columns_tables_tenants_keys_and_versions_are_refused() -> None:
    chance = random.Random(20261124)
    keys = {(secret, version): DataKey(secret, version) for secret in (SECRET, OTHER) for version in (1, 2)}
    places = [
        place_of(tenant, table, column) + row.bytes
        for tenant in (TENANT, UUID(int=9))
        for table, columns in (("person", ("email", "phone", "last_ip")), ("seat", ("email",)))
        for column in columns
        for row in (ROW, UUID(int=10), UUID(int=11))
    ]
    cells = {(key, place): keys[key].seal(place, b"value") for key in keys for place in places}
    swaps = chance.sample(list(itertools.permutations(cells, 2)), 1000)
    for (key, place), other in swaps:
        with pytest.raises(UnreadableError):
            keys[key].open(place, cells[other])
    assert all(keys[key].open(place, sealed) == b"value" for (key, place), sealed in cells.items())


@pytest.mark.parametrize("size", [0, 1, 5, 16, 17, 32, 33, 64])
def test_damage_anywhere_and_any_other_length_is_refused(size: int) -> None:
    key = DataKey(SECRET, 1)
    sealed = key.seal(PLACE, b"value")
    for at in range(len(sealed)):
        with pytest.raises(UnreadableError):
            key.open(PLACE, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    with pytest.raises(UnreadableError):
        key.open(PLACE, os.urandom(size))


def test_a_wrapped_key_unwraps_for_its_owner_under_its_tenants_key_alone() -> None:
    owner = uuid4()
    key = TenantKey(SECRET, TENANT, 3)
    wrapped = key.wrap(OTHER, owner, 1)
    assert key.unwrap(wrapped, owner) == (OTHER, 1)
    assert wrapped_by(wrapped) == 3
    assert len(wrapped) == 69
    others = [(key, uuid4()), (TenantKey(SECRET, UUID(int=9), 3), owner), (TenantKey(SECRET, TENANT, 2), owner)]
    for other, of in [*others, (TenantKey(OTHER, TENANT, 3), owner)]:
        with pytest.raises(UnreadableError):
            other.unwrap(wrapped, of)
    for at in range(len(wrapped)):
        with pytest.raises(UnreadableError):
            key.unwrap(wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :], owner)


@pytest.mark.parametrize("wrapped", [b"", b"\1", b"\2" + bytes(68), bytes(69), bytes(70)])
def test_what_is_no_wrapped_key_has_no_version(wrapped: bytes) -> None:
    with pytest.raises(UnreadableError):
        wrapped_by(wrapped)


def test_no_key_shows_itself() -> None:
    shown = repr(DataKey(SECRET, 1)) + repr(TenantKey(SECRET, TENANT, 1)) + str(vars(DataKey))
    assert SECRET.hex() not in shown
    assert str(SECRET) not in shown
    assert len(SECRET) == KEY_BYTES
