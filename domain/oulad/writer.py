"""One file's transaction: rows go in by batches, ids come back, and what changed is counted."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Column, Table, bindparam, column, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from tenants.bulk import upsert
from tenants.database import Database
from tenants.ids import TenantId
from tenants.session import SystemTask, Task, WriteSession, in_tenant

T = TypeVar("T")

BATCH = 5_000
"""Rows per statement: a fraction of a second each, far from any limit on time."""

_DISCARD_PLANS = text("DISCARD PLANS")


@dataclass(frozen=True, slots=True)
class TableCount:
    """How many rows the files hold for a table, and how many of them were added or changed."""

    rows: int
    changed: int


@dataclass(slots=True)
class Tally:
    """What an import wrote so far, by table."""

    tables: dict[str, TableCount] = field(default_factory=dict)

    def add(self, counts: Mapping[str, TableCount]) -> None:
        """Add `counts`."""
        for table, count in counts.items():
            before = self.tables.get(table, TableCount(0, 0))
            self.tables[table] = TableCount(before.rows + count.rows, before.changed + count.changed)


class Writer:
    """Writes into one transaction, for the tenant that it is for."""

    def __init__(self, session: WriteSession) -> None:
        self.tally = Tally()
        self._session = session

    async def put(
        self, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str], change: Sequence[str] = ()
    ) -> None:
        """Add `rows`, at most a batch; where `key` is there already, set the columns `change` that differ."""
        # A plan made while a table was nearly empty, those of foreign keys included, reads all of it for every row.
        await self._session.rows(_DISCARD_PLANS)
        changed = await upsert(self._session, table, rows, key=key, change=change)
        self.tally.add({table.name: TableCount(len(rows), changed)})

    async def ids(self, table: Table, by: Column[Any], values: Sequence[Any], **same: UUID) -> dict[Any, UUID]:
        """Return the ids of the rows of `table` by their value in `by`, where it is one of `values`.

        Read back after they were put: a row that was there already keeps the id it had. `same` narrows further.
        """
        # Joined with rows, not compared with an array: such a plan is good at any size of the table.
        unnested = func.unnest(bindparam("of", type_=ARRAY(by.type)))
        wanted = unnested.table_valued(column("value", by.type)).render_derived(name="wanted")
        query = select(by, table.c.id).join(wanted, by == wanted.c.value).where(in_tenant(table))
        for name in same:
            query = query.where(table.c[name] == bindparam(name))
        found = await self._session.rows(query, {"of": list(values), **same})
        return dict(found)


@asynccontextmanager
async def writing(database: Database, tenant_id: TenantId, tally: Tally) -> AsyncIterator[Writer]:
    """Open one file's transaction in the tenant; what it wrote is in `tally` once it has committed.

    Imports into one tenant take turns here, file by file, so that none waits for another's rows in another order.
    """
    async with database.writing(SystemTask(Task.IMPORT, tenant_id)) as session:
        await session.rows(select(func.pg_advisory_xact_lock(bindparam("turn"))), {"turn": _turn(tenant_id)})
        writer = Writer(session)
        yield writer
    tally.add(writer.tally.tables)


def batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """Yield `rows` in lists of at most a batch."""
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _turn(tenant_id: TenantId) -> int:
    digest = hashlib.sha256(b"import oulad " + tenant_id.bytes).digest()
    return int.from_bytes(digest[:8], signed=True)
