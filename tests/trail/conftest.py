"""A member before an application whose database may be broken."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.accounts.tokens import Tokens
from tests.api.conftest import issuer, key_file, logged
from tests.support.cluster import Urls
from tests.support.folders import database_folder
from tests.trail.own_server import OwnServer, own_server
from tests.trail.scene import Scene, scene_on

__all__ = ["issuer", "key_file", "logged"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the killing came to."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == "killed":
                told = ", ".join(f"{number} {what}" for what, number in value.items())
                terminalreporter.write_line(f"killed: {told}")


@pytest.fixture
async def scene(urls: Urls, key_file: Path, issuer: Tokens) -> AsyncIterator[Scene]:
    """Give a scene on a database of the test's own, on the run's server."""
    async with scene_on(urls, key_file, issuer) as opened:
        # The first request finds nothing warm; where the machine is busy that may be too slow once.
        assert await opened.is_well() or await opened.is_well()
        yield opened


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the folder of a server that is closed, with the schema in it, to be copied: making one takes seconds."""
    with database_folder() as base:
        with own_server(base / "template"):
            pass
        yield base / "template"


@pytest.fixture
def alone(migrated: Path) -> Iterator[OwnServer]:
    """Give a server of the test's own."""
    with database_folder() as base:
        subprocess.run(["cp", "-a", str(migrated), str(base / "data")], check=True)
        with own_server(base / "data") as opened:
            yield opened


@pytest.fixture
async def scene_alone(alone: OwnServer, key_file: Path, issuer: Tokens) -> AsyncIterator[Scene]:
    """Give a scene on that server."""
    async with scene_on(alone.urls, key_file, issuer) as opened:
        # The first request finds nothing warm; where the machine is busy that may be too slow once.
        assert await opened.is_well() or await opened.is_well()
        yield opened
