"""Where checkpoints are kept: written once, whole, and never replaced."""

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from authz.audit.seal.kept import Kept, checkpoints_in
from authz.audit.seal.store import CheckpointFolder, CheckpointStoreError, name_of

TENANT = UUID(int=7)


def name(size: int, day: int = 1) -> str:
    return name_of(TENANT, datetime(2026, 3, day, tzinfo=UTC), size)


def everything_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_what_is_kept_is_found_again_the_smallest_first(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    for size, on in ((900, 2), (5, 1), (12, 1), (901, 2)):
        await folder.put(name(size, on), str(size).encode())
    await folder.put(name_of(UUID(int=8), datetime(2026, 3, 1, tzinfo=UTC), 1), b"other")
    day = f"{TENANT}/2026-03-0"
    assert list(checkpoints_in(tmp_path, TENANT)) == [
        Kept(f"{day}1/0000000000000005.txt", 5, "5"),
        Kept(f"{day}1/0000000000000012.txt", 12, "12"),
        Kept(f"{day}2/0000000000000900.txt", 900, "900"),
        Kept(f"{day}2/0000000000000901.txt", 901, "901"),
    ]


async def test_the_same_again_is_well_and_another_is_refused(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    await folder.put(name(1), b"one")
    await folder.put(name(1), b"one")
    with pytest.raises(CheckpointStoreError, match="holds another checkpoint"):
        await folder.put(name(1), b"two")
    assert [path.read_bytes() for path in everything_in(tmp_path)] == [b"one"]


async def test_a_folder_that_cannot_be_written_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointStoreError, match="No space left"):
        await CheckpointFolder(tmp_path).put(name(1), b"one")
    assert everything_in(tmp_path) == []


def test_what_is_no_checkpoint_s_file_is_passed_over(tmp_path: Path) -> None:
    day = tmp_path / str(TENANT) / "2026-03-01"
    day.mkdir(parents=True)
    for other in ("0000000000000001.txt.tmp", ".0000000000000001.txt.77", "1.txt", "readme.txt"):
        (day / other).write_text("x")
    assert list(checkpoints_in(tmp_path, TENANT)) == []
    assert list(checkpoints_in(tmp_path, UUID(int=9))) == []
