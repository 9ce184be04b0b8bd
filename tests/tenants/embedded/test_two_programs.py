"""Several programs, and several parts of one, on the same folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tenants.embedded import EmbeddedServerError, start
from tests.tenants.embedded.helpers import Place, Program, ask, copy


def test_two_programs_that_race_for_a_fresh_folder_share_one_server(
    fresh: Place, program: Callable[..., Program]
) -> None:
    both = [program(fresh), program(fresh)]
    said = [one.said() for one in both]
    assert sorted(word for word, _ in said) == ["owned", "shared"]
    assert said[0][1] == said[1][1]
    assert ask(said[0][1], "SELECT 1") == [(1,)]
    assert fresh.log().count("starting PostgreSQL") == 1


def test_a_guest_leaves_the_server_running_and_takes_it_over_after_its_owner_left(
    place: Place, program: Callable[..., Program]
) -> None:
    owner = program(place)
    word, address = owner.said()
    assert word == "owned"
    guest = place.open()
    assert not guest.owned
    assert guest.addresses.superuser == address
    guest.close()
    assert ask(address, "SELECT 1") == [(1,)]
    owner.leave()
    successor = place.open()
    assert successor.owned
    assert ask(successor.addresses.superuser, "SELECT 1") == [(1,)]


def test_the_same_program_may_open_a_folder_twice(place: Place) -> None:
    first, second = place.open(), place.open()
    assert (first.owned, second.owned) == (True, False)
    second.close()
    assert ask(first.addresses.application, "SELECT 1") == [(1,)]


def test_an_owner_whose_server_does_not_answer_is_a_clear_error(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.open()
    os.kill(place.postmaster(), 9)
    monkeypatch.setattr(start, "PATIENCE", 0.2)
    with pytest.raises(EmbeddedServerError, match=r"Another program holds .* does not answer"):
        place.open()
    monkeypatch.undo()
    place.close()
    # A start in its folder clears away the shared memory of a killed server.
    assert place.open().owned


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_neither_stops_the_server_nor_keeps_the_lock(fresh: Place, template: Path) -> None:
    # A long path, so that closing would remove the socket's folder as well.
    fresh.folder = fresh.folder.with_name("x" * 100)
    copy(template, fresh.folder)
    first = fresh.open()
    ready, tell = os.pipe()
    wait, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        first.close()
        os.write(tell, b".")
        os.read(wait, 1)
        os._exit(0)
    try:
        os.close(wait)
        assert os.read(ready, 1) == b"."
        assert ask(first.addresses.application, "SELECT 1") == [(1,)]
        first.close()
        assert fresh.open().owned
    finally:
        os.close(go)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(tell)
