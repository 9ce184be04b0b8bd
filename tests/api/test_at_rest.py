"""Nothing that is sealed lies anywhere in clear: not in the data folder, its log ahead, a dump, or what was logged."""

import asyncio
import base64
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from api.app import create_app
from api.settings import Environment, Settings
from domain.accounts.tokens import Tokens
from domain.people.model import membership, person
from domain.seats.model import seat, seat_pool
from migrations.runner import upgrade
from tenants.backup.programs import find
from tenants.connection import DatabaseSettings
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.embedded import EmbeddedServer
from tenants.ids import uuid7
from tests.api.people import People
from tests.support.folders import database_folder
from tests.support.keys import MASTER_KEYS, key_service
from tests.support.sealer import trail_beside
from tests.support.sealing import SEALED, TEXT

BORN = date(2011, 11, 11)
_OTHERS = {"disability": True, "birth_date": BORN}
PERSON = {name: f"canary-{name}-x7Q" for name, kind in SEALED["person"][1].items() if kind == TEXT}
WRITTEN = {**PERSON, "email": "canary-email-x7q@example.org", "phone": "+4930901820777"}
SEAT, DEVICE, ADDRESS = "canary-seat-x7q@example.org", "canary-device-x7Q", "203.0.113.77"
NEW_PHONE = "+4930555777000"
CANARIES = [*WRITTEN.values(), NEW_PHONE, SEAT, DEVICE, ADDRESS, BORN.isoformat()]


@dataclass
class Rest:
    """What lies on the disk, and how to write more."""

    folder: Path
    people: People
    superuser: str
    logged: str

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Yield every file of the data folder, a dump, and what was logged, after everything has been written out."""
        asyncio.run(_written_out(self.superuser))
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(self.folder)), path.read_bytes()
        dump = subprocess.run([find("pg_dump"), f"--dbname={self.superuser}"], capture_output=True, check=True)
        assert len(dump.stdout) > 10_000
        yield "dump", dump.stdout
        yield "log", self.logged.encode()

    def found(self) -> set[tuple[str, str]]:
        """Return which canary is where, in any of the forms."""
        wanted = [(canary, form) for canary in CANARIES for form in forms(canary)]
        return {(canary, place) for place, content in self.places() for canary, form in wanted if form in content}


async def _written_out(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CHECKPOINT")
    await connection.close()


def forms(text: str) -> Iterator[bytes]:
    """Yield a text as it may lie there: clear, base64 at each offset, hexadecimal, UTF-16."""
    clear = text.encode()
    yield clear
    for offset in range(3):
        # The digits that what stands before and after it leaves alone.
        encoded = base64.b64encode(bytes(offset) + clear)
        yield encoded[(0, 2, 3)[offset] : len(encoded) - (len(encoded) - len(encoded.rstrip(b"=")) and 4)]
    yield clear.hex().encode()
    yield clear.hex().upper().encode()
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")


@pytest.fixture
async def prepared(key_file: Path, issuer: Tokens, capfd: pytest.CaptureFixture[str]) -> AsyncIterator[tuple[Any, ...]]:
    """Give a server of its own with a member whose data are canaries, who read and changed some of it."""
    with database_folder() as base, EmbeddedServer.open(base / "data", say=lambda _line: None) as server:
        await upgrade(server.addresses.owner)
        database = Database(DatabaseSettings(server.addresses.application), key_service())
        tenant_id = await ensure_tenant(database, "northwind", "Northwind Academy")
        people = People(database, tenant_id, issuer)
        member = await people.add(person, name="Ada", minor=False, **{**WRITTEN, **_OTHERS})
        await people.add(membership, person_id=member)
        pool = {"name": "A", "total": 1, "starts_on": BORN.replace(year=2020), "ends_on": BORN.replace(year=2030)}
        pool_id = await people.add(seat_pool, **pool)
        await people.add(seat, pool_id=pool_id, person_id=member, email=SEAT, status="ACTIVE")
        settings = Settings.read(
            environment=Environment.DEVELOPMENT, database_url=server.addresses.application, token_keys=key_file,
            **trail_beside(key_file),
            master_keys=MASTER_KEYS,
        )  # fmt: skip
        await _use(settings, await people.sign_in(member))
        await database.close()
        yield base, people, server.addresses.superuser, "".join(capfd.readouterr())


async def _use(settings: Settings, token: str) -> None:
    """Read and change as the member: from a canary of an address and a device, with canaries in the documents."""
    app = create_app(settings)
    own = "{ viewer { learner { email phone gender ageBand region deprivationBand lastIp lastDevice disability } } }"
    change = "mutation C($i: UpdateProfileInput!) { updateProfile(input: $i) { learner { phone } } }"
    find_it = "query F($f: LearnerFilter) { learners(filter: $f) { nodes { email } } }"
    transport = httpx2.ASGITransport(app, client=(ADDRESS, 1))
    opened = httpx2.AsyncClient(transport=transport, base_url="http://test")
    async with app.router.lifespan_context(app), opened as client:
        headers = {"authorization": f"Bearer {token}", "user-agent": DEVICE}
        asked = [
            (own, {}),
            (change, {"i": {"phone": NEW_PHONE}}),
            (own, {}),
            (find_it, {"f": {"email": WRITTEN["email"]}}),
        ]
        for query, variables in asked:
            answer = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
            assert answer.status_code == 200, answer.text
            assert answer.json()["data"], answer.text
        assert NEW_PHONE in (await client.post("/graphql", json={"query": own}, headers=headers)).text


async def test_no_canary_lies_anywhere_and_one_that_is_written_in_clear_is_found(prepared: tuple[Any, ...]) -> None:
    rest = Rest(*prepared)
    assert await asyncio.to_thread(rest.found) == set()
    await rest.people.add(person, id=uuid7(), name="Ben", title=WRITTEN["gender"])
    places = {place for canary, place in await asyncio.to_thread(rest.found) if canary == WRITTEN["gender"]}
    assert "dump" in places
    assert any("pg_wal" in place for place in places)
    assert any("/base/" in place for place in places)


def test_every_form_is_found() -> None:
    text = "canary-phone-x7Q"
    clear = text.encode()
    for before in (b"", b"a", b"ab", b"abc"):
        for after in (b"", b"z", b"yz"):
            said = base64.b64encode(before + clear + after)
            assert any(form in said for form in forms(text)), (before, after)
