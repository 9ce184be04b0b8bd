"""The real application in this process, on one connection: asked, and overheard while it answers."""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette

import api.app
from api.settings import Environment, Settings
from tenants.ids import uuid7
from tests.noninterference.one_connection import OneConnection
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import trail_beside

REQUEST_ID = "0" * 32


class Asked(NamedTuple):
    """A document with its variables, as it is sent."""

    document: str
    variables: Mapping[str, Any]


class Answer(NamedTuple):
    """Everything that somebody outside gets of an answer, and how much the database was asked for it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statements: tuple[str, ...]

    @property
    def has_data(self) -> bool:
        """Whether the document was executed, and its answer is not null as a whole."""
        return json.loads(self.body).get("data") is not None


@dataclass(frozen=True)
class Served:
    """Two instances of the application on one connection: what one of them remembers, the other does not."""

    database: OneConnection
    clients: tuple[httpx2.AsyncClient, httpx2.AsyncClient]
    ids: "_Repeatable"

    async def ask(self, token: str, asked: Asked, *, instance: int = 0) -> Answer:
        """Return the answer of one of the instances."""
        heard = self.database.statements
        heard.clear()
        self.ids.begin()
        response = await self.clients[instance].post(
            "/graphql",
            json={"query": asked.document, "variables": asked.variables},
            headers={
                "authorization": f"Bearer {token}",
                "accept": "application/graphql-response+json",
                "x-request-id": REQUEST_ID,
            },
        )
        return Answer(response.status_code, tuple(sorted(response.headers.items())), response.content, tuple(heard))


@asynccontextmanager
async def serving(superuser_url: str, key_file: Path) -> AsyncIterator[Served]:
    """Serve the application on the database at `superuser_url`, with the signing key in `key_file`."""
    database = OneConnection(superuser_url)
    settings = Settings.read(
        environment=Environment.DEVELOPMENT,
        database_url=superuser_url,
        token_keys=key_file,
        **trail_beside(key_file),
        master_keys=MASTER_KEYS,
        request_timeout=120,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.app, "Database", lambda *_given: database)
        ids = _Repeatable(patch)
        # What runs beside requests has no part in answers: the applications' lifespans are left out.
        apps = [api.app.create_app(settings) for _ in range(2)]
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.end)
            first, second = [await stack.enter_async_context(_client(app)) for app in apps]
            yield Served(database, (first, second), ids)


def _client(app: Starlette) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


class _Repeatable:
    """Lets each request make the same new ids, so that what it adds differs by nothing from what another one adds."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._made = 0
        for module in list(sys.modules.values()):
            if getattr(module, "uuid7", None) is uuid7 and module.__name__.startswith(("api", "authz", "domain")):
                patch.setattr(module, "uuid7", self._next)

    def begin(self) -> None:
        """Begin with the first one again."""
        self._made = 0

    def _next(self) -> UUID:
        self._made += 1
        return UUID(int=0x7 << 76 | self._made)
