"""Where things lie when root runs the program, when a path is too long, and when somebody planted something."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tenants.embedded import EmbeddedServerError, binaries
from tenants.embedded.account import Account
from tenants.embedded.places import recorded_home
from tests.tenants.embedded.helpers import CHECKOUT, HANG, PROGRAM, ROOT, Place, ask, copy

AS_ROOT = pytest.mark.skipif(not ROOT, reason="only root becomes another user for PostgreSQL")
WHEEL = binaries._wheel_roots()


def closed(path: Path) -> Path:
    """Make a folder that only its owner can enter."""
    path.mkdir()
    path.chmod(0o700)
    return path


@AS_ROOT
def test_in_a_folder_that_only_root_can_enter_the_database_is_kept_elsewhere(fresh: Place) -> None:
    fresh.folder = closed(fresh.folder) / "g"
    server = fresh.open()
    ask(server.addresses.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.close()
    home = recorded_home(fresh.folder, fresh.base)
    assert home is not None
    assert home.parent == fresh.base / "clusters"
    assert any(str(home) in sentence for sentence in fresh.said)
    assert ask(fresh.open().addresses.owner, "SELECT answer FROM kept") == [(42,)]
    assert {path.name for path in fresh.folder.iterdir()} == {
        "lock",
        "passwords.json",
        "postgres.log",
        "socket",
        "cluster",
    }
    for path in fresh.folder.iterdir():
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (0, 0o600)


@AS_ROOT
def test_a_folder_that_was_removed_begins_anew_and_does_not_touch_the_earlier_database(fresh: Place) -> None:
    fresh.folder = closed(fresh.folder) / "g"
    fresh.open().close()
    earlier = fresh.cluster
    shutil.rmtree(fresh.folder)
    server = fresh.open()
    assert ask(server.addresses.owner, "SELECT 1") == [(1,)]
    assert fresh.cluster != earlier
    assert earlier.is_dir()
    server.close()
    shutil.rmtree(fresh.cluster)
    shutil.rmtree(fresh.cluster.parent)
    with pytest.raises(EmbeddedServerError, match="that is gone: put it back, or remove"):
        fresh.open()


@AS_ROOT
def test_a_pointer_that_leads_anywhere_else_is_refused(fresh: Place, site: Path) -> None:
    fresh.folder.mkdir()
    (site / "elsewhere").mkdir()
    (fresh.folder / "cluster").write_text(str(site / "elsewhere"))
    with pytest.raises(EmbeddedServerError, match="that is gone"):
        fresh.open()


@AS_ROOT
@pytest.mark.skipif(not WHEEL, reason="the wheel is not installed")
def test_programs_that_only_root_can_reach_are_copied_once_and_are_roots(
    place: Place, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = closed(place.folder.parent / "hidden")
    package, wheel = WHEEL[0].parent, hidden / WHEEL[0].parent.name
    wheel.mkdir()
    (wheel / "__init__.py").write_text("raise AssertionError('imported')")
    copy(WHEEL[0], wheel / WHEEL[0].name)
    copy(package.with_name(f"{package.name}.libs"), hidden / f"{package.name}.libs")
    monkeypatch.syspath_prepend(hidden)
    monkeypatch.setattr(binaries, "_SYSTEM", ())
    server = place.open()
    shelf = place.base / "binaries"
    [copied] = shelf.iterdir()
    if sys.platform == "linux":
        assert Path(f"/proc/{place.postmaster()}/exe").resolve().is_relative_to(copied)
    for path in (copied, *copied.rglob("*")):
        assert path.stat().st_uid == 0
        assert stat.S_IMODE(path.stat().st_mode) in (0o755, 0o644)
    server.close()
    before = copied.stat().st_ctime_ns
    place.open().close()
    assert [path.stat().st_ctime_ns for path in shelf.iterdir()] == [before]


@AS_ROOT
def test_a_database_whose_folder_was_closed_to_its_user_since_is_named(place: Place) -> None:
    place.folder.parent.chmod(0o700)
    with pytest.raises(EmbeddedServerError, match=f"can no longer enter {place.folder}: give the folders above it"):
        place.open()


@AS_ROOT
def test_a_place_that_others_can_change_is_refused(fresh: Place) -> None:
    fresh.folder = closed(fresh.folder) / "g"
    fresh.base = fresh.folder.parent.with_name("open")
    fresh.base.mkdir()
    fresh.base.chmod(0o777)
    with pytest.raises(EmbeddedServerError, match="only root can change"):
        fresh.open()


@AS_ROOT
def test_postgresql_runs_without_roots_groups_and_cannot_read_the_passwords(place: Place) -> None:
    groups = os.getgroups()
    os.setgroups([0, 4])
    try:
        server = place.open()
        account = Account.choose(place.cluster)
        assert account.run(["id", "-G"]).stdout.split() == [str(account.gid)]
    finally:
        os.setgroups(groups)
    if sys.platform == "linux":
        status = Path(f"/proc/{place.postmaster()}/status").read_text()
        owner = place.cluster.stat().st_uid
        assert f"Uid:\t{owner}\t{owner}\t{owner}\t{owner}\n" in status
        assert "Groups:\t \n" in status
    with pytest.raises(Exception, match="denied"):
        ask(server.addresses.superuser, f"SELECT pg_read_file('{place.folder / 'passwords.json'}')")


@AS_ROOT
def test_as_an_ordinary_user_everything_lies_in_the_folder(fresh: Place) -> None:
    parent = fresh.folder.parent / "nobodys"
    parent.mkdir()
    shutil.chown(parent, "nobody")
    python, path = interpreter_for_nobody(fresh.folder.parent)
    program = subprocess.Popen(
        [python, "-c", PROGRAM, str(parent / "f"), str(fresh.base), "yes" if sys.platform == "linux" else "no"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user="nobody",
        group=parent.stat().st_gid,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": path},
    )
    try:
        assert program.stdout is not None
        word, _, address = program.stdout.readline().strip().partition(" ")
        assert word == "owned", address
        assert ask(address, "SELECT 1") == [(1,)]
        names = {"lock", "passwords.json", "postgres.log", "socket", "postgres", "run"}
        assert {path.name for path in (parent / "f").iterdir()} == names
        assert stat.S_IMODE((parent / "f").stat().st_mode) == 0o700
    finally:
        program.communicate(timeout=HANG)
    # And root does not take over what is an ordinary user's.
    os.chown(parent / "f" / "postgres", 12345, -1)
    fresh.folder = parent / "f"
    with pytest.raises(EmbeddedServerError, match="belongs to another user"):
        fresh.open()


def interpreter_for_nobody(open_folder: Path) -> tuple[str, str]:
    """Return a Python that the user nobody can run, and the path that lets it find our package and the wheel."""
    shutil.copytree(CHECKOUT / "tenants" / "embedded", open_folder / "modules" / "tenants" / "embedded")
    if WHEEL:
        package = WHEEL[0].parent
        (open_folder / "modules" / package.name).mkdir()
        (open_folder / "modules" / package.name / "__init__.py").touch()
        copy(WHEEL[0], open_folder / "modules" / package.name / WHEEL[0].name)
        copy(package.with_name(f"{package.name}.libs"), open_folder / "modules" / f"{package.name}.libs")
    check = "import sys, ctypes; sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            done = subprocess.run([python, "-c", check], user="nobody", extra_groups=[], cwd="/", check=False)
        except OSError:
            continue
        if done.returncode == 0:
            return python, str(open_folder / "modules")
    pytest.skip("there is no Python that the user nobody can run")


def test_a_path_too_long_for_a_socket_gets_one_elsewhere_that_is_removed_again(fresh: Place, template: Path) -> None:
    fresh.folder = fresh.folder.with_name("x" * 100)
    copy(template, fresh.folder)
    server = fresh.open()
    run = Path((fresh.folder / "socket").read_text())
    assert run.parent == Path(tempfile.gettempdir()).resolve()
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert ask(server.addresses.application, "SELECT 1") == [(1,)]
    assert fresh.open().addresses.owner == server.addresses.owner
    server.close()
    assert not run.exists()


@pytest.mark.parametrize("planted", ["link", "mode", "gone", "another's"])
def test_a_remembered_socket_folder_is_used_again_only_while_it_is_ours(
    fresh: Place, template: Path, planted: str
) -> None:
    fresh.folder = fresh.folder.with_name("x" * 100)
    copy(template, fresh.folder)
    server = fresh.open()
    run = Path((fresh.folder / "socket").read_text())
    os.kill(fresh.postmaster(), 9)
    (fresh.folder / "kept").write_text(str(run))
    server.close()
    # As after the death of the program: the pointer is still there.
    aside = fresh.folder.parent / "aside"
    aside.mkdir(mode=0o700)
    shutil.chown(aside, fresh.cluster.stat().st_uid)
    (fresh.folder / "socket").write_text(str(run))
    match planted:
        case "link":
            run.symlink_to(aside)
        case "mode":
            run.mkdir()
            shutil.chown(run, fresh.cluster.stat().st_uid)
            run.chmod(0o755)
        case "another's":
            run.mkdir(mode=0o700)
            if not ROOT:
                pytest.skip("only root can make a folder another's")
            os.chown(run, 12345, -1)
    try:
        server = fresh.open()
        used = Path((fresh.folder / "socket").read_text())
        assert used != run
        assert ask(server.addresses.application, "SELECT 1") == [(1,)]
        server.close()
        assert list(aside.iterdir()) == []
    finally:
        if run.is_symlink():
            run.unlink()
        shutil.rmtree(run, ignore_errors=True)
