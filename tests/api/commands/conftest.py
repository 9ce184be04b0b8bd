"""A folder that PostgreSQL's user reaches when the tests run as root, and a demo to ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.commands.audited import Audited, audited_in
from tests.api.commands.programs import Demo, demo
from tests.support.folders import database_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder for the data of one demo."""
    with database_folder() as base:
        yield base / "data"


@pytest.fixture(scope="module")
def served() -> Iterator[Demo]:
    """Give one serving demo for the tests of a module that only ask it."""
    with database_folder() as base, demo(base / "data") as started:
        yield started


@pytest.fixture(scope="module")
def audited() -> Iterator[Audited]:
    """Give one database with a sealed trail for the tests of a module; each leaves it as sound as it was."""
    with database_folder() as base, audited_in(base / "data") as made:
        yield made


@pytest.fixture(scope="module")
def whole(audited: Audited, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a whole export of northwind."""
    file = tmp_path_factory.mktemp("whole") / "export.jsonl"
    ended = audited.export(file)
    assert ended.returncode == 0, ended.stderr
    return file
