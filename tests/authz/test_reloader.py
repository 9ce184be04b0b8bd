"""Changed files come into force by themselves: once they rest, whole or not at all, and told of once."""

import os
import shutil
from pathlib import Path

import pytest

import authz.mask
from authz.loading import Catalogue, Policy, PolicyError, load
from authz.mask import Mask
from authz.reloading import Outcome, Reloader, state_of
from authz.viewer import Purpose, Role, SubjectClass
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, replaced

PHONE = (Role.INSTRUCTOR, "Learner.phone", SubjectClass.ADULT, Purpose.TEACHING)
LINE = "p, role:instructor, *, Learner.phone, read, adult, *, allow"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


@pytest.fixture
def reloader(folder: Path) -> Reloader:
    return Reloader(folder, CATALOGUE)


def may_read_the_phone(reloader: Reloader) -> bool:
    return reloader.masks.current.decide(*PHONE).allowed


def test_a_folder_that_rests_is_not_loaded_again(reloader: Reloader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authz.mask, "load", None)
    assert [reloader.look() for _ in range(3)] == [None] * 3
    assert reloader.outcomes.total() == 0


def test_a_change_is_in_force_with_the_second_look_that_finds_it(reloader: Reloader, folder: Path) -> None:
    appended(folder, "learner.csv", LINE)
    assert reloader.look() is None
    assert not may_read_the_phone(reloader)
    assert reloader.look() is Outcome.CHANGED
    assert may_read_the_phone(reloader)
    assert reloader.version == load(folder, CATALOGUE).version
    assert reloader.look() is None
    assert reloader.outcomes == {Outcome.CHANGED: 1}


def test_what_changes_between_two_looks_waits_for_the_next(reloader: Reloader, folder: Path) -> None:
    whole = (folder / "learner.csv").read_text()
    wide, narrow = LINE.replace(".phone", "#CONTACT"), LINE.replace("allow", "deny")
    # As an editor may save it: emptied, then a part that loads by itself and allows too much, then all of it.
    for part in ("", f"{whole}{wide}\n", f"{whole}{wide}\n{narrow}\n"):
        (folder / "learner.csv").write_text(part)
        assert reloader.look() is None
        assert not may_read_the_phone(reloader)
    assert reloader.look() is Outcome.CHANGED
    assert not may_read_the_phone(reloader)
    assert reloader.masks.current.decide(PHONE[0], "Learner.email", *PHONE[2:]).allowed
    assert reloader.outcomes == {Outcome.CHANGED: 1}


