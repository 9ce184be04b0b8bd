"""Files that hold a secret."""

import os
from pathlib import Path

import pytest

from tenants.secret_files import SecretFileError, read_secret, write_secret


def test_what_was_written_is_read_and_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_secret(path, b"first")
    write_secret(path, b"second")
    assert read_secret(path) == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_secret_that_others_may_read_is_refused_with_the_command_that_closes_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    write_secret(path, b"secret-content")
    path.chmod(mode)
    with pytest.raises(SecretFileError, match=f"chmod 600 {path}") as caught:
        read_secret(path)
    assert "secret-content" not in str(caught.value)


def test_a_missing_file_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretFileError, match="No such file"):
        read_secret(tmp_path / "none")
    with pytest.raises(SecretFileError, match="Is a directory"):
        read_secret(tmp_path)
    write_secret(tmp_path / "huge", b"x" * 70_000)
    with pytest.raises(SecretFileError, match="larger than"):
        read_secret(tmp_path / "huge")


def test_a_link_laid_where_the_draft_goes_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"untouched")
    (tmp_path / f".key.{os.getpid()}").symlink_to(target)
    with pytest.raises(SecretFileError):
        write_secret(tmp_path / "key", b"secret")
    assert target.read_bytes() == b"untouched"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretFileError, match="cannot be written: No such file"):
        write_secret(tmp_path / "none" / "key", b"secret")
