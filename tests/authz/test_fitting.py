"""An older folder is compared by what it speaks of; what is wrong with it is loading's to say."""

from pathlib import Path

import pytest

from authz.fitting import fitted, left_out
from authz.loading import PolicyError, load
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, replaced

GROWN = {
    **CATALOGUE,
    "Seat": {**CATALOGUE["Seat"], "invoice": "PAYMENT", "receipt": "PAYMENT", "note": "SEAT"},
    "Certificate": {"id": "LEARNING"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def test_a_folder_that_speaks_of_everything_fits_as_a_whole(folder: Path) -> None:
    assert fitted(folder, CATALOGUE) == CATALOGUE
    assert list(left_out(CATALOGUE, CATALOGUE)) == []


def test_types_and_categories_that_came_later_are_left_out_and_named(folder: Path) -> None:
    part = fitted(folder, GROWN)
    assert part == {**CATALOGUE, "Seat": {**CATALOGUE["Seat"], "note": "SEAT"}}
    assert list(left_out(part, GROWN)) == ["Seat#PAYMENT", "Certificate"]
    assert load(folder, part).rules
    with pytest.raises(PolicyError):
        load(folder, GROWN)


def test_a_category_that_one_field_is_named_of_is_spoken_of(folder: Path) -> None:
    appended(folder, "seat.csv", "p, role:privacy, *, Seat.receipt, read, any, *, allow")
    assert fitted(folder, GROWN)["Seat"] == GROWN["Seat"]


def test_a_line_that_is_too_short_speaks_of_what_it_names_and_is_refused_by_loading(folder: Path) -> None:
    place = appended(folder, "seat.csv", "p, role:privacy, *, Seat.receipt")
    assert fitted(folder, GROWN)["Seat"] == GROWN["Seat"]
    with pytest.raises(PolicyError, match=f"{place}: expected"):
        load(folder, fitted(folder, CATALOGUE))


def test_a_line_that_names_nothing_speaks_of_nothing(folder: Path) -> None:
    for line in ("p", "p, role:privacy", "p, role:privacy, *"):
        appended(folder, "seat.csv", line)
    assert fitted(folder, CATALOGUE) == CATALOGUE


def test_all_that_is_left_out_is_named_whichever_type_it_is_of() -> None:
    assert list(left_out({}, GROWN)) == list(GROWN)


def test_what_may_only_be_granted_is_not_spoken_of(folder: Path) -> None:
    appended(folder, "seat.csv", "grantable, role:privacy, *, Seat.receipt, read, any, *, allow")
    assert "receipt" not in fitted(folder, GROWN)["Seat"]


@pytest.mark.parametrize(
    "content",
    [b"", b"# nothing yet\n", b"\xff\xfe", b"x" * 1_000_001],
    ids=["empty", "a comment", "not UTF-8", "too large"],
)
def test_a_file_that_says_nothing_is_refused_by_loading_with_its_name(folder: Path, content: bytes) -> None:
    (folder / "seat.csv").write_bytes(content)
    part = fitted(folder, GROWN)
    assert part["Seat"] == GROWN["Seat"]
    with pytest.raises(PolicyError, match=r"seat\.csv"):
        load(folder, part)


def test_a_field_that_the_schema_no_longer_has_is_refused_by_loading_with_its_line(folder: Path) -> None:
    place = replaced(folder, "seat.csv", "Seat.lastUsedAt", "Seat.colour")
    with pytest.raises(PolicyError, match=f"{place}: unknown field Seat.colour"):
        load(folder, fitted(folder, CATALOGUE))


def test_a_file_of_a_type_that_the_schema_no_longer_has_is_refused_by_loading(folder: Path) -> None:
    part = fitted(folder, {name: fields for name, fields in CATALOGUE.items() if name != "Actor"})
    with pytest.raises(PolicyError, match=r"actor\.csv: no type of the schema has this file"):
        load(folder, part)


def test_a_folder_that_is_not_there_fits_nothing(tmp_path: Path) -> None:
    assert fitted(tmp_path / "none", CATALOGUE) == {}