def test_what_changes_while_it_is_read_does_not_come_into_force(
    reloader: Reloader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = reloader.masks.current
    appended(folder, "learner.csv", LINE)

    def read_while_it_is_saved(folder: Path, catalogue: Catalogue) -> Policy:
        policy = load(folder, catalogue)
        monkeypatch.setattr(authz.mask, "load", load)
        appended(folder, "seat.csv", "# saved")
        return policy

    monkeypatch.setattr(authz.mask, "load", read_while_it_is_saved)
    assert [reloader.look() for _ in range(3)] == [None] * 3
    assert reloader.masks.current is before
    assert reloader.look() is Outcome.CHANGED
    assert may_read_the_phone(reloader)


def test_what_does_not_load_while_it_changes_is_no_failure(
    reloader: Reloader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    appended(folder, "learner.csv", LINE)

    def read_half(folder: Path, catalogue: Catalogue) -> Policy:
        monkeypatch.setattr(authz.mask, "load", load)
        appended(folder, "seat.csv", "# saved")
        raise PolicyError(["seat.csv:3: half"])

    monkeypatch.setattr(authz.mask, "load", read_half)
    assert [reloader.look() for _ in range(3)] == [None] * 3
    assert not reloader.problems
    assert reloader.look() is Outcome.CHANGED


def test_files_that_do_not_load_leave_the_old_policy_and_are_told_of_once(reloader: Reloader, folder: Path) -> None:
    before = reloader.masks.current
    place = appended(folder, "learner.csv", LINE.replace("phone", "fone"))
    assert [reloader.look() for _ in range(5)] == [None, Outcome.FAILED, None, None, None]
    assert list(reloader.problems) == [f"{place}: unknown field Learner.fone"]
    assert reloader.masks.current is before
    again = appended(folder, "learner.csv", LINE.replace("phone", "phon"))
    assert [reloader.look() for _ in range(3)] == [None, Outcome.FAILED, None]
    assert list(reloader.problems) == [
        f"{place}: unknown field Learner.fone",
        f"{again}: unknown field Learner.phon",
    ]
    assert reloader.outcomes == {Outcome.FAILED: 2}


def test_mended_files_end_the_failure(reloader: Reloader, folder: Path) -> None:
    before = reloader.masks.current
    old = (folder / "learner.csv").read_text()
    appended(folder, "learner.csv", "nonsense")
    assert [reloader.look() for _ in range(2)] == [None, Outcome.FAILED]
    (folder / "learner.csv").write_text(old)
    assert [reloader.look() for _ in range(2)] == [None, Outcome.UNCHANGED]
    assert not reloader.problems
    assert reloader.masks.current is before
    appended(folder, "learner.csv", LINE)
    assert [reloader.look() for _ in range(2)] == [None, Outcome.CHANGED]


def test_a_folder_that_is_gone_for_a_while_is_a_failure_for_that_while(reloader: Reloader, folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    assert [reloader.look() for _ in range(3)] == [None, Outcome.FAILED, None]
    assert list(reloader.problems) == ["the policy's folder cannot be read: No such file or directory"]
    folder.with_name("elsewhere").rename(folder)
    assert [reloader.look() for _ in range(3)] == [None, Outcome.UNCHANGED, None]
    assert not reloader.problems


def test_a_fault_of_the_program_is_raised_once_and_leaves_the_old_policy(
    reloader: Reloader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_folder: Path, _catalogue: Catalogue) -> Policy:
        raise RecursionError("canary")

    before = reloader.masks.current
    monkeypatch.setattr(authz.mask, "load", fail)
    appended(folder, "learner.csv", LINE)
    assert reloader.look() is None
    with pytest.raises(RecursionError):
        reloader.look()
    assert reloader.look() is None
    assert (reloader.masks.current, reloader.outcomes) == (before, {Outcome.FAILED: 1})
    assert len(reloader.problems) == 1
    assert "canary" not in reloader.problems[0]


def test_a_change_between_the_first_load_and_the_first_look_is_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_and_change(folder: Path, catalogue: Catalogue) -> Policy:
        policy = load(folder, catalogue)
        monkeypatch.setattr(authz.mask, "load", load)
        appended(folder, "learner.csv", LINE)
        return policy

    monkeypatch.setattr(authz.mask, "load", load_and_change)
    reloader = Reloader(folder, CATALOGUE)
    assert not may_read_the_phone(reloader)
    assert [reloader.look() for _ in range(2)] == [None, Outcome.CHANGED]
    assert may_read_the_phone(reloader)


def test_without_a_policy_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        Reloader(tmp_path / "none", CATALOGUE)


def test_a_state_knows_names_sizes_and_times(folder: Path) -> None:
    states = [state_of(folder)]
    path = folder / "seat.csv"
    kept = path.stat()

    def changed() -> None:
        states.append(state_of(folder))
        assert states[-1] not in states[:-1]

    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns + 1))
    changed()
    path.write_text(path.read_text() + "\n")
    changed()
    path.rename(folder / "seats.csv")
    changed()
    (folder / "seats.csv").unlink()
    changed()


def test_a_copy_with_the_old_files_size_and_time_is_another_state(folder: Path, tmp_path: Path) -> None:
    path = folder / "learner.csv"
    before, kept = state_of(folder), path.stat()
    other = Path(shutil.copy2(path, tmp_path / "other"))
    replaced(tmp_path, "other", "role:support,          *, Learner#CONTACT,      read, adult", "role:support,")
    other.write_text(other.read_text() + "#" * (kept.st_size - other.stat().st_size))
    os.utime(other, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    other.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (kept.st_size, kept.st_mtime_ns)
    assert state_of(folder) != before


def test_files_that_are_no_policy_do_not_count(folder: Path) -> None:
    before = state_of(folder)
    (folder / ".learner.csv.swp").write_text("an editor's own")
    (folder / "README.md").write_text("what this is")
    assert state_of(folder) == before


def test_a_link_that_leads_nowhere_is_a_state_and_no_end(folder: Path) -> None:
    before = state_of(folder)
    (folder / "seat.csv").unlink()
    (folder / "seat.csv").symlink_to(folder / "nowhere.csv")
    assert state_of(folder) != before
    assert state_of(folder) == state_of(folder)


def test_one_mask_is_one_version_and_a_taken_one_stays(reloader: Reloader, folder: Path) -> None:
    taken: Mask = reloader.masks.current
    appended(folder, "learner.csv", LINE)
    assert [reloader.look() for _ in range(2)] == [None, Outcome.CHANGED]
    assert not taken.decide(*PHONE).allowed
    assert taken.version != reloader.version


def test_a_link_to_a_folder_is_turned_to_another_at_once(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "in-force"
    link.symlink_to(folder)
    reloader = Reloader(link, CATALOGUE)
    other = copy_of_the_policy(tmp_path / "other")
    appended(other, "learner.csv", LINE)
    (tmp_path / "new").symlink_to(other)
    (tmp_path / "new").replace(link)
    assert [reloader.look() for _ in range(2)] == [None, Outcome.CHANGED]
    assert may_read_the_phone(reloader)
