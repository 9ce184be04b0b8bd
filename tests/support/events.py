"""Events for tests of the trail: recorded as requests record them, with people and fields drawn from a seed."""

from datetime import UTC, datetime
from random import Random
from uuid import UUID

from authz.audit.recorder import Event, record
from authz.reasons import DenialReason
from authz.viewer import Purpose, Role, Viewer
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.session import SystemTask, Task

CATEGORIES = {"Learner.name": "IDENTITY", "Learner.email": "CONTACT", "Learner.title": "PROFILE", "Seat.id": "SEAT"}
FIELDS = sorted(CATEGORIES)
PEOPLE = [UUID(int=number) for number in range(1, 40)]
OPERATIONS = ["Roster", "Mine", None, "Späße 🎓"]


def drawn_event(random: Random, tenant_id: TenantId) -> Event:
    """Return an event of some request."""
    has_case = random.random() < 0.3
    roles = [Role.SECURITY] if has_case else random.sample([Role.LEARNER, Role.INSTRUCTOR], random.randint(1, 2))
    viewer = Viewer(
        tenant_id,
        random.choice(PEOPLE),
        uuid7(),
        tuple(roles),
        case_id=UUID(int=1000 + random.randint(0, 2)) if has_case else None,
        purpose=Purpose.SECURITY_REVIEW if has_case else None,
    )
    reason = random.choice(list(DenialReason))
    denials = {(random.choice(FIELDS), reason, reason): set(random.sample(PEOPLE, 2))} if random.random() < 0.4 else {}
    disclosed = {field: set(random.sample(PEOPLE, random.randint(1, 10))) for field in random.sample(FIELDS, 2)}
    return Event(
        viewer=viewer,
        capacities=[roles[0].value],
        operation=random.choice(OPERATIONS),
        document_hash=f"{random.getrandbits(256):064x}",
        request_id=str(uuid7()),
        policy_version="v1",
        disclosures=disclosed,
        denials=denials,
        category_of=CATEGORIES.__getitem__,
        client_address="192.0.2.7",
        client_device=random.choice(["Firefox on Linux", None]),
    )


async def add_events(database: Database, tenant_id: TenantId, count: int, seed: int = 1) -> datetime:
    """Record `count` events, each in a transaction of its own; return the instant before the first (UTC)."""
    random, before = Random(seed), datetime.now(UTC)
    for _ in range(count):
        async with database.reading(SystemTask(Task.DEMO, tenant_id)) as session:
            await record(session, drawn_event(random, tenant_id))
    return before
