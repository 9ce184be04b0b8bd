"""Whatever was received is on record, though the program or PostgreSQL is killed at any moment."""

import asyncio
import random
import signal
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.accounts.keys import load_keys
from domain.accounts.tokens import Tokens
from tenants.secret_files import read_secret
from tests.support.folders import database_folder
from tests.trail.evidence import Evidence, answers_in, evidence
from tests.trail.ground import Ground, ground_on
from tests.trail.killing import Killer
from tests.trail.own_server import own_server
from tests.trail.readers import Readers
from tests.trail.served import Served, serving

CONNECTIONS, SEED = 6, 7


class Kills(NamedTuple):
    """How often what is killed, over how many answers."""

    program: int
    server: int
    reads: int


@pytest.fixture(scope="module")
def ground(key_file: Path) -> Iterator[Ground]:
    """Give a server that writes to the disk before it says so, kept alive as the commands keep theirs."""
    issuer = Tokens(load_keys(read_secret(key_file)), "sextrontgen", "sextrontgen")
    with database_folder() as base, own_server(base / "data", settings={}) as server:
        server.server.keep(lambda _line: None)
        yield asyncio.run(ground_on(server, issuer))


@pytest.fixture(scope="module")
def honest(ground: Ground, key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give the program."""
    log = tmp_path_factory.mktemp("honest") / "log"
    with serving("honest", ground.server.urls.application, key_file, log) as served:
        yield served


@pytest.fixture
def hasty(ground: Ground, key_file: Path, tmp_path: Path) -> Iterator[Served]:
    """Give a program whose answers leave before their commit."""
    with serving("hasty", ground.server.urls.application, key_file, tmp_path / "log") as served:
        yield served


async def killed(ground: Ground, served: Served, folder: Path, kills: Kills) -> tuple[Evidence, dict[str, object]]:
    """Read from the program while it and its server are killed; return the evidence, and how it went."""
    answers = folder / "answers.jsonl"
    await served.start()
    with answers.open("w") as file:
        readers = Readers(served.address, ground.bearers, ground.learners, file, SEED)
        killer = Killer(served, ground.server, readers, random.Random(SEED))
        reading = asyncio.create_task(readers.read(CONNECTIONS))
        try:
            await killer.run(*kills)
        finally:
            readers.stops = True
            await reading
    served.end(signal.SIGTERM)
    found = await evidence(answers_in(answers), ground.server.urls.superuser)
    away = sorted(killer.away)
    return found, {
        "kills of the program": kills.program,
        "kills of PostgreSQL": kills.server,
        "answers": found.answers,
        "cells": found.cells,
        "answers lost": len(found.lost),
        "refused": readers.refused,
        "cut off": readers.lost,
        "seconds away, in the middle": round(statistics.median(away), 2),
        "seconds away, at most": round(away[-1], 2),
    }


@pytest.mark.prove
async def test_every_answer_that_was_received_is_on_record_whatever_was_killed(
    ground: Ground,
    honest: Served,
    tmp_path: Path,
    many: Callable[[int, int], int],
    record_property: Callable[[str, object], None],
) -> None:
    kills = Kills(program=many(2, 150), server=many(1, 20), reads=many(250, 20_000))
    before = ground.server.recoveries()
    found, told = await killed(ground, honest, tmp_path, kills)
    assert ground.server.recoveries() - before == kills.server
    record_property("killed", told)
    assert found.answers >= kills.reads
    assert found.is_whole, found


async def test_answers_that_leave_before_their_commit_are_found(ground: Ground, hasty: Served, tmp_path: Path) -> None:
    found, _ = await killed(ground, hasty, tmp_path, Kills(program=2, server=0, reads=150))
    assert found.lost


@pytest.mark.prove
async def test_commits_that_are_told_before_they_are_written_are_found(
    ground: Ground, honest: Served, tmp_path: Path, many: Callable[[int, int], int]
) -> None:
    if not many(0, 1):
        pytest.skip("run by make prove: it kills PostgreSQL until something is lost")
    await ground.server.configure("synchronous_commit", "off")
    try:
        found, _ = await killed(ground, honest, tmp_path, Kills(program=0, server=2, reads=150))
    finally:
        await ground.server.configure("synchronous_commit", None)
    assert found.lost
