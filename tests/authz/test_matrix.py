"""The policy keeps the platform's promises: its mask is the matrix, cell by cell, in both directions."""

import pytest

from authz.loading import POLICY_FOLDER, load
from authz.mask import Mask
from authz.rules import ACTIONS
from authz.viewer import Purpose, Role, SubjectClass
from tests.authz.example import CATALOGUE, cells
from tests.matrix import can_be_met, expected


@pytest.fixture(scope="module")
def mask() -> Mask:
    return Mask(load(POLICY_FOLDER, CATALOGUE))


@pytest.mark.parametrize("action", ACTIONS)
def test_every_cell_that_is_promised_is_allowed_and_no_other(mask: Mask, action: str) -> None:
    allowed, promised = cells(mask, action=action), expected(action)
    assert sorted(allowed - promised) == []
    assert sorted(promised - allowed) == []
    assert promised


def test_the_matrix_speaks_of_every_field_and_role_in_words_that_exist(mask: Mask) -> None:
    promised = expected() | expected("call")
    assert {role for role, _, _, _ in promised} == set(Role)
    assert {field for _, field, _, _ in promised} == set(mask.fields)
    assert {subject for _, _, subject, _ in promised} == set(SubjectClass)
    assert {purpose for _, _, _, purpose in promised} == set(Purpose)


def test_every_cell_of_the_matrix_names_a_purpose_of_its_role(mask: Mask) -> None:
    cells_ = set().union(*map(expected, ACTIONS))
    assert {cell for cell in cells_ if Purpose(cell[3]) not in mask.purposes(Role(cell[0]))} == set()


def test_most_of_the_matrix_can_be_met() -> None:
    promised = expected()
    met = {cell for cell in promised if can_be_met(*cell[:3])}
    # What cannot be met: a learner who is a minor, a minor or a ward who is an adult, a pool of seats that is a minor.
    assert {(role, subject) for role, _, subject, _ in promised - met} == {
        ("LEARNER", "minor"),
        ("MINOR", "adult"),
        ("GUARDIAN", "adult"),
        *((role, "minor") for role in ("ENTERPRISE_ADMIN", "SEAT_MANAGER", "SUPPORT", "PRIVACY")),
    }
