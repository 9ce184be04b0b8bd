"""Opening and sealing by the description of the form alone: nothing of the product's own code for it is used."""

import hmac
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MASTER_SECRET = sha256(b"the master key of the tests").digest()
"""The master key of every test's database."""

TEXT, TRUTH, DAY = "text", "truth", "day"
_PERSON = dict.fromkeys(
    ("email", "phone", "gender", "age_band", "region", "deprivation_band", "last_ip", "last_device"), TEXT
)
SEALED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "person": ("id", {**_PERSON, "disability": TRUTH, "birth_date": DAY}),
    "seat": ("person_id", {"email": TEXT}),
    "access_event": ("actor_id", {"client_address": TEXT, "client_device": TEXT}),
}
"""By table: the column of the person whose key seals, and each sealed column with what it holds."""

_FROM_TEXT: Mapping[str, Callable[[bytes], Any]] = {
    TEXT: lambda value: value.decode(),
    TRUTH: lambda value: value == b"\1",
    DAY: lambda value: date.fromisoformat(value.decode()),
}
_TO_TEXT: Mapping[str, Callable[[Any], bytes]] = {
    TEXT: lambda value: str(value).encode(),
    TRUTH: lambda value: bytes([value]),
    DAY: lambda value: str(value).encode(),
}


@dataclass(frozen=True)
class Ring:
    """Every data key of a database, unwrapped."""

    keys: Mapping[tuple[UUID, UUID], bytes]
    """By tenant and owner."""

    def opened(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with what is sealed in it opened, and without hashes."""
        found = {name: value for name, value in row.items() if not name.endswith("_hash") or name == "document_hash"}
        owner, columns = SEALED.get(table, ("", {}))
        for name in columns.keys() & found.keys():
            if found[name] is not None:
                secret = self.keys[row["tenant_id"], row[owner]]
                found[name] = _FROM_TEXT[columns[name]](open_cell(secret, place(table, name, row), found[name]))
        return found

    def sealed(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as it is stored, with the hash of an address."""
        found = dict(row)
        owner, columns = SEALED.get(table, ("", {}))
        for name in columns.keys() & found.keys():
            if found[name] is not None:
                secret = self.keys[row["tenant_id"], row[owner]]
                found[name] = seal_cell(secret, place(table, name, row), _TO_TEXT[columns[name]](row[name]))
        if table == "person" and "email" in row:
            email = row["email"]
            hasher = self.keys[row["tenant_id"], row["tenant_id"]]
            found["email_hash"] = None if email is None else digest(hasher, b"person\0email_hash", email.encode())
        return found


def place(table: str, column: str, row: Mapping[str, Any]) -> bytes:
    """Return what a cell is bound to."""
    names = table.encode() + b"\0" + column.encode() + b"\0"
    tenant_id: UUID = row["tenant_id"]
    row_id: UUID = row["id"]
    return b"sextrontgen cell 1\0" + tenant_id.bytes + names + row_id.bytes


def open_cell(secret: bytes, bound: bytes, sealed: bytes) -> bytes:
    """Return what is sealed. Raises `InvalidTag`."""
    padded: bytes = AESGCM(secret).decrypt(sealed[5:17], sealed[17:], bound + sealed[:5])
    return padded.rstrip(b"\0").removesuffix(b"\x80")


def seal_cell(secret: bytes, bound: bytes, value: bytes) -> bytes:
    """Return a value as it is stored, with a nonce of its own."""
    start, nonce = struct.pack(">BI", 1, 1), os.urandom(12)
    padded = value + b"\x80"
    padded += b"\0" * (-len(padded) % 32)
    return start + nonce + AESGCM(secret).encrypt(nonce, padded, bound + start)


def digest(secret: bytes, purpose: bytes, value: bytes) -> bytes:
    """Return the keyed hash by which a value is found."""
    key = hmac.digest(secret, b"sextrontgen digests 1", "sha256")
    return hmac.digest(key, struct.pack(">I", len(purpose)) + purpose + value, sha256)


async def opened_rows(url: str, table: str, tenant_id: UUID) -> list[dict[str, Any]]:
    """Return the tenant's rows of `table`, opened, by their ids; `url` is the superuser's."""
    connection = await asyncpg.connect(url)
    try:
        ring = await ring_of(connection)
        rows = await connection.fetch(f"SELECT * FROM {table} WHERE tenant_id = $1 ORDER BY id", tenant_id)
        return [ring.opened(table, row) for row in rows]
    finally:
        await connection.close()


async def ring_of(connection: asyncpg.Connection, master: bytes = MASTER_SECRET) -> Ring:
    """Return every data key in the database that the superuser's `connection` reaches."""
    tenants = {}
    for row in await connection.fetch("SELECT * FROM keys.tenant_key"):
        bound = b"sextrontgen tenant key 1\0" + row["tenant_id"].bytes + struct.pack(">I", row["version"])
        wrapped = row["wrapped"]
        tenants[row["tenant_id"], row["version"]] = AESGCM(master).decrypt(wrapped[:12], wrapped[12:], bound)
    keys = {}
    for row in await connection.fetch("SELECT * FROM keys.data_key"):
        tenant_id, owner_id, wrapped = row["tenant_id"], row["owner_id"], row["wrapped"]
        cipher = AESGCM(tenants[tenant_id, row["tenant_key"]])
        bound = b"sextrontgen key 1\0" + tenant_id.bytes + owner_id.bytes + wrapped[:9]
        keys[tenant_id, owner_id] = cipher.decrypt(wrapped[9:21], wrapped[21:], bound)
    return Ring(keys)


async def add_keys(
    connection: asyncpg.Connection, owners: set[tuple[UUID, UUID]], master: bytes = MASTER_SECRET
) -> None:
    """Give each of `owners` (tenant, person) and each of their tenants a key, where it has none."""
    name = sha256(b"sextrontgen master key 1\0" + master).hexdigest()[:16]
    await connection.execute("INSERT INTO keys.master_key (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
    tenants = {}
    for tenant_id in {tenant for tenant, _ in owners}:
        bound = b"sextrontgen tenant key 1\0" + tenant_id.bytes + struct.pack(">I", 1)
        secret, nonce = os.urandom(32), os.urandom(12)
        row = (tenant_id, name, nonce + AESGCM(master).encrypt(nonce, secret, bound))
        known = await connection.fetchval(
            "INSERT INTO keys.tenant_key (tenant_id, version, master, wrapped) VALUES ($1, 1, $2, $3)"
            " ON CONFLICT (tenant_id, version) DO UPDATE SET since = tenant_key.since RETURNING wrapped",
            *row,
        )
        tenants[tenant_id] = AESGCM(AESGCM(master).decrypt(known[:12], known[12:], bound))
    rows = []
    for tenant_id, owner_id in sorted(owners | {(tenant, tenant) for tenant in tenants}):
        start, nonce = struct.pack(">BII", 1, 1, 1), os.urandom(12)
        bound = b"sextrontgen key 1\0" + tenant_id.bytes + owner_id.bytes + start
        wrapped = start + nonce + tenants[tenant_id].encrypt(nonce, os.urandom(32), bound)
        rows.append((tenant_id, owner_id, wrapped))
    await connection.executemany(
        "INSERT INTO keys.data_key (tenant_id, owner_id, tenant_key, wrapped) VALUES ($1, $2, 1, $3)"
        " ON CONFLICT DO NOTHING",
        rows,
    )
