"""A tenant of the demo that changes from turn to turn, before the real application, and people to ask in it."""

import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx2

from domain.accounts.lasting import lasting_session
from domain.accounts.tokens import Tokens
from domain.cases.model import staff_case, staff_case_subject
from domain.demo.store import put
from domain.demo.tenant import DEMO_TENANTS, DemoTenant
from tenants.database import Database
from tenants.embedded import Addresses
from tenants.ids import TenantId
from tenants.session import SystemTask, Task
from tests.api.reading.conftest import Demo, open_database
from tests.oracle.aimed import aim
from tests.oracle.capacities import member, staff
from tests.oracle.documents import Document, generate
from tests.oracle.drive import Asking, FetchEvent
from tests.oracle.judge import SHIPPED
from tests.oracle.material import Material, gather
from tests.oracle.policy import Policy
from tests.oracle.random_rules import change_rules
from tests.oracle.shuffle import shuffle
from tests.oracle.world import World, load
from tests.support.cluster import addresses_of, clone, remove
from tests.support.sealer import seal
from tests.support.sealing import Ring, ring_of

HOURS = timedelta(hours=6)
Bearer = tuple[UUID, UUID | None]
"""Who asks, and the staff's case."""

DRAWN = 7
"""Members who ask in a turn beside the cast."""

FURTHER_CASES = (
    ("support", "SUPPORT", "FRAUD_PREVENTION"),
    ("security", "SECURITY", "FRAUD_PREVENTION"),
    ("privacy", "PRIVACY", "LEGAL_REQUEST"),
)
"""Cases that the demo has not: of whose staff, in which role, for which purpose."""


class Part(NamedTuple):
    """A part of the proof. All of it follows from its number."""

    number: int

    @property
    def seed(self) -> int:
        """Return the seed of the part; those of its turns and documents follow."""
        return self.number * 1_000_000

    @property
    def tenant(self) -> DemoTenant:
        """Return the tenant: each part has the other one than the last."""
        return DEMO_TENANTS[self.number % len(DEMO_TENANTS)]


class Turn(NamedTuple):
    """A tenant as it stands for a while."""

    world: World
    material: Material
    asking: list[Asking]

    def cases(self, seed: int) -> tuple[Document, list[Asking]]:
        """Return the document of the seed, and two to ask it: often one whom a rule is about, and what it is about."""
        rng = random.Random(seed)
        rules = self.world.rules.in_force
        lifts = [each for each in rules if each["allow"]]
        pool = lifts if lifts and rng.random() < 0.4 else rules
        rule = rng.choice(pool) if pool and rng.random() < 0.5 else None
        document = generate(seed, self.material) if rule is None else aim(seed, self.material, rule)
        ruled = [one for one in self.asking if rule is not None and rule["role"] in one.viewer.roles]
        first = rng.choice(ruled or self.asking)
        return document, [first, rng.choice([one for one in self.asking if one is not first])]


