"""The demo before the real application: one database for a worker's tests, a token for everybody of the cast."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.settings import Environment, Settings
from domain.accounts.keys import load_keys
from domain.accounts.lasting import lasting_session
from domain.accounts.tokens import Tokens
from domain.demo.cast import CastMember
from domain.demo.service import ensure_demo
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.directory import find_tenant
from tenants.embedded import Addresses
from tenants.session import SystemTask, Task
from tests.api.conftest import client_of
from tests.support.cluster import Urls, addresses_of, clone, remove
from tests.support.keys import MASTER_KEYS, key_service
from tests.support.sealer import trail_beside

Casts = Mapping[str, Mapping[str, CastMember]]
Ask = Callable[..., Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Demo:
    """A database with the demo in it."""

    urls: Urls
    casts: Casts


def open_database(urls: Urls) -> Database:
    return Database(DatabaseSettings(urls.application, pool_wait=30, connect_timeout=30, open_limit=60), key_service())


async def _filled(server: Addresses) -> tuple[str, Demo]:
    name = await clone(server)
    urls = addresses_of(server, name)
    database = open_database(urls)
    casts = await ensure_demo(database, lambda _: None)
    await database.close()
    return name, Demo(urls, casts)


@pytest.fixture(scope="session")
def demo(server: Addresses) -> Iterator[Demo]:
    """Give the demo's data; tests here only read it."""
    name, filled = asyncio.run(_filled(server))
    yield filled
    asyncio.run(remove(server, name))


@pytest.fixture
async def demo_client(demo: Demo, key_file: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the real application on the demo's data."""
    settings = Settings.read(
        environment=Environment.DEVELOPMENT,
        database_url=demo.urls.application,
        token_keys=key_file,
        **trail_beside(key_file),
        master_keys=MASTER_KEYS,
        statement_timeout=20,
        pool_wait=20,
        request_timeout=60,
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app), client_of(app) as opened:
        yield opened


def _issuer(key_file: Path) -> Tokens:
    return Tokens(load_keys(key_file.read_bytes()), "sextrontgen", "sextrontgen", timedelta(days=1))


@pytest.fixture
async def tokens(demo: Demo, key_file: Path) -> dict[str, dict[str, str]]:
    """Give a token for everybody, by tenant and role."""
    issuer = _issuer(key_file)
    now = datetime.now(UTC)
    database = open_database(demo.urls)
    found: dict[str, dict[str, str]] = {}
    for slug, cast in demo.casts.items():
        tenant_id = await find_tenant(database, slug)
        found[slug] = {}
        async with database.writing(SystemTask(Task.DEMO, tenant_id)) as session:
            for role, one in cast.items():
                session_id, _ = await lasting_session(
                    session,
                    person_id=one.person_id,
                    case_id=one.case_id,
                    at_least=now + timedelta(hours=1),
                    until=now + timedelta(hours=20),
                )
                until = now + timedelta(hours=1)
                found[slug][role] = issuer.issue(tenant_id, one.person_id, session_id, until)
    await database.close()
    return found


@pytest.fixture
def ask(demo_client: httpx2.AsyncClient, tokens: dict[str, dict[str, str]]) -> Ask:
    """Give a way to ask as somebody of the cast."""

    async def asking(role: str, query: str, tenant: str = "northwind", **variables: object) -> dict[str, Any]:
        response = await demo_client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {tokens[tenant][role]}"},
        )
        answer: dict[str, Any] = response.json()
        return answer

    return asking
