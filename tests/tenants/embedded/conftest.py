"""Folders of their own for the embedded PostgreSQL, and other programs that use it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenants.embedded import EmbeddedServer
from tests.support.folders import database_folder
from tests.tenants.embedded.helpers import QUICK, Place, Program, copy


@pytest.fixture(scope="session")
def site() -> Iterator[Path]:
    """Give a folder that every user can enter: pytest's own is closed to all but its user."""
    with database_folder() as path:
        yield path


@pytest.fixture(scope="session")
def template(site: Path) -> Path:
    """Give a folder whose cluster is made, to be copied: making one takes a second."""
    folder = site / "template"
    EmbeddedServer.open(folder, settings=QUICK, base=site / "base", say=lambda _sentence: None).close()
    return folder


@pytest.fixture
def fresh(site: Path) -> Iterator[Place]:
    """Give a place whose folder does not exist yet."""
    parent = Path(tempfile.mkdtemp(dir=site))
    parent.chmod(0o755)
    place = Place(parent / "f", site / "base")
    yield place
    place.close()
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def place(fresh: Place, template: Path) -> Place:
    """Give a place with a cluster, closed."""
    copy(template, fresh.folder)
    return fresh


@pytest.fixture(scope="session")
def served(site: Path, template: Path) -> Iterator[Place]:
    """Give a place whose server runs, for the tests that only look at it."""
    place = Place(site / "served", site / "base")
    copy(template, place.folder)
    place.open()
    yield place
    place.close()


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    """Start programs that open a place's server and stay; they leave after the test."""
    started: list[Program] = []

    def start(place: Place, **options: object) -> Program:
        started.append(Program.start(place, **options))  # type: ignore[arg-type] # handed on as they come
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.leave()
