"""Checkpoints that were kept apart: each is verified, compared with the leaves, and counted."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.tools.exports import MADE, NOW, Trail, random_trail, written
from tests.tools.verifying import Problem, Verdict, said, verified, write_folder

FIRST = 6


@pytest.fixture
def trail() -> Trail:
    """Give twelve leaves with a checkpoint after every second one."""
    trail = random_trail(4, length=12)
    sealing = trail.sealings[0]
    trail.sealings = [
        replace(sealing, size=size, time=f"2028-01-{size:02}T10:00:00.000000Z", signers=trail.keys[:1])
        for size in range(2, 13, 2)
    ]
    return trail


def verdict_on(
    trail: Trail, place: Path, kept: dict[str, str], size: int | None = None, to: str | None = None
) -> Verdict:
    return verified(place, written(trail.lines(FIRST, size, to)), [trail.keys[0].vkey], kept)


def test_those_from_before_the_export_are_counted(trail: Trail, tmp_path: Path) -> None:
    verdict = verdict_on(trail, tmp_path, trail.folder())
    assert verdict.lines[0].startswith("ok: 6 positions, 3 checkpoints, 4 kept apart (2 before the export, 0 after); ")


def test_those_larger_than_the_export_are_problems_unless_it_ends_earlier(trail: Trail, tmp_path: Path) -> None:
    assert verdict_on(trail, tmp_path, trail.folder(), size=8).problems == [Problem("cut", 8, 11)]
    verdict = verdict_on(trail, tmp_path, trail.folder(), size=8, to="2028-01-09T00:00:00.000000Z")
    assert verdict.lines[0].startswith("ok: 2 positions, 1 checkpoints, 2 kept apart (2 before the export, 2 after); ")
    assert verdict.lines[0].endswith(f', first 6, made {MADE}, from null to "2028-01-09T00:00:00.000000Z"')


def test_those_signed_just_before_the_export_was_made_or_later_may_be_larger(trail: Trail, tmp_path: Path) -> None:
    lines = trail.lines(FIRST, 8)
    times = sorted(note.split("\n")[3].removeprefix("time ") for note in trail.folder().values())
    beyond = datetime.fromisoformat(times[-2])
    for place, made, problems in (
        ("just", beyond + timedelta(minutes=2), []),
        ("long", beyond + timedelta(minutes=2, seconds=1), [Problem("cut", 8, 9)]),
    ):
        lines[0]["made"] = made.isoformat(timespec="microseconds").replace("+00:00", "Z")
        (tmp_path / place).mkdir()
        keys = [trail.keys[0].vkey]
        assert verified(tmp_path / place, written(lines), keys, trail.folder()).problems == problems


def test_those_signed_before_its_end_are_in_an_export_that_ends_early(trail: Trail, tmp_path: Path) -> None:
    verdict = verdict_on(trail, tmp_path, trail.folder(), size=8, to="2028-01-11T00:00:00.000000Z")
    assert verdict.problems == [Problem("cut", 8, 9)]


@pytest.mark.parametrize(("since", "late"), [(7, False), (6, True), (4, True)])
def test_an_export_that_begins_after_what_was_signed_in_its_time_is_told(
    trail: Trail, tmp_path: Path, since: int, late: bool
) -> None:
    lines = trail.lines(FIRST)
    lines[0]["from"] = f"2028-01-{since:02}T10:00:00.000000Z"
    verdict = verified(tmp_path, written(lines), [trail.keys[0].vkey], trail.folder())
    told = [line for line in verdict.lines if "late start" in line]
    assert (verdict.status, len(told)) == ((1, 1 + (since < FIRST)) if late else (0, 0))


def test_some_that_are_missing_are_no_problem(trail: Trail, tmp_path: Path) -> None:
    for index, (path, note) in enumerate(trail.folder().items()):
        place = tmp_path / str(index)
        place.mkdir()
        assert verdict_on(trail, place, {path: note}).status == 0


def test_other_leaves_under_the_same_key_are_found_at_every_size(trail: Trail, tmp_path: Path) -> None:
    """Also where the export starts: nobody has to have kept a later one."""
    other = replace(trail, events=[{**event, "purpose": "another"} for event in trail.events])
    for index, (path, note) in enumerate(trail.folder().items()):
        place = tmp_path / str(index)
        place.mkdir()
        size = 2 * index + 2
        expected = [] if size < FIRST else [Problem("root", FIRST, max(FIRST, size - 1))]
        assert verdict_on(other, place, {path: note}).problems == expected


def test_those_that_differ_in_a_row_are_told_once(trail: Trail, tmp_path: Path) -> None:
    other = replace(trail, events=[{**event, "purpose": str(at > 8)} for at, event in enumerate(trail.events)])
    true = replace(trail, events=[{**event, "purpose": "False"} for event in trail.events])
    assert verdict_on(other, tmp_path, true.folder()).problems == [Problem("root", 8, 9)]


def test_of_two_roots_of_one_size_the_second_is_told(trail: Trail, tmp_path: Path) -> None:
    later = replace(trail.sealings[3], time=NOW)
    path = f"{NOW[:10]}/{later.size:016}.txt"
    kept = {**trail.folder(), f"{trail.tenant}/{path}": trail.note(later, trail.hashes())}
    assert verdict_on(trail, tmp_path, kept).status == 0
    kept[f"{trail.tenant}/{path}"] = trail.note(later, trail.hashes()[1:])
    verdict = verdict_on(trail, tmp_path, kept)
    assert verdict.lines[0] == f"checkpoint '{path}': fork: two roots were signed for size 8"
    assert len(verdict.lines) == 2


def test_a_file_is_read_no_farther_than_a_checkpoint_may_reach(trail: Trail, tmp_path: Path) -> None:
    kept = trail.folder()
    path = next(iter(kept))
    kept[path] += 2000 * f"\u2014 {trail.origin} AAAA\n"
    assert len(kept[path]) > 1 << 16
    assert verdict_on(trail, tmp_path, kept).lines[0].endswith(": it has not the form of a signed checkpoint")


@pytest.mark.parametrize("content", [b"", b"\xff", b"text\n", b"\n" * 100_000])
def test_a_file_that_is_no_checkpoint_is_told(content: bytes, trail: Trail, tmp_path: Path) -> None:
    verdict_on(trail, tmp_path, trail.folder())
    (tmp_path / "kept" / trail.tenant / "2028-01-02" / f"{2:016}.txt").write_bytes(content)
    (tmp_path / "kept" / trail.tenant / "folder.txt").mkdir()
    verdict = verdict_on(trail, tmp_path, {})
    assert [line.partition(":")[0] for line in verdict.lines] == [
        f"checkpoint '2028-01-02/{2:016}.txt'",
        f"checkpoint '{trail.tenant}/folder.txt'",
        "2 problems",
    ]
    assert verdict.lines[1].endswith(": Is a directory")


def test_those_of_another_tenant_are_left_alone(trail: Trail, tmp_path: Path) -> None:
    other = {path.replace(trail.tenant, "another"): "no checkpoint" for path in trail.folder()}
    assert verdict_on(trail, tmp_path, trail.folder() | other).status == 0


def test_a_folder_without_any_of_the_tenant_is_refused(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = tmp_path / "export.jsonl"
    export.write_bytes(written(trail.lines()))
    for folder in (write_folder(tmp_path / "empty", {}), tmp_path / "missing"):
        options = ["--key", trail.keys[0].vkey, "--checkpoints", str(folder)]
        assert said([str(export), *options]) == Verdict(2, [])
        assert capsys.readouterr().err == f"verify_trail: {folder}: no checkpoint of tenant {trail.tenant}\n"
