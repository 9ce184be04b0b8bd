"""The tests' PostgreSQL: the product's own embedded server, a migrated template, and clones of it."""

import itertools
import os
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from migrations.runner import upgrade
from tenants.embedded import Addresses, EmbeddedServer
from tests.support.folders import database_folder

TEMPLATE = "migrated"
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "120"}
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Urls:
    """One database's addresses, by role."""

    superuser: str
    owner: str
    application: str


class Cluster:
    """One server for a whole run of the tests, with the template that every test's database is cloned from."""

    def __init__(self) -> None:
        self._held = ExitStack()
        folder = self._held.enter_context(database_folder())
        opened = EmbeddedServer.open(folder, settings=_FAST, say=lambda _line: None)
        self.server = self._held.enter_context(opened)

    async def prepare(self) -> None:
        """Make the template."""
        urls = addresses_of(self.server.addresses, TEMPLATE)
        await _command(self.server.addresses.superuser, f"CREATE DATABASE {TEMPLATE} OWNER sextrontgen_owner")
        await upgrade(urls.owner)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self._held.close()


def addresses_of(server: Addresses, database: str) -> Urls:
    """Return the addresses of `database` on `server`."""
    return Urls(*(_replace_database(url, database) for url in (server.superuser, server.owner, server.application)))


async def clone(server: Addresses, template: str = TEMPLATE) -> str:
    """Make a database out of `template`; return its name."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _command(server.superuser, f"CREATE DATABASE {name} TEMPLATE {template} OWNER sextrontgen_owner")
    return name


async def remove(server: Addresses, name: str) -> None:
    """Remove the database `name`, whoever is still connected."""
    await _command(server.superuser, f"DROP DATABASE {name} WITH (FORCE)")


async def _command(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _replace_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
