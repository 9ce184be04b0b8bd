"""Random documents: data, errors and record agree with an oracle that shares no code with what it judges.

Every answer adds to the trail that later documents ask for: whole, and as it concerns one person.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest

from domain.accounts.keys import load_keys
from domain.accounts.lasting import lasting_session
from domain.accounts.tokens import Tokens
from domain.cases.model import staff_case, staff_case_subject
from domain.demo.kinds import RESTRICTED
from domain.demo.store import put
from domain.demo.tenant import DEMO_TENANTS
from tenants.ids import TenantId
from tenants.session import SystemTask, Task
from tests.api.reading.conftest import Demo, open_database
from tests.oracle.capacities import OracleViewer, member, staff
from tests.oracle.deny_lines import with_deny_lines
from tests.oracle.documents import generate
from tests.oracle.drive import Asking, FetchEvent
from tests.oracle.judge import SHIPPED
from tests.oracle.material import Material, gather
from tests.oracle.policy import Policy
from tests.oracle.world import World, load

TENANT, OTHER = (TenantId(each.id) for each in DEMO_TENANTS[:2])
SLUG = DEMO_TENANTS[0].slug
HOURS = timedelta(hours=6)

FURTHER_CASES = (("support", "SUPPORT", "FRAUD_PREVENTION"), ("privacy", "PRIVACY", "LEGAL_REQUEST"))
"""Cases that the demo has not: of whose staff, in which role, for which purpose."""

HELLO = "query Hello { viewer { learner { name accessLog(first: 3) { nodes { ip actor { name } } } } } }"
SEEDS = (
    ("privacy", "query Export { learners(first: 60) { nodes { id name email lastIp gender } } }"),
    ("instructor", "query Roster { learners(first: 100) { nodes { name email pictureUrl phone title } } }"),
    ("enterprise_admin", "query Seats { tenant { seatPools { nodes { seats { nodes { email lastUsedAt } } } } } }"),
    ("support", "query Help { learners { nodes { name phone gender lastDevice enrollments { nodes { id } } } } }"),
    ("guardian", "query Wards { viewer { learner { name } wards { nodes { name email } } } }"),
    ("security", "query Audit { accessEvents(first: 50) { nodes { ip actor { name } subjects { nodes { name } } } } }"),
)
"""Who asked what before: reads of many people, denials, a look at the trail."""


@dataclass(frozen=True)
class Before:
    """The demo's tenant with its trail, a viewer and a token for everybody who asks."""

    world: World
    material: Material
    asking: Mapping[str, Asking]


def fetcher(connection: asyncpg.Connection) -> FetchEvent:
    async def fetch(request_id: str) -> Mapping[str, Any] | None:
        row: Mapping[str, Any] | None = await connection.fetchrow(
            "SELECT * FROM access_event WHERE request_id = $1", request_id
        )
        return row

    return fetch


@pytest.fixture
async def connection(demo: Demo) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection to the demo's database that sees everything."""
    opened = await asyncpg.connect(demo.urls.superuser)
    yield opened
    await opened.close()


@pytest.fixture
def issuer(key_file: Path) -> Tokens:
    """Give the issuer of tokens that the application accepts."""
    return Tokens(load_keys(key_file.read_bytes()), "sextrontgen", "sextrontgen", timedelta(days=1))


async def further(demo: Demo, issuer: Tokens) -> dict[str, tuple[UUID, UUID | None, str]]:
    """Return people who are not of the cast: by name their key, their case, a token."""
    cast, now, database = demo.casts[SLUG], datetime.now(UTC), open_database(demo.urls)
    found: dict[str, tuple[UUID, UUID | None, str]] = {}
    async with database.writing(SystemTask(Task.DEMO, TENANT)) as session:
        people: dict[str, tuple[UUID, UUID | None]] = {str(who): (who.id(SLUG), None) for who in sorted(RESTRICTED)}
        for of, role, purpose in FURTHER_CASES:
            case_id = uuid4()
            case = {"id": case_id, "staff_id": cast[of].person_id, "staff_role": role, "purpose": purpose}
            case |= {"reason": "A closer look.", "ticket": purpose, "opened_at": now, "expires_at": now + HOURS}
            named = [{"case_id": case_id, "person_id": cast["minor"].person_id}] if of == "support" else []
            await put(session, {staff_case: [case], staff_case_subject: named})
            people[purpose] = (cast[of].person_id, case_id)
        for name, (person, in_case) in people.items():
            session_id, _ = await lasting_session(
                session, person_id=person, case_id=in_case, at_least=now + timedelta(hours=1), until=now + HOURS
            )
            token = issuer.issue(TENANT, person, session_id, now + timedelta(hours=1))
            found[name] = (person, in_case, token)
    await database.close()
    return found


