"""Sealed cells in answers: opened where they are released, UNREADABLE where they do not open, the rest as ever."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx2
import orjson
import pytest
import structlog.testing

from api.app import create_app
from api.settings import Environment, Settings
from domain.accounts.tokens import Tokens
from domain.people.model import GrantedRole, membership, person, role_grant
from domain.people.shredding import shred_key
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.embedded import Addresses
from tenants.session import SystemTask, Task
from tests.api.conftest import client_of
from tests.api.people import People
from tests.api.reading.conftest import open_database
from tests.support.cluster import Urls, addresses_of, clone, remove
from tests.support.keys import MASTER_KEYS
from tests.support.sealer import trail_beside

PAGE = "{ learners(first: 10, orderBy: NAME_ASC) { nodes { id name email phone } } }"
NAMES = ("Ada", "Ben", "Cleo", "Dora")


@dataclass
class Page:
    """An admin's list of four members, and a hand on the database."""

    client: httpx2.AsyncClient
    token: str
    hand: asyncpg.Connection
    database: Database
    people: dict[str, UUID]
    tenant: SystemTask
    urls: Urls

    async def ask(self, query: str = PAGE, **variables: object) -> httpx2.Response:
        return await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {self.token}"},
        )

    async def shown(self) -> dict[str, tuple[str | None, str | None]]:
        """Return address and telephone number by name."""
        nodes = (await self.ask()).json()["data"]["learners"]["nodes"]
        return {node["name"]: (node["email"], node["phone"]) for node in nodes}

    async def released_of(self, request_id: str, field: str) -> set[str]:
        """Return of whom the trail says that `field` was released."""
        found = await self.hand.fetchval("SELECT disclosures FROM access_event WHERE request_id = $1", request_id)
        subjects = {one for each in orjson.loads(found) if field in each["fields"] for one in each["subjects"]}
        return {name for name, key in self.people.items() if str(key) in subjects}


@pytest.fixture
async def page(server: Addresses, key_file: Path, issuer: Tokens) -> AsyncIterator[Page]:
    """Give the page, each member with an address and a telephone number, in a database that a test may spoil."""
    name = await clone(server)
    urls = addresses_of(server, name)
    settings = Settings.read(
        environment=Environment.DEVELOPMENT, database_url=urls.application, token_keys=key_file,
        **trail_beside(key_file),
        master_keys=MASTER_KEYS, statement_timeout=10, pool_wait=10, request_timeout=30,
    )  # fmt: skip
    database = open_database(urls)
    tenant_id = await ensure_tenant(database, "northwind", "Northwind Academy")
    members = People(database, tenant_id, issuer)
    people: dict[str, UUID] = {}
    task = SystemTask(Task.DEMO, tenant_id)
    for one in NAMES:
        people[one] = await members.add(person, name=one, **contact(one), minor=False)
        await members.add(membership, person_id=people[one])
    async with database.writing(task) as session:
        grant = {"person_id": people["Ada"], "role": GrantedRole.ENTERPRISE_ADMIN.value}
        await session.insert(role_grant, [grant])
    token = await members.sign_in(people["Ada"])
    hand = await asyncpg.connect(urls.superuser)
    app = create_app(settings)
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield Page(client, token, hand, database, people, task, urls)
    await hand.close()
    await database.close()
    await remove(server, name)


def contact(name: str) -> dict[str, str]:
    return {"email": f"{name.lower()}@example.org", "phone": f"+49{len(name)}"}


async def test_a_page_shows_what_was_sealed(page: Page) -> None:
    shown = await page.shown()
    assert {name: shown[name][0] for name in NAMES} == {name: contact(name)["email"] for name in NAMES}


@pytest.mark.parametrize("address", ["ben@example.org", " BEN@Example.ORG "])
async def test_an_address_is_found_in_any_case(page: Page, address: str) -> None:
    query = "query Q($f: LearnerFilter) { learners(filter: $f) { nodes { name } } }"
    answer = (await page.ask(query, f={"email": address})).json()
    assert answer["data"]["learners"]["nodes"] == [{"name": "Ben"}]


