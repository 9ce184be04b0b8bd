"""People whose phones are sealed, readers and writers of them, and looking whether all is readable."""

import asyncio
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import bindparam, select, update

from domain.people.model import person
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.keys.rows import opened_rows, sealed_values
from tenants.session import SystemTask, Task, in_tenant


def task(tenant: TenantId) -> SystemTask:
    return SystemTask(Task.KEYS, tenant)


async def add_people(database: Database, tenant: TenantId, size: int) -> dict[UUID, str]:
    """Add people; return each one's phone."""
    phones = {uuid7(): f"+49 {number}" for number in range(size)}
    async with database.writing(task(tenant)) as session:
        await session.insert(person, [{"id": key, "phone": phone} for key, phone in phones.items()])
    return phones


async def phones_of(database: Database, tenant: TenantId, people: Mapping[UUID, str]) -> dict[UUID, object]:
    """Return what opens of these people's phones."""
    async with database.reading(task(tenant)) as session:
        query = select(person.c.id, person.c.phone).where(in_tenant(person), person.c.id.in_(list(people)))
        rows = await opened_rows(session, person, [row._asdict() for row in await session.rows(query)])
    return {row["id"]: row.get("phone") for row in rows}


@dataclass
class Load:
    """Reads and writes beside something else, each checked."""

    database: Database
    tenant: TenantId
    phones: dict[UUID, str]
    reads: int = 0
    writes: int = 0
    failed: list[object] = field(default_factory=list)

    async def read_and_write(self, seed: int, reads: int) -> None:
        """Read as many pages of ten, and write a tenth as many values, of a share of the people of one's own."""
        chance = random.Random(seed)
        own = list(self.phones)[seed::4]
        for number in itertools.count():
            if number >= reads:
                return
            some = {key: self.phones[key] for key in chance.sample(own, min(10, len(own)))}
            try:
                found = await phones_of(self.database, self.tenant, some)
                self.failed += [(key, found.get(key), phone) for key, phone in some.items() if found.get(key) != phone]
                self.reads += 1
                if number % 10 == 0:
                    await self._write(chance.choice(own), f"+1 {seed} {number}")
            except Exception as error:
                self.failed.append(error)
            await asyncio.sleep(0)

    async def _write(self, key: UUID, phone: str) -> None:
        async with self.database.writing(task(self.tenant)) as session:
            values = await sealed_values(session, person, key, key, {"phone": phone})
            changed = update(person).where(in_tenant(person), person.c.id == bindparam("key"))
            await session.change(changed.values(phone=values["phone"]), {"key": key})
        self.phones[key] = phone
        self.writes += 1
