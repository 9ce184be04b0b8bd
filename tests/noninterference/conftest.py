"""The application on one connection, for each test its own database."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from domain.accounts.keys import load_keys, new_key
from domain.accounts.tokens import Tokens
from tenants.embedded import Addresses
from tenants.secret_files import read_secret, write_secret
from tests.noninterference.asking import serving
from tests.noninterference.comparing import Stage
from tests.support.cluster import addresses_of, clone, remove


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the random cases came to, all parts together; and after how many each planted leak was caught."""
    told = [pair for report in terminalreporter.stats.get("passed", ()) for pair in report.user_properties]
    counts = sum((Counter(value) for name, value in told if name == "noninterference"), Counter[str]())
    if counts:
        terminalreporter.write_line(
            "non-interference: " + ", ".join(f"{value} {name}" for name, value in counts.items())
        )
    for name, value in told:
        if name == "caught":
            terminalreporter.write_line(f"caught after {value[1]} random cases: {value[0]}")


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Write no log: a line for each of thousands of requests takes longer than the request."""
    structlog.configure(processors=[_drop])
    yield
    structlog.reset_defaults()


def _drop(*_event: object) -> str:
    raise structlog.DropEvent


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with a signing key."""
    path = tmp_path_factory.mktemp("keys") / "token-keys.pem"
    write_secret(path, new_key())
    return path


@pytest.fixture(scope="module")
async def superuser_url(server: Addresses) -> AsyncIterator[str]:
    """Give the address of a database that stays empty: whatever is put there is undone."""
    name = await clone(server)
    yield addresses_of(server, name).superuser
    await remove(server, name)


@pytest.fixture(scope="module")
async def stage(superuser_url: str, key_file: Path) -> AsyncIterator[Stage]:
    """Give the application to one module's tests in a process: what it works out once, it knows."""
    async with _stage(superuser_url, key_file) as made:
        yield made


@pytest.fixture
async def fresh(superuser_url: str, key_file: Path) -> AsyncIterator[Stage]:
    """Give an application of the test's own."""
    async with _stage(superuser_url, key_file) as made:
        yield made


@asynccontextmanager
async def _stage(superuser_url: str, key_file: Path) -> AsyncIterator[Stage]:
    async with serving(superuser_url, key_file) as served:
        yield Stage(served, Tokens(load_keys(read_secret(key_file)), "sextrontgen", "sextrontgen"))