SPOIL = {
    "a bit": "UPDATE person SET email = set_byte(email, 20, get_byte(email, 20) # 1) WHERE id = $1",
    "another's": "UPDATE person SET email = (SELECT email FROM person WHERE name = 'Ada') WHERE id = $1",
    "another column's": "UPDATE person SET email = (SELECT phone FROM person WHERE id = $1) WHERE id = $1",
    "nothing": "UPDATE person SET email = '' WHERE id = $1",
    "no key": "DELETE FROM keys.data_key WHERE owner_id = $1",
    "another's key": "UPDATE keys.data_key SET wrapped = (SELECT wrapped FROM keys.data_key d JOIN person ON "
    "owner_id = person.id WHERE name = 'Dora') WHERE owner_id = $1",
}


@pytest.mark.parametrize("what", SPOIL)
async def test_a_value_that_does_not_open_is_told_at_its_place_and_the_rest_is_served(page: Page, what: str) -> None:
    before = await page.shown()
    await page.hand.execute(SPOIL[what], page.people["Ben"])
    with structlog.testing.capture_logs() as logs:
        answer = await page.ask()
    body = answer.json()
    nodes = {node["name"]: node for node in body["data"]["learners"]["nodes"]}
    assert nodes["Ben"]["email"] is None
    assert {name: (nodes[name]["email"], nodes[name]["phone"]) for name in NAMES if name != "Ben"} == {
        name: before[name] for name in NAMES if name != "Ben"
    }
    unreadable = [error for error in body["errors"] if error["extensions"] == {"code": "UNREADABLE"}]
    at = list(nodes).index("Ben")
    assert ["learners", "nodes", at, "email"] in [error["path"] for error in unreadable]
    released = await page.released_of(answer.headers["x-request-id"], "Learner.email")
    assert released == {"Ada", "Cleo", "Dora"}
    alarms = [line for line in logs if line["event"] == "sealed values do not open"]
    assert {line["log_level"] for line in alarms} == {"error"}
    assert not any(str(page.people["Ben"]) in str(line) or "example.org" in str(line) for line in logs)
    counted = (await page.client.get("/metrics")).text
    assert 'sextrontgen_unreadable_values_total{column="email",table="person"} 1.0' in counted


async def test_a_person_whose_key_was_destroyed_is_unreadable_at_once_and_stays_so(page: Page) -> None:
    assert (await page.shown())["Ben"][0] == "ben@example.org"
    async with page.database.writing(page.tenant) as session:
        assert await shred_key(session, page.people["Ben"], "request 1")
    async with page.database.writing(page.tenant) as session:
        assert not await shred_key(session, page.people["Ben"], "request 1")
    assert (await page.shown())["Ben"] == (None, None)
    assert (await page.shown())["Ada"][0] == "ada@example.org"
    query = "query Q($f: LearnerFilter) { learners(filter: $f) { nodes { name } } }"
    assert (await page.ask(query, f={"email": "ben@example.org"})).json()["data"]["learners"]["nodes"] == []
    assert (
        await page.hand.fetchval("SELECT reason FROM shredded_key WHERE owner_id = $1", page.people["Ben"])
        == "request 1"
    )


FOUND = '{ learners(filter: {email: "ben@example.org"}) { nodes { name } } }'
CHANGED = 'mutation { updateProfile(input: {phone: "+4930901820"}) { learner { phone } } }'


@pytest.mark.parametrize("query", [PAGE, FOUND, CHANGED])
async def test_without_the_right_master_key_no_personal_answer_leaves(page: Page, key_file: Path, query: str) -> None:
    settings = Settings.read(
        environment=Environment.DEVELOPMENT, database_url=page.urls.application, token_keys=key_file,
        **trail_beside(key_file),
        master_keys=base64.b64encode(bytes(32)).decode(),
    )  # fmt: skip
    app = create_app(settings)
    async with app.router.lifespan_context(app), client_of(app) as client:
        headers = {"authorization": f"Bearer {page.token}"}
        answer = await client.post("/graphql", json={"query": query}, headers=headers)
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"] == {"code": "AUDIT_UNAVAILABLE"}
    assert "example.org" not in answer.text
