"""What is right in each line of a file and wrong in the whole: named once, and nothing else is."""

from pathlib import Path

import pytest

from authz.loading import PolicyError, load
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, problems, replaced

LINE = "p, role:instructor, *, Learner#CONTACT, read, adult, *, allow"
SPECIAL = "p, role:instructor, *, Learner#DEMOGRAPHIC, read, adult, *, allow"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def test_each_line_written_twice_is_named_once(folder: Path) -> None:
    """A category has several fields, and a file several such lines."""
    found = []
    for line in (LINE, LINE.replace("instructor", "ward")):
        first = appended(folder, "learner.csv", line)
        found.append(f"{appended(folder, 'learner.csv', line)}: duplicate of {first}")
    assert problems(folder) == found


def test_each_contradiction_is_named_once(folder: Path) -> None:
    found = []
    for line in (LINE, LINE.replace("instructor", "ward")):
        first = appended(folder, "learner.csv", line)
        found.append(f"{appended(folder, 'learner.csv', line.replace('allow', 'deny'))}: contradicts {first}")
    assert problems(folder) == found


def test_a_category_of_which_only_writing_is_said_is_not_covered(folder: Path) -> None:
    appended(folder, "actor.csv", "p, role:privacy, *, Actor#PAYMENT, write, any, *, allow")
    with pytest.raises(PolicyError) as refused:
        load(folder, {**CATALOGUE, "Actor": {**CATALOGUE["Actor"], "card": "PAYMENT"}})
    assert refused.value.problems == ["actor.csv: no line for Actor#PAYMENT"]


def test_a_line_about_special_data_is_named_once_for_each_purpose_without_a_basis(folder: Path) -> None:
    place = appended(folder, "learner.csv", SPECIAL.replace("instructor", "support"))
    assert problems(folder) == [
        f"{place}: Learner#DEMOGRAPHIC is special and {purpose} has no basis in Art. 9 (purposes.csv)"
        for purpose in ("FRAUD_PREVENTION", "SUPPORT_CASE")
    ]


def test_to_deny_special_data_needs_no_basis(folder: Path) -> None:
    appended(folder, "learner.csv", SPECIAL.replace("allow", "deny"))
    assert problems(folder) == []


def test_a_line_about_special_data_needs_a_basis_for_the_purpose_that_it_names_and_no_other(folder: Path) -> None:
    replaced(folder, "purposes.csv", "Art. 9(2)(a), role:privacy", "-, role:privacy")
    for subject in ("any", "restricted"):
        line = f"role:privacy,          *, Learner#DEMOGRAPHIC,  read, {subject},"
        old = next(it for it in (folder / "learner.csv").read_text(encoding="utf-8").split("\n") if line in it)
        replaced(
            folder,
            "learner.csv",
            old,
            f"p, role:privacy, *, Learner#DEMOGRAPHIC, read, {subject}, LEGAL_REQUEST, allow",
        )
    assert problems(folder) == []
