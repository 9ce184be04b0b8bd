"""Each failure says what happened and what to do."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.embedded import EmbeddedServerError, binaries, cluster
from tenants.embedded.account import Account
from tenants.embedded.errors import failed
from tests.tenants.embedded.helpers import LINUX, ROOT, Place, ask, copy


@pytest.fixture
def small(fresh: Place, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Give a place on a file system of its own, mounted with the options that the test names."""
    mount = fresh.folder.with_name("small")
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"mode=0755,{request.param}", "tmpfs", str(mount)]
    if not (LINUX and ROOT) or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("a file system can be mounted by root on Linux only, and not in every container")
    fresh.folder = mount / "f"
    yield fresh
    fresh.close()
    subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.parametrize("small", ["size=20m", "size=42m"], indirect=True)
def test_a_disk_too_small_for_a_database_is_named_with_what_is_free(small: Place) -> None:
    with pytest.raises(EmbeddedServerError, match=rf"file system at {small.folder.parent} is full \(\d+ MB free\)"):
        small.open()
    assert not (small.folder / "postgres").exists()
    assert list(small.folder.glob("postgres.new*")) == []


@pytest.mark.parametrize("small", ["size=150m"], indirect=True)
def test_a_disk_that_became_full_is_named_and_nothing_is_lost(small: Place, template: Path) -> None:
    copy(template, small.folder)
    with small.open() as server:
        ask(server.addresses.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    filler = small.folder / "filler"
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4096"], check=False, capture_output=True)
    with pytest.raises(EmbeddedServerError, match=rf"file system at {small.folder.parent} is full \(0 MB free\)"):
        small.open()
    # The log lies there too, so that PostgreSQL may not have been able to say a word.
    assert "is full (0 MB free)" in str(failed("PostgreSQL did not start", "", small.folder))
    filler.unlink()
    assert ask(small.open().addresses.owner, "SELECT answer FROM kept") == [(42,)]


@pytest.mark.parametrize("small", ["size=1m"], indirect=True)
def test_a_read_only_folder_is_named(small: Place) -> None:
    small.folder.mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(small.folder.parent)], check=True)
    with pytest.raises(EmbeddedServerError, match="read-only file system: choose a folder that can be written"):
        small.open()


def test_a_file_in_the_folders_place_is_named(fresh: Place) -> None:
    fresh.folder.write_text("")
    with pytest.raises(EmbeddedServerError, match=f"{fresh.folder} is not a folder of its own"):
        fresh.open()
    fresh.folder = fresh.folder / "beneath"
    with pytest.raises(EmbeddedServerError, match="is not a folder of its own"):
        fresh.open()


@pytest.mark.skipif(ROOT, reason="root may use any folder")
def test_a_folder_that_may_not_be_used_is_named(fresh: Place) -> None:
    fresh.folder.mkdir(mode=0o500)
    with pytest.raises(EmbeddedServerError, match="may not be used by this user"):
        fresh.open()


def test_a_link_in_the_place_of_a_file_of_ours_is_not_followed(place: Place) -> None:
    victim = place.folder.with_name("victim")
    victim.write_text("kept")
    for name in ("postgres.log", "lock"):
        (place.folder / name).unlink(missing_ok=True)
        (place.folder / name).symlink_to(victim)
        with pytest.raises(EmbeddedServerError, match=f"{name} is not a folder of its own"):
            place.open()
        (place.folder / name).unlink()
    assert victim.read_text() == "kept"


@pytest.mark.skipif(not ROOT, reason="PostgreSQL's user is the program's own")
def test_a_link_that_postgresqls_user_planted_does_not_aim_roots_pen(place: Place) -> None:
    victim = place.folder.with_name("victim")
    victim.write_text("kept")
    (place.cluster / "postgresql.conf").unlink()
    (place.cluster / "postgresql.conf").symlink_to(victim)
    with pytest.raises(EmbeddedServerError, match=r"postgresql\.conf could not be written"):
        place.open()
    assert victim.read_text() == "kept"


def test_a_database_of_an_older_version_asks_for_its_programs(place: Place) -> None:
    (place.cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(
        EmbeddedServerError, match=r"made by PostgreSQL 9, and of its programs there is: .*18.*DATABASE_URL"
    ):
        place.open()


def test_a_folder_that_is_no_database_is_left_alone(fresh: Place) -> None:
    (fresh.folder / "postgres").mkdir(parents=True)
    (fresh.folder / "postgres" / "thesis.txt").write_text("kept")
    os.chown(fresh.folder / "postgres", *owner_of_databases())
    with pytest.raises(EmbeddedServerError, match="holds no database of PostgreSQL"):
        fresh.open()
    assert (fresh.folder / "postgres" / "thesis.txt").read_text() == "kept"


def owner_of_databases() -> tuple[int, int]:
    """Return the user and group that a cluster belongs to here."""
    account = Account.choose(None)
    return account.uid, account.gid


def test_lost_or_damaged_passwords_are_named(place: Place) -> None:
    (place.folder / "passwords.json").write_text('{"postgres": 1}')
    with pytest.raises(EmbeddedServerError, match=r"passwords\.json is damaged"):
        place.open()
    (place.folder / "passwords.json").unlink()
    with pytest.raises(EmbeddedServerError, match=r"passwords of the database in .* are gone"):
        place.open()


def test_no_postgresql_at_all_names_both_ways_out(fresh: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_wheel_roots", list)
    monkeypatch.setattr(binaries, "_system_folders", list)
    with pytest.raises(EmbeddedServerError, match=r"the extra `embedded` .* or set DATABASE_URL"):
        fresh.open()


def test_a_setting_that_postgresql_refuses_is_repeated(place: Place) -> None:
    with pytest.raises(EmbeddedServerError, match=r"PostgreSQL did not start .* FATAL: +configuration file .*"):
        place.open(settings={"no_such_setting": "1"})
    assert place.open().owned


def test_a_database_whose_roles_cannot_be_made_is_not_kept(fresh: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_schema", lambda: ["CREATE ROLE anna PASSWORD 'Ada' VALID SINCE 'never'"])
    with pytest.raises(EmbeddedServerError, match="PostgreSQL could not make its roles") as caught:
        fresh.open()
    assert "Ada" not in str(caught.value)
    assert {path.name for path in fresh.folder.iterdir()} == {"lock", "passwords.json"}


def test_only_lines_about_the_server_itself_are_repeated() -> None:
    output = "LOG:  fine\nERROR:  invalid input: Ada\nDETAIL:  Ada\nFATAL:  it is broken\nSTATEMENT:  SELECT 'Ada'\n"
    sentence = str(failed("PostgreSQL did not start", output, Path("/nowhere")))
    assert "FATAL:  it is broken" in sentence
    assert "Ada" not in sentence