@dataclass(frozen=True, slots=True)
class Scene:
    """The part's tenant, which only the part uses."""

    part: Part
    demo: Demo
    client: httpx2.AsyncClient
    connection: asyncpg.Connection
    database: Database
    issuer: Tokens
    ring: Ring
    policy: Policy = SHIPPED
    cases: dict[str, tuple[UUID, UUID]] = field(default_factory=dict)
    """Of the staff: by a name who has which case."""
    tokens: dict[Bearer, str] = field(default_factory=dict)

    @property
    def tenant_id(self) -> TenantId:
        """Return the tenant's id."""
        return TenantId(self.part.tenant.id)

    async def open_cases(self) -> None:
        """Let the staff have all kinds of cases."""
        cast, now, rng = self.demo.casts[self.part.tenant.slug], datetime.now(UTC), random.Random(self.part.seed)
        self.cases.update({role: (one.person_id, one.case_id) for role, one in cast.items() if one.case_id is not None})
        async with self.database.writing(SystemTask(Task.DEMO, self.tenant_id)) as session:
            for of, role, purpose in FURTHER_CASES:
                case_id = UUID(int=rng.getrandbits(128))
                case = {"id": case_id, "staff_id": cast[of].person_id, "staff_role": role, "purpose": purpose}
                case |= {"reason": "A closer look.", "ticket": purpose, "opened_at": now, "expires_at": now + HOURS}
                named = [{"case_id": case_id, "person_id": cast["minor"].person_id}] if of == "support" else []
                await put(session, {staff_case: [case], staff_case_subject: named})
                self.cases[f"{role} {purpose}"] = (cast[of].person_id, case_id)

    async def turn(self, seed: int, *, changing: bool = True, of_calls: bool = False) -> Turn:
        """Change the tenant as the seed says, unless it is to stay; return how it stands, and who asks."""
        rng = random.Random(seed)
        cast = [one.person_id for one in self.demo.casts[self.part.tenant.slug].values() if one.case_id is None]
        if changing:
            await shuffle(self.connection, self.tenant_id, rng, cast)
            await change_rules(self.connection, self.tenant_id, rng, of_calls=of_calls)
        # Some events are found by what the sealer made of them, those after it one by one.
        if random.Random(f"seal {seed}").random() < 0.5:
            await seal(self.database, self.tenant_id)
        other = DEMO_TENANTS[(self.part.number + 1) % len(DEMO_TENANTS)]
        world, foreign = [await load(self.demo.urls.owner, key) for key in (self.tenant_id, other.id)]
        members = dict.fromkeys([*cast, *drawn(world, rng)])
        bearers: list[Bearer] = [*((key, None) for key in members), *self.cases.values()]
        await self._sign_in(bearers)
        return Turn(world, gather(world, foreign), [self._asking(world, bearer) for bearer in bearers])

    def _asking(self, world: World, bearer: Bearer) -> Asking:
        person, case_id = bearer
        viewer = member(world, person) if case_id is None else staff(world, case_id)
        return Asking(self.client, self.tokens[bearer], viewer, world, fetcher(self.connection, self.ring), self.policy)

    async def _sign_in(self, bearers: Iterable[Bearer]) -> None:
        now = datetime.now(UTC)
        async with self.database.writing(SystemTask(Task.DEMO, self.tenant_id)) as session:
            for key, case_id in bearers:
                if (key, case_id) not in self.tokens:
                    session_id, _ = await lasting_session(
                        session, person_id=key, case_id=case_id, at_least=now + HOURS / 2, until=now + HOURS
                    )
                    self.tokens[key, case_id] = self.issuer.issue(self.tenant_id, key, session_id, now + HOURS / 2)


@asynccontextmanager
async def scene_of(
    part: Part, demo: Demo, client: httpx2.AsyncClient, issuer: Tokens, policy: Policy
) -> AsyncIterator[Scene]:
    """Give the part's scene in `demo`, a database that it may change; close what it opened."""
    connection, database = await asyncpg.connect(demo.urls.superuser), open_database(demo.urls)
    scene = Scene(part, demo, client, connection, database, issuer, await ring_of(connection), policy)
    await scene.open_cases()
    yield scene
    await database.close()
    await connection.close()


@asynccontextmanager
async def cloned(demo: Demo, server: Addresses) -> AsyncIterator[Demo]:
    """Give the demo again, in a database of its own."""
    name = await clone(server, urlsplit(demo.urls.superuser).path.strip("/"))
    yield Demo(addresses_of(server, name), demo.casts)
    await remove(server, name)


def drawn(world: World, rng: random.Random) -> list[UUID]:
    """Return members of the tenant to ask: of each kind of relation some, and some of all."""
    stays = [key for key in sorted(world.people) if world.is_member(key)]
    kinds = (
        [key for key in stays if "INSTRUCTOR" in world.grants(key) and world.taught_by(key)],
        [key for key in stays if "ENTERPRISE_ADMIN" in world.grants(key)],
        [key for key in stays if world.wards(key)],
        [key for key in stays if world.guardians(key)],
        [key for key in stays if world.people[key]["restricted"]],
    )
    found = [rng.choice(kind) for kind in kinds if kind]
    return found + rng.sample(stays, DRAWN - len(found))


def fetcher(connection: asyncpg.Connection, ring: Ring) -> FetchEvent:
    """Return a way to find a request's one event, opened."""

    async def fetch(request_id: str) -> Mapping[str, Any] | None:
        rows = await connection.fetch("SELECT * FROM access_event WHERE request_id = $1", request_id)
        assert len(rows) <= 1, f"{len(rows)} events of one request"
        return ring.opened("access_event", rows[0]) if rows else None

    return fetch
