"""The sealer: gives events their order, builds the tree, signs it, and makes them found by their terms.

What waits stands in two tables: events to be sealed, which a trigger adds, and checkpoints to be kept outside. So
whatever ends the sealer in between, the next one goes on from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import shuffle
from typing import Any
from uuid import UUID

import structlog

from authz.audit.seal import statements
from authz.audit.seal.checkpoint import Checkpoint, origin_of, signed
from authz.audit.seal.leaf import canonical, leaf_of
from authz.audit.seal.merkle import Growing, leaf_hash
from authz.audit.seal.proofs import hashes_for
from authz.audit.seal.store import CheckpointStore, name_of
from authz.audit.terms import terms_in
from tenants.database import Database
from tenants.directory import tenants_among
from tenants.ids import TenantId
from tenants.session import ReadSession, SystemTask, Task, WriteSession
from tenants.signing_files import SigningKeys

log = structlog.get_logger(__name__)

_BATCH = 100
"""Events sealed by one statement of each kind: few, so that requests beside it wait for milliseconds."""
_MOST = 2_000
"""Events sealed in one transaction."""

Place = tuple[datetime, UUID]
"""An event's place among those that wait."""
_START = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


@dataclass(slots=True)
class Sealer:
    """Seals the events of all tenants. As many processes as like may run one: of each tenant one seals at a time."""

    database: Database
    keys: Callable[[], SigningKeys]
    """Reads them anew, so that a new key signs without a restart."""
    store: CheckpointStore
    sealed: int = 0
    """Events that this process has sealed."""
    last: datetime | None = None
    """When this process last had nothing left to do."""

    async def seal_all(self) -> None:
        """Seal what waits, of every tenant; a tenant that fails is logged, and the others have their turn.

        Raises what the database and the keys' file do when it is not about one tenant.
        """
        keys = self.keys()
        async with self.database.outside() as connection:
            found = (await connection.execute(statements.WAITING)).scalars().all()
        waiting = await tenants_among(self.database, found) if found else []
        # Several processes begin with different ones.
        shuffle(waiting)
        failed = 0
        for tenant_id in waiting:
            try:
                await self.seal(tenant_id, keys)
            except Exception as error:
                failed += 1
                log.exception("a tenant's trail was not sealed", tenant=str(tenant_id), error=type(error).__name__)
        if not failed:
            self.last = datetime.now(UTC)

    async def seal(self, tenant_id: TenantId, keys: SigningKeys) -> int:
        """Seal what waits of a tenant, unless another process does, and keep its checkpoints; return how many events.

        Raises `DatabaseUnavailableError` and `CheckpointStoreError`; what was sealed stays so.
        """
        total, place = 0, _START
        while True:
            async with self.database.writing(SystemTask(Task.SEAL, tenant_id)) as session:
                added, place = await seal_some(session, keys, place)
            total += added
            self.sealed += added
            await self._keep(tenant_id)
            if added < _MOST:
                return total

    async def _keep(self, tenant_id: TenantId) -> None:
        """Keep the checkpoints that wait for it outside."""
        task = SystemTask(Task.SEAL, tenant_id)
        async with self.database.reading(task) as session:
            rows = await session.run(statements.UNKEPT, {"most": _MOST})
        for row in rows:
            await self.store.put(name_of(tenant_id, row["at"], row["size"]), row["note"].encode())
            async with self.database.writing(task) as session:
                await session.run(statements.KEPT, {"size": row["size"]})


async def seal_some(session: WriteSession, keys: SigningKeys, place: Place) -> tuple[int, Place]:
    """Seal up to some thousand events of the session's tenant, from `place` on, and sign the tree.

    Return how many, and the place of the last. None are sealed where another process is at it.
    """
    await session.run(statements.ALONG_INDEXES, {})
    if not (await session.run(statements.TAKE_TURN, {}))[0]["mine"]:
        return 0, place
    tree = await tree_of(session)
    before = tree.size
    while tree.size - before < _MOST:
        after = {"after_at": place[0], "after_id": place[1]}
        rows = await session.run(statements.next_waiting(_BATCH), after)
        if rows:
            place = rows[-1]["waiting_at"], rows[-1]["waiting_id"]
        # One that is gone stays among those that wait: it is evidence (`authz.audit.seal.verify`).
        if there := [row for row in rows if row["id"] is not None]:
            await _add(session, tree, there)
        if len(rows) < _BATCH:
            break
    if tree.size > before:
        await _sign(session, tree, keys)
    return tree.size - before, place


async def _sign(session: WriteSession, tree: Growing, keys: SigningKeys) -> None:
    newest = await session.run(statements.NEWEST, {})
    # A clock that was set back must not make the checkpoints' times go back.
    at = max(datetime.now(UTC), *(row["at"] for row in newest)) if newest else datetime.now(UTC)
    note = signed(Checkpoint(origin_of(session.tenant_id), tree.size, tree.root(), at), keys.signing)
    await session.run(statements.ADD_CHECKPOINT, {"size": tree.size, "at": at, "note": note})
    await session.run(statements.ADD_UNKEPT, {"size": tree.size})


async def tree_of(session: ReadSession) -> Growing:
    """Return the tenant's tree at its right edge."""
    last = (await session.run(statements.SIZE, {}))[0]["last"]
    size = 0 if last is None else last + 1
    return Growing(size, (await hashes_for(session, size, size)).__getitem__)


async def _add(session: WriteSession, tree: Growing, rows: Sequence[Any]) -> None:
    """Add events to the tree: their leaves, the parts that they complete, and what they are found by."""
    first, leaves = tree.size, [leaf_of(row) for row in rows]
    hashes = [leaf_hash(canonical(leaf)) for leaf in leaves]
    nodes = [node for hashed in hashes for node in tree.add(hashed)]
    facts = {
        "ids": [row["id"] for row in rows],
        "years": [row["retention_years"] for row in rows],
        "times": [row["at"] for row in rows],
    }
    await session.run(statements.TAKE, facts)
    await session.run(statements.ADD_LEAVES, {**facts, "hashes": hashes, "first": first})
    if nodes:
        levels, numbers = zip(*(place for place, _ in nodes), strict=True)
        roots = [root for _, root in nodes]
        await session.run(statements.ADD_NODES, {"levels": levels, "numbers": numbers, "roots": roots})
    terms = [(term, number) for number, leaf in enumerate(leaves, 1) for term in terms_in(leaf)]
    texts, events = zip(*terms, strict=True)
    await session.run(statements.ADD_TERMS, {**facts, "terms": texts, "events": events})
