"""The sealer: gives events their order, builds the tree, signs it, and makes them found by their terms.

What waits is taken from a table that a trigger fills, and leaves it when a checkpoint that covers it is kept outside.
So whatever ends the sealer in between, the next one goes on from there.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import shuffle
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Sealed:
    """The newest checkpoint of a tenant, and how many events were added to its tree now."""

    checkpoint: Checkpoint
    note: str
    added: int


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
        """Seal what waits of a tenant, unless another process does; return how many events.

        Raises `DatabaseUnavailableError` and `CheckpointStoreError`; what was sealed stays so.
        """
        task, total = SystemTask(Task.SEAL, tenant_id), 0
        while True:
            async with self.database.writing(task) as session:
                done = await seal_some(session, keys)
            if done is None:
                return total
            await self.store.put(name_of(tenant_id, done.checkpoint), done.note.encode())
            async with self.database.writing(task) as session:
                await session.run(statements.DONE, {"size": done.checkpoint.size})
            total += done.added
            self.sealed += done.added
            if done.added < _MOST:
                return total


async def seal_some(session: WriteSession, keys: SigningKeys) -> Sealed | None:
    """Seal up to some thousand events of the session's tenant and sign the tree.

    Return the newest checkpoint; None where another process is at it, or there is nothing to sign.
    """
    if not (await session.run(statements.TAKE_TURN, {}))[0]["mine"]:
        return None
    tree = await tree_of(session)
    before = tree.size
    while tree.size - before < _MOST:
        rows = await session.run(statements.NEXT, {"most": _BATCH})
        if rows:
            await _add(session, tree, rows)
        if len(rows) < _BATCH:
            break
    newest = await session.run(statements.NEWEST, {})
    if tree.size == before:
        return _known(session.tenant_id, newest[0]) if newest else None
    # A clock that was set back must not make the checkpoints' times go back.
    at = max(datetime.now(UTC), *(row["at"] for row in newest)) if newest else datetime.now(UTC)
    checkpoint = Checkpoint(origin_of(session.tenant_id), tree.size, tree.root(), at)
    note = signed(checkpoint, keys.signing)
    await session.run(statements.ADD_CHECKPOINT, {"size": tree.size, "at": at, "note": note})
    return Sealed(checkpoint, note, tree.size - before)


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
    await session.run(statements.ADD_LEAVES, {**facts, "hashes": hashes, "first": first})
    if nodes:
        levels, numbers = zip(*(place for place, _ in nodes), strict=True)
        roots = [root for _, root in nodes]
        await session.run(statements.ADD_NODES, {"levels": levels, "numbers": numbers, "roots": roots})
    terms = [(term, number) for number, leaf in enumerate(leaves, 1) for term in terms_in(leaf)]
    texts, events = zip(*terms, strict=True)
    await session.run(statements.ADD_TERMS, {**facts, "terms": texts, "events": events})


def _known(tenant_id: TenantId, row: Mapping[str, Any]) -> Sealed:
    root = b64decode(row["note"].split("\n")[2])
    return Sealed(Checkpoint(origin_of(tenant_id), row["size"], root, row["at"]), row["note"], 0)
