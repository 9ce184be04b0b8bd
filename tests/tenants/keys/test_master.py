"""Master keys of a file and of the environment."""

import base64
from pathlib import Path

import pytest

from tenants.keys.cells import UnreadableError
from tenants.keys.master import KeyFile, KeyText, LocalMasterKey, MasterKeyError, new_master_key
from tenants.secret_files import write_secret
from tests.tenants.keys.conformance import conforms

ONE, TWO, THREE = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    write_secret(tmp_path / "master-key", f"{ONE}\n{TWO}\n".encode())
    return KeyFile(tmp_path / "master-key")


async def test_those_of_a_file_and_of_a_text_keep_the_promises(file: KeyFile) -> None:
    await conforms(LocalMasterKey(file), LocalMasterKey(KeyText(THREE, "elsewhere")))
    await conforms(LocalMasterKey(KeyText(f"{ONE}, {TWO}", "a text")), LocalMasterKey(KeyText(THREE, "elsewhere")))


async def test_the_first_wraps_and_a_key_that_came_later_is_read_when_it_is_met(file: KeyFile) -> None:
    old, running = LocalMasterKey(file), LocalMasterKey(file)
    before = await running.wrap(b"secret", b"")
    file.prepend(bytes([3]) * 32)
    wrapped = await LocalMasterKey(file).wrap(b"secret", b"")
    assert wrapped.master == LocalMasterKey(KeyText(THREE, "")).names()[0]
    assert await old.unwrap(wrapped, b"") == b"secret"
    assert await old.unwrap(before, b"") == b"secret"
    assert (await running.wrap(b"secret", b"")).master == wrapped.master
    file.keep_first()
    assert LocalMasterKey(file).names() == [wrapped.master]
    with pytest.raises(MasterKeyError, match="not among those at hand"):
        await LocalMasterKey(file).unwrap(before, b"")


def test_a_new_file_holds_one_key(tmp_path: Path) -> None:
    write_secret(tmp_path / "new", new_master_key())
    assert len(KeyFile(tmp_path / "new").read()) == 1


@pytest.mark.parametrize(
    "content",
    ["", "short", base64.b64encode(bytes(31)).decode(), f"{ONE}\n!!", "ö" * 44, base64.b64encode(bytes(33)).decode()],
)
def test_what_is_no_master_key_is_refused_and_not_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master-key"
    write_secret(path, content.encode())
    with pytest.raises(MasterKeyError) as caught:
        LocalMasterKey(KeyFile(path))
    assert "openssl rand -base64 32" in str(caught.value)
    assert not content or content not in str(caught.value).replace(str(path), "")


def test_a_file_that_others_may_read_is_refused(file: KeyFile) -> None:
    file.path.chmod(0o640)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        LocalMasterKey(file)


async def test_a_text_that_is_too_short_to_be_wrapped_is_unreadable(file: KeyFile) -> None:
    master = LocalMasterKey(file)
    wrapped = await master.wrap(b"secret", b"")
    with pytest.raises(UnreadableError):
        await master.unwrap(wrapped._replace(secret=b"x"), b"")
