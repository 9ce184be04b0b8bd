"""A policy is swapped whole, and a reload that fails keeps the old one and says so."""

import threading
from pathlib import Path

import pytest

from authz.loading import PolicyError
from authz.mask import Mask, Masks
from authz.viewer import Purpose, Role, SubjectClass
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, replaced

PHONE = (Role.INSTRUCTOR, "Learner.phone", SubjectClass.ADULT, Purpose.TEACHING)
LINE = "p, role:instructor, *, Learner.phone, read, adult, *, allow"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def test_a_reload_puts_the_changed_files_in_force(folder: Path) -> None:
    masks = Masks(folder, CATALOGUE)
    before = masks.current
    assert not before.decide(*PHONE).allowed
    appended(folder, "learner.csv", LINE)
    assert not masks.current.decide(*PHONE).allowed
    after = masks.reload()
    assert after is masks.current
    assert after.decide(*PHONE).allowed
    assert after.version != before.version


def test_a_request_that_took_the_old_mask_keeps_it(folder: Path) -> None:
    masks = Masks(folder, CATALOGUE)
    taken = masks.current
    appended(folder, "learner.csv", LINE)
    masks.reload()
    assert not taken.decide(*PHONE).allowed


def test_a_reload_of_the_same_files_keeps_the_warm_mask(folder: Path) -> None:
    masks = Masks(folder, CATALOGUE)
    assert masks.current is masks.reload()


def test_a_reload_that_fails_keeps_the_old_policy_and_says_so(folder: Path) -> None:
    masks = Masks(folder, CATALOGUE)
    before = masks.current
    place = appended(folder, "learner.csv", LINE.replace("phone", "fone"))
    with pytest.raises(PolicyError) as refused:
        masks.reload()
    assert refused.value.problems == [f"{place}: unknown field Learner.fone"]
    assert refused.value.kept == before.version
    assert f"the policy of version {before.version} stays in force" in str(refused.value)
    assert masks.current is before
    assert not masks.current.decide(*PHONE).allowed


def test_a_reload_works_again_once_the_files_are_mended(folder: Path) -> None:
    masks = Masks(folder, CATALOGUE)
    (folder / "seat.csv").rename(folder / "seat.gone")
    with pytest.raises(PolicyError, match=r"seat\.csv: missing"):
        masks.reload()
    (folder / "seat.gone").rename(folder / "seat.csv")
    replaced(folder, "learner.csv", "role:instructor,       *, Learner.education", "role:ward, *, Learner.education")
    assert not masks.reload().decide(Role.INSTRUCTOR, "Learner.education", *PHONE[2:]).allowed


def test_without_a_policy_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        Masks(tmp_path, CATALOGUE)


def test_reloads_at_once_end_with_one_mask_of_the_files(folder: Path) -> None:
    masks = Masks(folder, CATALOGUE)
    appended(folder, "learner.csv", LINE)
    found: list[Mask] = []
    threads = [threading.Thread(target=lambda: found.append(masks.reload())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert found == [masks.current] * 4
