"""The demo: drawn in memory, and made in a database."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, text

from domain.demo.cast import CastMember
from domain.demo.names import Names
from domain.demo.seed import Calendar
from domain.demo.service import ensure_demo
from domain.demo.store import Content
from domain.demo.tenant import DemoTenant, draw
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.directory import find_tenant
from tenants.embedded import Addresses
from tenants.session import SystemTask, Task
from tests.support.cluster import Urls, addresses_of, clone, remove
from tests.support.keys import key_service
from tests.support.sealing import opened_rows

TODAY = date(2026, 3, 1)

Casts = dict[str, dict[str, CastMember]]
Ask = Callable[..., Awaitable[Sequence[Row[*tuple[Any, ...]]]]]
People = Callable[[str], Awaitable[list[dict[str, Any]]]]


@cache
def drawn(tenant: DemoTenant, today: date = TODAY) -> Content:
    """Return what is drawn for `tenant`; tests only look at it."""
    return draw(tenant, Names(), Calendar(today))


def opened(url: str) -> Database:
    """Return the database at `url`, patient with a busy machine."""
    return Database(
        DatabaseSettings(url, pool_size=2, pool_wait=10, connect_timeout=10, open_limit=20, statement_timeout=20),
        key_service(),
    )


def asking(database: Database) -> Ask:
    """Return a function that runs SQL inside a tenant, by its slug, and returns the rows."""

    async def ask(slug: str, statement: str, **values: object) -> Sequence[Row[*tuple[Any, ...]]]:
        tenant_id = await find_tenant(database, slug)
        async with database.writing(SystemTask(Task.DEMO, tenant_id)) as session:
            return await session.rows(text(statement), values)

    return ask


def reading_people(urls: Urls) -> People:
    """Return a function that returns the people of a tenant, by its slug, with what is sealed of them opened."""

    async def people(slug: str) -> list[dict[str, Any]]:
        database = opened(urls.application)
        tenant_id = await find_tenant(database, slug)
        await database.close()
        return await opened_rows(urls.superuser, "person", tenant_id)

    return people


@dataclass(frozen=True)
class Demo:
    """The demo's casts, and how to ask its tenants."""

    casts: Casts
    ask: Ask
    people: People
    database: Database

    def id(self, role: str, slug: str = "northwind") -> UUID:
        return self.casts[slug][role].person_id


@pytest.fixture(scope="session")
async def made(server: Addresses) -> AsyncIterator[tuple[Urls, Casts]]:
    """Make the demo once for all tests that only read it; give its addresses and its casts."""
    name = await clone(server)
    urls = addresses_of(server, name)
    database = opened(urls.application)
    casts = await ensure_demo(database, lambda _line: None)
    await database.close()
    yield urls, casts
    await remove(server, name)


@pytest.fixture
async def demo(made: tuple[Urls, Casts]) -> AsyncIterator[Demo]:
    """Give the demo to read."""
    urls, casts = made
    database = opened(urls.application)
    yield Demo(casts, asking(database), reading_people(urls), database)
    await database.close()


@pytest.fixture
def ask(database: Database) -> Ask:
    """Return how to ask the test's own database."""
    return asking(database)


@pytest.fixture
def people(urls: Urls) -> People:
    """Return how to read the people of the test's own database."""
    return reading_people(urls)
