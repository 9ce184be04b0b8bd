"""Proofs about a tenant's tree: that a leaf is in it, and that it only ever grew (RFC 9162, section 2.1)."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Integer, Text, Uuid, bindparam, cast, func, literal_column, select

from authz.audit.seal.merkle import Place, consistency, inclusion
from authz.audit.seal.model import trail_checkpoint, trail_leaf
from authz.audit.seal.statements import HASHES, NEWEST, first_covering
from tenants.session import ReadSession, in_tenant
from tenants.statements import compiled

_CHECKPOINT = compiled(
    select(trail_checkpoint.c.size, trail_checkpoint.c.note).where(
        in_tenant(trail_checkpoint), trail_checkpoint.c.size == bindparam("size", type_=Integer())
    )
)

Proof = dict[str, Any]
"""As GraphQL and the command tell it."""


async def hashes_for(session: ReadSession, place: int, size: int) -> Mapping[Place, bytes]:
    """Return what proofs about `place` in the tree of `size` leaves are made of (`trail_hashes` in the database)."""
    return _by_place(orjson.loads((await session.run(HASHES, {"place": place, "size": size}))[0]["hashes"]))


def inclusion_proof(position: int, leaf: bytes, note: str, hashes: Mapping[Place, bytes]) -> Proof:
    """Return the proof that the leaf at `position`, with the hash `leaf`, is in the tree that `note` signs."""
    size = int(note.split("\n")[1])
    path = inclusion(position, size, hashes.__getitem__)
    return {
        "position": position,
        "leafHash": b64encode(leaf).decode(),
        "size": size,
        "hashes": [b64encode(each).decode() for each in path],
        "checkpoint": note,
    }


async def consistency_proof(session: ReadSession, old: int, size: int | None) -> Proof | None:
    """Return the proof that the tree of `size` leaves (None: the newest) goes on from that of `old`.

    None where there are no checkpoints of these sizes, or the first is the larger.
    """
    rows = await session.run(NEWEST, {}) if size is None else await session.run(_CHECKPOINT, {"size": size})
    older = await session.run(_CHECKPOINT, {"size": old})
    if not rows or not older or old > rows[0]["size"]:
        return None
    new = rows[0]["size"]
    path = consistency(old, new, (await hashes_for(session, old - 1, new)).__getitem__)
    return {
        "oldSize": old,
        "oldCheckpoint": older[0]["note"],
        "size": new,
        "hashes": [b64encode(each).decode() for each in path],
        "checkpoint": rows[0]["note"],
    }


async def proof_of(session: ReadSession, event_id: UUID) -> Proof | None:
    """Return the proof that an event is in the tree of the first checkpoint that covers it; None until one does."""
    rows = await session.run(_OF_EVENT, {"event_id": event_id})
    return told(rows[0]["proof"]) if rows and rows[0]["proof"] is not None else None


def proof_material(event_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return what `told` makes a proof of, as JSON, for a statement about the event; null until one covers it."""
    hashes = func.trail_hashes(trail_leaf.c.position, trail_checkpoint.c.size)
    leaf = func.encode(trail_leaf.c.hash, literal_column("'base64'"))
    material = func.jsonb_build_array(trail_leaf.c.position, leaf, trail_checkpoint.c.note, hashes)
    return first_covering(event_id, cast(material, Text))


def told(material: str) -> Proof:
    """Return the proof that is made of `proof_material`."""
    position, leaf, note, hashes = orjson.loads(material)
    return inclusion_proof(position, b64decode(leaf), note, _by_place(hashes))


def _by_place(rows: Sequence[tuple[int, int, str]]) -> Mapping[Place, bytes]:
    return {(level, number): b64decode(hashed) for level, number, hashed in rows}


_OF_EVENT = compiled(select(proof_material(bindparam("event_id", type_=Uuid())).label("proof")))
