"""An application with the product's own limits, on a database that a test may break, and a member who asks it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx2
from starlette.applications import Starlette

from api.app import create_app
from api.settings import Environment, Settings
from domain.accounts.tokens import Tokens
from domain.people.model import person
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tests.api.conftest import client_of
from tests.api.people import People
from tests.api.reading.conftest import open_database
from tests.support.cluster import Urls
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import trail_beside

# Promised are two seconds and five. Where others keep the machine busy everything takes longer, so here is twice that.
REFUSED_WITHIN, BACK_WITHIN = 4.0, 10.0
"""Seconds, and the promise itself: until a request that cannot be put on record is refused; until all is well again."""

CANARIES = {
    "name": "Canary Seven",
    "email": "canary-seven@example.org",
    "phone": "+4930901820777",
    "title": "Canary of the north",
}
READ = "query Own { viewer { learner { name email phone title } } }"
WRITE = """mutation Rename($title: String) { updateProfile(input: { title: $title }) {
    learner { name email phone title } userErrors { code } } }"""
NEW_TITLE = "Canary of the south"
_EVENTS = "SELECT * FROM access_event WHERE request_id = $1"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a request, and after how many seconds."""

    response: httpx2.Response
    seconds: float

    @property
    def request_id(self) -> str:
        """Return the request's id, as the trail has it."""
        return str(self.response.headers["x-request-id"])

    def is_refused(self) -> bool:
        """Tell whether it is the contract's refusal, in time, without any value of the data in any of its bytes."""
        answer = self.response
        assert answer.status_code == 503, answer.text
        body = answer.json()
        assert set(body) == {"errors"}
        (error,) = body["errors"]
        assert set(error) == {"message", "extensions"}
        assert error["extensions"] == {"code": "AUDIT_UNAVAILABLE"}
        assert answer.headers["retry-after"] == "1"
        sent = answer.content + b"\n".join(b": ".join(pair) for pair in answer.headers.raw)
        assert not [value for value in (*CANARIES.values(), NEW_TITLE) if value.encode() in sent]
        assert self.seconds < REFUSED_WITHIN, f"refused after {self.seconds:.2f} s"
        return True

    def is_answered(self) -> bool:
        """Tell whether it holds every value of the member's."""
        return self.response.status_code == 200 and "errors" not in self.response.json() and self.tells()

    def tells(self) -> bool:
        """Tell whether any value of the member's is in its bytes."""
        return any(value in self.response.text for value in CANARIES.values())


@dataclass(frozen=True, slots=True)
class Scene:
    """A member before the application, and the addresses of its database."""

    app: Starlette
    client: httpx2.AsyncClient
    token: str
    person_id: UUID
    urls: Urls

    async def ask(self, query: str = READ, **variables: object) -> Reply:
        """Ask as the member."""
        started = time.monotonic()
        headers = {"authorization": f"Bearer {self.token}"}
        body = {"query": query, "variables": variables}
        response = await self.client.post("/graphql", json=body, headers=headers)
        return Reply(response, time.monotonic() - started)

    async def write(self, title: str = NEW_TITLE) -> Reply:
        """Change the member's title, and read what is there then."""
        return await self.ask(WRITE, title=title)

    async def is_well(self) -> bool:
        """Tell whether a read and a change are answered, and each is on record."""
        read, written = await self.ask(), await self.write(CANARIES["title"])
        if not (read.is_answered() and written.is_answered()):
            return False
        return await self.is_recorded(read) and await self.is_recorded(written)

    async def is_recorded(self, reply: Reply) -> bool:
        """Tell whether one event stands for the reply, with every value of the member's that it tells."""
        events = await self.events(reply.request_id)
        if len(events) != 1:
            return False
        disclosed = {
            field
            for each in json.loads(events[0]["disclosures"])
            if str(self.person_id) in each["subjects"]
            for field in each["fields"]
        }
        return disclosed >= {f"Learner.{name}" for name, value in CANARIES.items() if value in reply.response.text}

    async def recovers(self) -> bool:
        """Tell whether all is well within the time that is promised."""
        end = time.monotonic() + BACK_WITHIN
        while time.monotonic() < end:
            if await self.is_well():
                return time.monotonic() < end
            await asyncio.sleep(0.05)
        return False

    async def events(self, request_id: str) -> list[asyncpg.Record]:
        """Return the events of a request."""
        async with self.hand() as hand:
            return list(await hand.fetch(_EVENTS, request_id))

    async def title(self) -> str:
        """Return the member's title as it stands in the database."""
        async with self.hand() as hand:
            return str(await hand.fetchval("SELECT title FROM person WHERE id = $1", self.person_id))

    async def tenant_id(self) -> TenantId:
        """Return the member's tenant."""
        async with self.hand() as hand:
            return TenantId(await hand.fetchval("SELECT tenant_id FROM person WHERE id = $1", self.person_id))

    def database(self) -> Database:
        """Return the database as the application holds it."""
        endpoint = next(route.endpoint for route in self.app.routes if getattr(route, "path", "") == "/graphql")  # type: ignore[attr-defined] # as routes have it
        return endpoint.__self__.database  # type: ignore[no-any-return] # the endpoint's

    @asynccontextmanager
    async def hand(self) -> AsyncIterator[asyncpg.Connection]:
        """Give a connection that may do everything."""
        connection = await asyncpg.connect(self.urls.superuser)
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def scene_on(urls: Urls, key_file: Path, issuer: Tokens, **given: object) -> AsyncIterator[Scene]:
    """Give a scene on a migrated database; `given` are settings, all others are the product's own."""
    database = open_database(urls)
    people = People(database, await ensure_tenant(database, "northwind", "Northwind Academy"), issuer)
    person_id = await people.member()
    await people.change(person, person_id, **CANARIES)
    token = await people.sign_in(person_id)
    await database.close()
    places: dict[str, object] = {"database_url": urls.application, "token_keys": key_file, "master_keys": MASTER_KEYS}
    places |= trail_beside(key_file)
    app = create_app(Settings.read(environment=Environment.DEVELOPMENT, **{**places, **given}))
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield Scene(app, client, token, person_id, urls)
