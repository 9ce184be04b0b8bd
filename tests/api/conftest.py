"""The whole application as HTTP clients meet it, and people to be."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from starlette.applications import Starlette

import api.app
from api.logs import without_messages
from api.settings import Settings
from domain.accounts.keys import load_keys, new_key
from domain.accounts.tokens import Tokens
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.embedded import Addresses
from tenants.ids import TenantId, uuid7
from tenants.secret_files import write_secret
from tests.api.people import People
from tests.api.traps import build
from tests.support.cluster import Urls, addresses_of, clone, remove
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import trail_beside

# Nobody listens there: a test that needs no database proves with it that none was asked.
NO_DATABASE = "postgresql://sextrontgen_app:canary@127.0.0.1:9/none?sslmode=disable"

MakeApp = Callable[..., Starlette]
MakeClient = Callable[[Starlette], httpx2.AsyncClient]


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Collect what is logged, as it would be written; structlog's own default draws every frame, for seconds."""
    found: list[MutableMapping[str, Any]] = []

    def collect(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        found.append(event)
        raise structlog.DropEvent

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            without_messages,
            collect,
        ],
        cache_logger_on_first_use=False,
    )
    yield found
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def urls(server: Addresses) -> Iterator[Urls]:
    """Give one migrated database to all tests here: a tenant of its own keeps each from the others."""
    name = asyncio.run(clone(server))
    yield addresses_of(server, name)
    asyncio.run(remove(server, name))


@pytest.fixture
async def tenant(database: Database) -> TenantId:
    """Make a tenant with nobody in it."""
    return await ensure_tenant(database, f"northwind-{uuid7()}", "Northwind Academy")


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with a signing key."""
    path = tmp_path_factory.mktemp("keys") / "token-keys.pem"
    write_secret(path, new_key())
    return path


@pytest.fixture
def settings(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Make settings: production's, with what is given."""
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def make(**given: object) -> Settings:
        usual = {"database_url": NO_DATABASE, "token_keys": key_file, "master_keys": MASTER_KEYS}
        return Settings.read(**{**usual, **trail_beside(key_file), **given})

    return make


@pytest.fixture
def make_app(settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> MakeApp:
    """Make applications over the schema with traps (`tests.api.traps`)."""
    monkeypatch.setattr(api.app, "build_schema", build)
    return lambda **given: api.app.create_app(settings(**given))


@pytest.fixture
def app(make_app: MakeApp) -> Starlette:
    """Give an application that cannot reach a database."""
    return make_app(introspection=True)


def client_of(app: Starlette, **options: object) -> httpx2.AsyncClient:
    """Return a client of `app`, in this process."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    return httpx2.AsyncClient(transport=transport, base_url="http://test", **options)  # type: ignore[arg-type] # as given


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the application that cannot reach a database."""
    async with client_of(app) as opened:
        yield opened


@pytest.fixture
async def served(make_app: MakeApp, database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of an application with the test's own database."""
    app = make_app(database_url=database_url, introspection=True, pool_wait=20, statement_timeout=20)
    async with app.router.lifespan_context(app), client_of(app) as opened:
        yield opened


@pytest.fixture
def issuer(key_file: Path) -> Tokens:
    """Give the issuer of tokens that the applications here accept."""
    return Tokens(load_keys(key_file.read_bytes()), "sextrontgen", "sextrontgen")


@pytest.fixture
def people(database: Database, tenant: TenantId, issuer: Tokens) -> People:
    """Give the tenant's registry."""
    return People(database, tenant, issuer)
