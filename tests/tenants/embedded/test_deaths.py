"""Programs and servers that end without saying goodbye."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tenants.embedded import EmbeddedServerError, start
from tenants.embedded.account import Account
from tenants.embedded.holder import Holder, holder, takes_connections
from tests.tenants.embedded.helpers import HANG, LINUX, Place, Program, ask, gone, until

BOTH_WAYS = pytest.mark.parametrize(
    "death_signal",
    [pytest.param(True, marks=pytest.mark.skipif(not LINUX, reason="only Linux has a death signal")), False],
    ids=["death signal", "watchdog"],
)


@BOTH_WAYS
def test_a_killed_program_takes_its_server_along_and_the_next_open_finds_the_data(
    place: Place, program: Callable[..., Program], death_signal: bool
) -> None:
    first = program(place, death_signal=death_signal)
    word, address = first.said()
    assert word == "owned"
    ask(address, "CREATE TABLE kept AS SELECT 42 AS answer")
    number = place.postmaster()
    first.kill()
    # Not after it: opened at once, while the predecessor may still be going down.
    server = place.open(death_signal=death_signal)
    assert server.owned
    assert place.postmaster() != number
    assert gone(number)
    assert ask(server.addresses.superuser, "SELECT answer FROM kept") == [(42,)]
    assert place.log().count("received fast shutdown request") == 1


@BOTH_WAYS
def test_close_works_the_same_way_for_both(place: Place, death_signal: bool) -> None:
    server = place.open(death_signal=death_signal)
    assert ask(server.addresses.application, "SELECT 1") == [(1,)]
    number = place.postmaster()
    server.close()
    server.close()
    assert gone(number)
    assert place.log().count("received fast shutdown request") == 1
    assert "database system is shut down" in place.log()


@BOTH_WAYS
def test_a_killed_server_leaves_a_clean_close_and_the_next_open_recovers(place: Place, death_signal: bool) -> None:
    server = place.open(death_signal=death_signal)
    ask(server.addresses.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(place.postmaster(), signal.SIGKILL)
    server.close()
    server = place.open(death_signal=death_signal)
    assert ask(server.addresses.owner, "SELECT answer FROM kept") == [(42,)]
    assert "automatic recovery in progress" in place.log()


def ask_in_vain(address: str, statement: str) -> None:
    """Ask a server that is killed meanwhile: its process may still answer or not."""
    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        ask(address, statement)


def test_a_busy_orphan_of_a_killed_server_is_waited_for(place: Place) -> None:
    server = place.open()
    address = server.addresses.superuser
    # It computes, and so does not notice for a while that its server is gone.
    busy = "SELECT count(*) FROM generate_series(1, 8000000) AS x WHERE x % 7 = 3"
    client = threading.Thread(target=ask_in_vain, args=(address, busy))
    client.start()
    until(lambda: ask(address, f"SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = $${busy}$$") != [])
    os.kill(place.postmaster(), signal.SIGKILL)
    server.close()
    assert ask(place.open().addresses.superuser, "SELECT 1") == [(1,)]
    client.join(HANG)
    assert "pre-existing shared memory block" in place.log()


def test_a_stale_number_that_is_a_strangers_now_is_forgotten_and_the_stranger_lives(place: Place) -> None:
    with place.open():
        socket = place.cluster.parent / "run"
        pid_file = (place.cluster / "postmaster.pid").read_text().split("\n")
    # In its folder, and its own user's: the number of a process that it may not signal does not trouble PostgreSQL.
    stranger = subprocess.Popen(["sleep", "600"], cwd=place.cluster, **as_owner(place.cluster))
    try:
        number = str(stranger.pid)
        (place.cluster / "postmaster.pid").write_text("\n".join([number, *pid_file[1:]]))
        (socket / ".s.PGSQL.5432.lock").write_text("\n".join([number, *pid_file[1:]]))
        (socket / ".s.PGSQL.5432").write_text("")
        assert holder(place.cluster) == (Holder.STRANGER, stranger.pid)
        server = place.open()
        assert server.owned
        assert ask(server.addresses.application, "SELECT 1") == [(1,)]
        server.close()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def as_owner(cluster: Path) -> dict[str, Any]:
    """Return what makes a process one of the user who owns the cluster."""
    account = Account.choose(cluster)
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account.dropped else {}


def by_hand(place: Place) -> subprocess.Popen[bytes]:
    """Start PostgreSQL on the folder's cluster as a person would, and wait for it."""
    ground = start.prepare(place.folder.resolve(), {}, place.said.append, place.base)
    process = subprocess.Popen(
        [ground.binaries.folder / "postgres", "-D", ground.cluster],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        **as_owner(ground.cluster),
    )
    until(lambda: takes_connections(ground.cluster, ground.socket))
    return process


def test_a_server_started_by_hand_on_the_folder_is_shared_and_left_alone(place: Place) -> None:
    place.open().close()
    process = by_hand(place)
    try:
        server = place.open()
        assert not server.owned
        assert ask(server.addresses.application, "SELECT 1") == [(1,)]
        server.close()
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def test_a_server_by_hand_that_does_not_answer_is_a_clear_error_and_left_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.open().close()
    process = by_hand(place)
    try:
        monkeypatch.setattr(start, "PATIENCE", 0.2)
        (place.cluster.parent / "run" / ".s.PGSQL.5432").unlink()
        with pytest.raises(
            EmbeddedServerError, match=rf"\(process {process.pid}\) holds .* \(kill -INT {process.pid}\)"
        ):
            place.open()
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def test_a_running_server_whose_pid_file_was_removed_keeps_a_second_one_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What protects the data should the check of a strange number ever be wrong.
    place.open().close()
    process = by_hand(place)
    try:
        for path in (place.cluster / "postmaster.pid", place.cluster.parent / "run" / ".s.PGSQL.5432.lock"):
            path.unlink()
        monkeypatch.setattr(start, "PATIENCE", 0.5)
        with pytest.raises(EmbeddedServerError, match=r"pre-existing shared memory block .* is still in use"):
            place.open()
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def test_a_first_start_that_is_killed_leaves_no_half_of_a_database(
    fresh: Place, program: Callable[..., Program]
) -> None:
    first = program(fresh)
    until(lambda: any(fresh.folder.glob("postgres.new-*/base")))
    first.kill()
    assert not (fresh.folder / "postgres").exists()
    server = fresh.open()
    assert server.owned
    assert ask(server.addresses.owner, "SELECT 1") == [(1,)]
    server.close()
    # What its initdb may still have written lies beside the database and does not touch it.
    assert ask(fresh.open().addresses.owner, "SELECT 1") == [(1,)]