@pytest.fixture
async def before(
    demo: Demo,
    demo_client: httpx2.AsyncClient,
    tokens: dict[str, dict[str, str]],
    issuer: Tokens,
    connection: asyncpg.Connection,
) -> Before:
    """Give a tenant on whose trail there are reads, denials and a request that failed."""
    people = {role: (one.person_id, one.case_id, tokens[SLUG][role]) for role, one in demo.casts[SLUG].items()}
    people |= await further(demo, issuer)
    for role, query in [*((role, HELLO) for role in people), *SEEDS]:
        headers = {"authorization": f"Bearer {people[role][2]}"}
        assert (await demo_client.post("/graphql", json={"query": query}, headers=headers)).status_code == 200
    await fail_once(demo_client, people["learner"][2], connection)
    world, other = [await load(demo.urls.owner, tenant) for tenant in (TENANT, OTHER)]

    def viewer_of(person: UUID, case_id: UUID | None) -> OracleViewer:
        return staff(world, case_id) if case_id else member(world, person)

    asking = {
        name: Asking(demo_client, token, viewer_of(person, case_id), world, fetcher(connection))
        for name, (person, case_id, token) in people.items()
    }
    return Before(world, gather(world, other), asking)


async def fail_once(client: httpx2.AsyncClient, token: str, connection: asyncpg.Connection) -> None:
    """Let a member's request fail as a whole, which is on the trail as refused."""
    await connection.execute("REVOKE SELECT ON course FROM sextrontgen_app")
    query = {"query": "query Failing { viewer { learner { name } } courses { nodes { id } } }"}
    answer = await client.post("/graphql", json=query, headers={"authorization": f"Bearer {token}"})
    await connection.execute("GRANT SELECT ON course TO sextrontgen_app")
    assert answer.status_code >= 500, answer.text


async def differences(before: Before, seeds: range, policy: Policy = SHIPPED) -> list[str]:
    """Return where answers and the oracle differ. Each document is asked by two, so that what is kept serves both."""
    asking = [replace(each, policy=policy) for each in before.asking.values()]
    found: list[str] = []
    for seed in seeds:
        document = generate(seed, before.material)
        for one in random.Random(seed).sample(asking, 2):
            found += await one.check(document.text, document.variables)
        if len(found) > 12:
            break
    return found


@pytest.mark.prove
@pytest.mark.parametrize("part", range(4))
async def test_random_documents_are_answered_and_recorded_as_the_oracle_says(
    before: Before, many: Callable[[int, int], int], part: int
) -> None:
    outcomes = {event.facts["outcome"] for event in before.world.trail.events.values()}
    assert outcomes == {"RELEASED", "DENIED", "REFUSED"}
    start = part * 1_000_000
    found = await differences(before, range(start, start + many(26, 2_000)))
    assert not found, "\n\n".join(found)


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Policy:
    """Give a policy with many more lines that deny, by which the application is made too."""
    found = with_deny_lines(tmp_path / "policy", request.param)
    monkeypatch.setenv("SEXTRONTGEN_POLICY", str(tmp_path / "policy"))
    return found


@pytest.mark.prove
@pytest.mark.parametrize("policy", range(2), indirect=True)
async def test_a_denial_names_the_line_that_denied_where_there_is_but_one(
    policy: Policy, before: Before, many: Callable[[int, int], int]
) -> None:
    found = await differences(before, range(5_000_000, 5_000_000 + many(20, 500)), policy)
    assert not found, "\n\n".join(found)
    rules = sum((each.rules for each in before.asking.values()), Counter[str | None]())
    assert len(rules) > 1
    assert rules[None] > 1
