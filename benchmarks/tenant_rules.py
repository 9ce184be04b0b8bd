"""What tenants' own rules cost: `python -m benchmarks.tenant_rules [--tenants 1000] [--rules 30]`.

A tenant without rules and many with rules of their own, each with an instructor and a course, in one database and one
process. Asked in turns: a tenant with rules and the one without, so that what else the machine does hits both alike.
"""

import argparse
import asyncio
import itertools
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

from rich.console import Console
from rich.progress import track
from sqlalchemy import update

from api.commands.store import Store
from api.commands.terminal import say
from api.ids import encode_id
from api.reading.declare import entities_of
from api.schema.build import build_schema, catalogue
from authz.tenant_rules.model import tenant_rule
from authz.viewer import Role
from benchmarks.generated import write_class
from benchmarks.inside import Inside, serving
from benchmarks.processors import pin, share_out
from benchmarks.scenarios import ROSTER
from benchmarks.store import development_store
from benchmarks.tenant import gather_statistics, sign_in
from domain.oulad.writer import Tally, writing
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId, uuid7
from tenants.model import tenant
from tenants.session import SystemTask, Task, in_tenant

ROLES = (Role.INSTRUCTOR, Role.ENTERPRISE_ADMIN, Role.SEAT_MANAGER, Role.SUPPORT)
SIZE, WARM = 20, 5
"""Learners of a course, and how often a tenant is asked again."""


@dataclass(frozen=True, slots=True)
class Asker:
    """An instructor, and the course whose roster they ask."""

    token: str
    course_id: UUID

    async def roster(self, inside: Inside) -> float:
        """Return how long the roster takes, in seconds."""
        took, _ = await inside.ask(self.token, ROSTER, {"course": encode_id("Course", self.course_id)})
        return took


def main() -> None:
    """Measure and print."""
    options = _options()
    with development_store(options.data) as store:
        processors = share_out()
        askers = asyncio.run(_prepare(store, options.tenants, options.rules, random.Random(options.seed)))
        assert store.superuser_url is not None
        asyncio.run(gather_statistics(store.superuser_url))
        pin(processors.server)
        first, again, round_robin = asyncio.run(_measure(store, askers))
    console = Console(width=100)
    console.print(f"{options.tenants:,} tenants with {options.rules} rules each")
    console.print(f"first request of a tenant: {_more(first)}")
    console.print(f"asked again at once: ratio of medians {_ratio(again):.3f} over {len(again):,} pairs")
    console.print(f"each tenant in turn, all of them again: ratio of medians {_ratio(round_robin):.3f}")


Pairs = Sequence[tuple[float, float]]
"""Seconds with rules and without, one after the other."""


async def _measure(store: Store, askers: Sequence[Asker]) -> tuple[Pairs, Pairs, Pairs]:
    plain, *ruled = askers
    async with serving(store) as inside:
        for _ in range(50):
            await plain.roster(inside)

        async def pair(one: Asker) -> tuple[float, float]:
            return await one.roster(inside), await plain.roster(inside)

        first, again = [], []
        for one in track(ruled, "asking each tenant", console=Console(stderr=True)):
            first.append(await pair(one))
            again += [await pair(one) for _ in range(WARM)]
        return first, again, [await pair(one) for one in ruled]


def _ratio(pairs: Pairs) -> float:
    return median(one for one, _ in pairs) / median(other for _, other in pairs)


def _more(pairs: Pairs) -> str:
    more = [(one - other) * 1000 for one, other in pairs]
    return f"{median(more):.1f} ms more (median), {quantiles(more, n=100)[98]:.1f} ms (99 of 100 take less)"


async def _prepare(store: Store, tenants: int, rules: int, chance: random.Random) -> list[Asker]:
    database = store.open()
    objects = [
        f"{name}.{field}"
        for name, fields in catalogue(entities_of(build_schema())).items()
        for field in fields
        if name in ("Learner", "Enrollment", "AssessmentResult", "Seat") and field != "id"
    ]
    found = []
    try:
        for number in track(range(tenants + 1), "making tenants", console=Console(stderr=True)):
            key = await ensure_tenant(database, f"tenant-{number}", f"Tenant {number}")
            asker, author = await _class(store, database, key)
            if number:
                said = chance.sample(list(itertools.product(ROLES, objects, (None, "MINOR"))), rules)
                await _rule(database, key, author, said)
            found.append(asker)
    finally:
        await database.close()
    return found


async def _class(store: Store, database: Database, key: TenantId) -> tuple[Asker, UUID]:
    async with writing(database, key, Tally()) as writer:
        course_id, instructor_id = await write_class(writer, SIZE, "class")
    return Asker(await sign_in(store, database, key, instructor_id), course_id), instructor_id


async def _rule(database: Database, key: TenantId, author: UUID, said: Sequence[tuple[Role, str, str | None]]) -> None:
    rows = [
        {
            "id": uuid7(),
            "version": number,
            "role": role.value,
            "object": object_,
            "subject": subject,
            "allow": False,
            "author_id": author,
            "added_at": datetime.now(UTC),
        }
        for number, (role, object_, subject) in enumerate(said, 1)
    ]
    async with database.writing(SystemTask(Task.IMPORT, key)) as session:
        await session.insert(tenant_rule, rows)
        await session.change(update(tenant).where(in_tenant(tenant)).values(policy_stamp=uuid7()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.tenant_rules", description="What tenants' own rules cost")
    parser.add_argument("--tenants", type=int, default=1_000, help="tenants with rules")
    parser.add_argument("--rules", type=int, default=30, help="rules of each, at most 200")
    parser.add_argument("--seed", type=int, default=1, help="which rules")
    parser.add_argument("--data", type=Path, help="folder of an embedded database, left out: a new one")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(130)
