"""The tree over what is stored, worked out from the page that describes it and with nothing of the product."""

import base64
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg

from tests.support.cluster import Urls

_STORED = """
    SELECT event.* FROM trail_leaf leaf
    JOIN access_event event ON event.tenant_id = leaf.tenant_id AND event.id = leaf.event_id
    WHERE leaf.tenant_id = $1 ORDER BY leaf.position
"""


async def stored_leaves(urls: Urls, tenant_id: UUID) -> list[bytes]:
    """Return the leaves of the stored events in the order of their positions, as canonical JSON."""
    connection = await asyncpg.connect(urls.superuser)
    try:
        return [leaf(row) for row in await connection.fetch(_STORED, tenant_id)]
    finally:
        await connection.close()


def leaf(row: asyncpg.Record) -> bytes:
    """Return the canonical JSON of a stored event."""
    members = {name: _plain(name, value) for name, value in row.items() if value is not None}
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(leaf: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + leaf).digest()


def root_over(leaves: list[bytes]) -> bytes:
    """Return the Merkle tree hash of RFC 9162, section 2.1.1, by its definition."""
    if len(leaves) == 1:
        return hash_of(leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + root_over(leaves[:half]) + root_over(leaves[half:])).digest()


def _plain(name: str, value: Any) -> Any:
    if name in ("disclosures", "denials"):
        return json.loads(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value) if hasattr(value, "hex") and not isinstance(value, int | str) else value
