"""A demo's database whose trail is sealed and waits for commands; nobody serves it, so nothing moves by itself."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from subprocess import CompletedProcess
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from api.commands.store import Store, open_store
from api.sealing import sealer_of
from authz.audit.recorder import record
from domain.demo.cast import CastMember
from domain.demo.service import ensure_demo
from tenants.database import Database
from tenants.directory import find_tenant
from tenants.ids import TenantId
from tenants.session import SystemTask, Task
from tests.api.commands.programs import run
from tests.api.commands.within import run_within
from tests.support.events import add_events, drawn_event

TICKET = "DEMO-1"
ROUNDS = (5, 30, 7)
"""Events of northwind sealed together; each time one checkpoint. Some more wait."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Audited:
    """A folder with an embedded database that runs, its store, and the cast of its tenants."""

    folder: Path
    store: Store
    cast: dict[str, dict[str, CastMember]]

    def person(self, role: str, slug: str = "northwind") -> UUID:
        return self.cast[slug][role].person_id

    def run(self, *arguments: str, **environment: str) -> CompletedProcess[str]:
        """Run `audit` with `arguments` on the folder, in this process."""
        return run_within("audit", *arguments, "--data", str(self.folder), **environment)

    def start(self, *arguments: str) -> CompletedProcess[str]:
        """Run the same as a program of its own, as a terminal does."""
        return run("audit", *arguments, "--data", str(self.folder))

    def export(self, target: Path | str, *more: str, slug: str = "northwind") -> CompletedProcess[str]:
        return self.run("export", str(target), "--tenant", slug, "--case", TICKET, *more)

    def key(self) -> str:
        """Return northwind's first key, as verifiers take it."""
        printed = self.run("keys", "--tenant", "northwind")
        assert printed.returncode == 0, printed.stderr
        return printed.stdout.splitlines()[0]

    def sql(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """Run a statement as the superuser."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.store.superuser_url)
            try:
                # No trigger and no foreign key is in the way of who owns the database.
                await connection.execute("SET session_replication_role = replica")
                return list(await connection.fetch(query, *values))
            finally:
                await connection.close()

        return asyncio.run(ask())

    def tenant_id(self, slug: str = "northwind") -> TenantId:
        return self.with_database(lambda database: find_tenant(database, slug))

    def with_database(self, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
        """Do `work` with the database, in this process."""

        async def do() -> T:
            database = self.store.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(do())

    def seal(self) -> None:
        """Seal what waits."""
        self.with_database(lambda database: sealer_of(database, self.store.settings).seal_all())

    def reads_by(self, person_id: UUID, count: int, slug: str = "northwind") -> datetime:
        """Record events by a person; return the instant before the first (UTC)."""

        async def add(database: Database) -> datetime:
            tenant_id, random, before = await find_tenant(database, slug), Random(count), datetime.now(UTC)
            for _ in range(count):
                event = drawn_event(random, tenant_id)
                async with database.reading(SystemTask(Task.DEMO, tenant_id)) as session:
                    await record(session, replace(event, viewer=replace(event.viewer, person_id=person_id)))
            return before

        return self.with_database(add)


@contextmanager
def audited_in(folder: Path) -> Iterator[Audited]:
    """Make the demo in `folder` with a sealed trail, and keep its server running."""
    with open_store(folder) as store:
        audited = Audited(folder, store, {})
        audited.cast.update(audited.with_database(lambda database: ensure_demo(database, lambda _line: None)))
        northwind, riverside = audited.tenant_id(), audited.tenant_id("riverside")
        audited.with_database(lambda database: add_events(database, riverside, 3))
        for seed, count in enumerate(ROUNDS):
            audited.with_database(lambda database, seed=seed, count=count: add_events(database, northwind, count, seed))  # type: ignore[misc] # bound by default
            audited.seal()
        audited.reads_by(audited.person("instructor"), 4)
        yield audited


def said(ended: CompletedProcess[str]) -> str:
    """Return the one line that a refused command said."""
    assert ended.returncode == 1, ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.startswith("sextrontgen: ")]
    assert "Traceback" not in ended.stderr
    assert len(lines) == 1, ended.stderr
    return lines[0]
