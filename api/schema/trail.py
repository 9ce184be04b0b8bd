"""Proofs about the trail: that an event is in the signed tree, and that the tree only ever grew."""

from collections.abc import Mapping
from typing import Any

import strawberry

from api.context import Context
from api.reading.page import bad_input
from api.reading.reads import Made
from authz.audit.seal.model import MOST_LEAVES
from authz.audit.seal.proofs import consistency_proof

PRICE = 50
"""Values that the work on one proof is worth: some hundred hashes are read for it."""


@strawberry.type(
    description="The proof that an event is in the tree of a signed checkpoint (RFC 9162, section 2.1.3). With the "
    "event as `sextrontgen audit export` writes it, anybody can check it."
)
class EventProof:
    """The proof about one event."""

    position: int = strawberry.field(description="The event's place among its tenant's, from 0.")
    leaf_hash: str = strawberry.field(description="The hash of its leaf, base64.")
    size: int = strawberry.field(description="How many leaves the tree has.")
    hashes: list[str] = strawberry.field(description="The hashes beside the way to the root, from below, base64.")
    checkpoint: str = strawberry.field(description="What was signed of the tree (C2SP tlog-checkpoint).")


@strawberry.type(
    description="The proof that a signed tree goes on from an older one: nothing in that was changed (RFC 9162, "
    "section 2.1.4)."
)
class ConsistencyProof:
    """The proof about two checkpoints."""

    old_size: int = strawberry.field(description="How many leaves the older tree has.")
    old_checkpoint: str = strawberry.field(description="What was signed of the older tree.")
    size: int = strawberry.field(description="How many leaves the newer tree has.")
    hashes: list[str] = strawberry.field(description="The proof's hashes, base64.")
    checkpoint: str = strawberry.field(description="What was signed of the newer tree.")


SIZES = {
    "from": (int, "The size of the older checkpoint."),
    "to": (int | None, "That of the newer. Left out: the newest."),
}


def consistency(context: Context, arguments: Mapping[str, Any]) -> Made:
    """Return the promise of the proof between two checkpoints of the viewer's tenant."""
    old, size = arguments["from"], arguments.get("to")
    if not 1 <= old <= (MOST_LEAVES if size is None else size):
        raise bad_input("from is the size of a checkpoint that is older than that of to.")

    async def make() -> Mapping[str, Any]:
        found = await consistency_proof(context.session, old, size)
        if found is None:
            raise bad_input("There are no checkpoints of these sizes.")
        return found

    return Made(make)
