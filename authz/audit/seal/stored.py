"""Reading a tenant's trail in its order: leaves with their events, and checkpoints, some thousand at a time."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, and_, bindparam, exists, func, not_, select

from authz.audit.event import access_event
from authz.audit.seal.leaf import Leaf, columns_of, leaf_of
from authz.audit.seal.model import trail_checkpoint, trail_leaf, trail_node, unkept_checkpoint, unsealed_event
from authz.audit.seal.statements import ALONG_INDEXES, SAME_CHECKPOINT, SIZE
from tenants.database import Database
from tenants.ids import TenantId
from tenants.session import ReadSession, SystemTask, Task, in_tenant
from tenants.statements import compiled

CHUNK = 2_000
"""Leaves read by one statement."""

_FIRST, _END = bindparam("first", type_=Integer()), bindparam("end", type_=Integer())
_OF_LEAF = and_(
    access_event.c.tenant_id == trail_leaf.c.tenant_id,
    access_event.c.retention_years == trail_leaf.c.retention_years,
    access_event.c.at == trail_leaf.c.at,
    access_event.c.id == trail_leaf.c.event_id,
)
_LEAVES = compiled(
    select(
        trail_leaf.c.position,
        trail_leaf.c.hash,
        trail_leaf.c.event_id,
        trail_leaf.c.retention_years.label("leaf_years"),
        trail_leaf.c.at.label("leaf_at"),
        *columns_of(access_event),
    )
    .select_from(trail_leaf.outerjoin(access_event, _OF_LEAF))
    .where(in_tenant(trail_leaf), trail_leaf.c.position >= _FIRST, trail_leaf.c.position < _END)
    .order_by(trail_leaf.c.position)
)
_CHECKPOINTS = compiled(
    select(trail_checkpoint.c.size, trail_checkpoint.c.note)
    .where(in_tenant(trail_checkpoint), trail_checkpoint.c.size > _FIRST, trail_checkpoint.c.size <= _END)
    .order_by(trail_checkpoint.c.size)
)
_NODES = compiled(
    select(trail_node.c.level, trail_node.c.index, trail_node.c.hash).where(
        in_tenant(trail_node),
        trail_node.c.level == bindparam("level", type_=Integer()),
        trail_node.c.index >= _FIRST,
        trail_node.c.index < _END,
    )
)
_EXACT_LEAF = exists().where(
    trail_leaf.c.tenant_id == access_event.c.tenant_id,
    trail_leaf.c.event_id == access_event.c.id,
    trail_leaf.c.retention_years == access_event.c.retention_years,
    trail_leaf.c.at == access_event.c.at,
)
_IS_OF_EVENT = and_(
    unsealed_event.c.tenant_id == access_event.c.tenant_id,
    unsealed_event.c.retention_years == access_event.c.retention_years,
    unsealed_event.c.at == access_event.c.at,
    unsealed_event.c.event_id == access_event.c.id,
)
_MOST = bindparam("most", type_=Integer())
_STRAY = compiled(
    select(access_event.c.id)
    .where(in_tenant(access_event), not_(_EXACT_LEAF), not_(exists().where(_IS_OF_EVENT)))
    .limit(_MOST)
)
_WAITING = compiled(
    select(func.count().label("events"), func.min(unsealed_event.c.at).label("since")).where(in_tenant(unsealed_event))
)
_UNKEPT = compiled(
    select(func.count().label("checkpoints"), func.min(trail_checkpoint.c.at).label("since"))
    .select_from(unkept_checkpoint.outerjoin(trail_checkpoint, SAME_CHECKPOINT))
    .where(in_tenant(unkept_checkpoint))
)
_LOST = compiled(
    select(unsealed_event.c.event_id).where(in_tenant(unsealed_event), not_(exists().where(_IS_OF_EVENT))).limit(_MOST)
)


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf as the database has it; `event` is None for one that is gone."""

    position: int
    hash: bytes
    event_id: UUID
    retention_years: int
    at: datetime
    event: Leaf | None


@dataclass(frozen=True, slots=True)
class Stored:
    """The trail of one tenant in a database. Each method reads in a transaction of its own."""

    database: Database
    tenant_id: TenantId

    async def size(self) -> int:
        """Return how many leaves there are, by the last one's position."""
        async with self.session() as session:
            last = (await session.run(SIZE, {}))[0]["last"]
        return 0 if last is None else int(last) + 1

    async def leaves(self, first: int, end: int) -> AsyncIterator[list[StoredLeaf]]:
        """Yield the leaves from `first` on, before `end`, in lists; one that is missing is left out."""
        while first < end:
            until = min(first + CHUNK, end)
            async with self.session() as session:
                rows = await session.run(_LEAVES, {"first": first, "end": until})
            yield [_leaf(row) for row in rows]
            first = until

    async def checkpoints(self, after: int, size: int) -> list[tuple[int, str]]:
        """Return the sizes and notes of the checkpoints larger than `after`, up to `size`, the smallest first."""
        async with self.session() as session:
            rows = await session.run(_CHECKPOINTS, {"first": after, "end": size})
        return [(row["size"], row["note"]) for row in rows]

    async def nodes(self, level: int, first: int, end: int) -> dict[tuple[int, int], bytes]:
        """Return the roots of complete parts of a level, from number `first` on, before `end`."""
        async with self.session() as session:
            rows = await session.run(_NODES, {"level": level, "first": first, "end": end})
        return {(row["level"], row["index"]): row["hash"] for row in rows}

    async def stray(self, most: int) -> list[UUID]:
        """Return events that neither have a leaf of their own nor wait for one."""
        async with self.session() as session:
            return [row["id"] for row in await session.run(_STRAY, {"most": most})]

    async def waiting(self) -> tuple[int, datetime | None]:
        """Return how many events wait for their leaf, and the time of the oldest."""
        async with self.session() as session:
            row = (await session.run(_WAITING, {}))[0]
        return row["events"], row["since"]

    async def lost(self, most: int) -> list[UUID]:
        """Return events that waited for their leaf and are gone."""
        async with self.session() as session:
            return [row["event_id"] for row in await session.run(_LOST, {"most": most})]

    async def unkept(self) -> tuple[int, datetime | None]:
        """Return how many checkpoints wait to be kept outside, and when the oldest of them was signed."""
        async with self.session() as session:
            row = (await session.run(_UNKEPT, {}))[0]
        return row["checkpoints"], row["since"]

    @asynccontextmanager
    async def session(self) -> AsyncIterator[ReadSession]:
        """Open a transaction to read in. Raises `DatabaseUnavailableError`."""
        async with self.database.reading(SystemTask(Task.AUDIT, self.tenant_id)) as session:
            await session.run(ALONG_INDEXES, {})
            yield session


def _leaf(row: Mapping[str, Any]) -> StoredLeaf:
    event = leaf_of(row) if row["id"] is not None else None
    return StoredLeaf(row["position"], row["hash"], row["event_id"], row["leaf_years"], row["leaf_at"], event)
