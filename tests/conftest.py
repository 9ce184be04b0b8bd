"""Fixtures for every test: a real database of its own, cloned from a migrated template on one server for the run."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.embedded import Addresses
from tenants.ids import TenantId
from tests.support.cluster import Cluster, Urls, addresses_of, clone, remove
from tests.support.keys import key_service

_SERVER = pytest.StashKey[Addresses]()
_CLUSTER = pytest.StashKey[Cluster]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the full counts of the tests that prove by number."""
    parser.addoption("--prove", action="store_true", help="run tests marked `prove` with their full counts")


@pytest.fixture
def many(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """Choose between a sample (always) and the full count (with --prove)."""
    proving: bool = request.config.getoption("--prove")
    return lambda sample, full: full if proving else sample


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the server: in the process that hands out the tests, once."""
    config = session.config
    if hasattr(config, "workerinput"):
        config.stash[_SERVER] = Addresses(*config.workerinput["server"])
        return
    if config.option.collectonly:
        return
    config.stash[_CLUSTER] = cluster = Cluster()
    asyncio.run(cluster.prepare())
    config.stash[_SERVER] = cluster.server.addresses


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: "pytest.Session") -> None:
    """Tell a worker process where the server is."""
    server = node.config.stash[_SERVER]
    node.workerinput["server"] = (server.superuser, server.owner, server.application)  # type: ignore[attr-defined] # xdist publishes no type of a node


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    if (cluster := config.stash.get(_CLUSTER, None)) is not None:
        cluster.close()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Addresses:
    """Return the addresses of the run's server."""
    return request.config.stash[_SERVER]


@pytest.fixture
async def urls(server: Addresses) -> AsyncIterator[Urls]:
    """Give a migrated, empty database of the test's own, by its addresses."""
    name = await clone(server)
    yield addresses_of(server, name)
    await remove(server, name)


@pytest.fixture
def database_url(urls: Urls) -> str:
    """Return the address of the test's database under the application's role."""
    return urls.application


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give the test's database as the program sees it."""
    opened = Database(
        DatabaseSettings(database_url, pool_size=4, pool_wait=10, connect_timeout=10, open_limit=20), key_service()
    )
    yield opened
    await opened.close()


@pytest.fixture
async def tenant(database: Database) -> TenantId:
    """Make a tenant with nobody in it."""
    return await ensure_tenant(database, "northwind", "Northwind Academy")
