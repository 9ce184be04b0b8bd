"""A server that is started again when it ends under its owner."""

import os
import signal

import asyncpg
import pytest

from tests.tenants.embedded.helpers import Place, ask, gone, until
from tests.tenants.embedded.test_deaths import BOTH_WAYS


def answers(address: str) -> bool:
    try:
        return ask(address, "SELECT 1") == [(1,)]
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


@BOTH_WAYS
def test_a_kept_server_that_is_killed_is_started_again_with_its_data(place: Place, death_signal: bool) -> None:
    server = place.open(death_signal=death_signal)
    said: list[str] = []
    server.keep(said.append)
    ask(server.addresses.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    for round_ in (1, 2):
        number = place.postmaster()
        os.kill(number, signal.SIGKILL)
        until(lambda number=number: place.postmaster() not in (0, number) and answers(server.addresses.owner))  # type: ignore[misc] # a default only binds the number of this round
        assert ask(server.addresses.owner, "SELECT answer FROM kept") == [(42,)]
        until(lambda round_=round_: len(said) == round_)  # type: ignore[misc] # likewise
    assert set(said) == {"PostgreSQL had ended by itself and has been started again."}


def test_a_kept_server_stays_ended_once_it_is_closed(place: Place) -> None:
    server = place.open()
    said: list[str] = []
    server.keep(said.append)
    number = place.postmaster()
    server.close()
    assert gone(number)
    assert place.postmaster() == 0
    assert said == []


def test_a_start_that_fails_is_said_once_and_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenants.embedded.keeper._BREATH", 0.1)
    server = place.open()
    said: list[str] = []
    server.keep(said.append)
    control = place.cluster / "global" / "pg_control"
    hidden = control.with_name("pg_control.hidden")
    control.rename(hidden)
    os.kill(place.postmaster(), signal.SIGKILL)
    until(lambda: len(said) == 1)
    assert "does not start again yet" in said[0]
    until(lambda: place.log().count("pg_control") > 3)
    assert len(said) == 1
    hidden.rename(control)
    until(lambda: answers(server.addresses.owner))
    until(lambda: len(said) == 2)
