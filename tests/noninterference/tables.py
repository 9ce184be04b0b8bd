"""The tables of a tenant as plain rows: what identifies one, what differs, how they come into PostgreSQL, sealed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Column, Table

from authz.audit.event import access_event
from authz.tenant_rules.model import tenant_rule
from domain.accounts.model import session
from domain.cases.model import staff_case, staff_case_subject
from domain.courses.model import assessment, course, teaching
from domain.enrollments.model import assessment_result, enrollment
from domain.people.model import guardianship, membership, person, role_grant
from domain.seats.model import seat, seat_pool, seat_pool_course
from tenants.keys.columns import Hashed
from tenants.model import agreement, agreement_grant, tenant, tenant_directory
from tests.support.sealing import Ring, add_keys, ring_of

Row = dict[str, Any]
Tables = dict[str, list[Row]]
"""Rows by the table's name, each with all columns but hashes, in clear and in Python's own values."""
Key = tuple[Any, ...]

_FILLED_IN_ORDER = (
    tenant_directory, tenant, agreement, agreement_grant, tenant_rule, person, membership, role_grant, guardianship,
    course, teaching, assessment, enrollment, assessment_result, seat_pool, seat_pool_course, seat, staff_case,
    staff_case_subject, session, access_event,
)  # fmt: skip

TABLES: Mapping[str, Table] = {each.name: each for each in _FILLED_IN_ORDER}
"""Whoever is pointed at comes before whoever points."""

COLUMNS: Mapping[str, Sequence[Column[Any]]] = {
    name: [column for column in table.c if not isinstance(column.type, Hashed)] for name, table in TABLES.items()
}
"""By table. A hash follows from what it is of."""

KEYS: Mapping[str, tuple[str, ...]] = {
    name: tuple(str(column.name) for column in table.primary_key if column.name != "tenant_id") or ("tenant_id",)
    for name, table in TABLES.items()
} | {"access_event": ("id",)}

_SET = "SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1::jsonb)"
UNIQUE = {"person": ("email", "external_id"), "course": ("external_id",), "assessment": ("external_id",)}
"""Columns in which rows may take each other's value."""
_UNIQUE_AS_STORED = UNIQUE | {"person": ("email_hash", "external_id")}
_OWNERS = {"person": "id", "seat": "person_id", "access_event": "actor_id", "staff_case": "staff_id"}
"""By table: the column with somebody who has a key."""


class Difference(NamedTuple):
    """What of one table has to be taken out and put in."""

    gone: list[Row]
    added: list[Row]
    changed: list[Row]


def key_of(table: str, row: Row) -> Key:
    """Return what identifies the row in its tenant's table."""
    return tuple(row[name] for name in KEYS[table])


def copied(tables: Tables) -> Tables:
    """Return rows of which each column may be set without changing `tables`."""
    return {name: [dict(row) for row in rows] for name, rows in tables.items()}


def differences(before: Tables, after: Tables) -> dict[str, Difference]:
    """Return by table what makes `after` of `before`."""
    found = {}
    for name, rows in after.items():
        old = {key_of(name, row): row for row in before[name]}
        new = {key_of(name, row): row for row in rows}
        gone = [row for key, row in old.items() if key not in new]
        added = [row for key, row in new.items() if key not in old]
        changed = [row for key, row in new.items() if key in old and row != old[key]]
        if gone or added or changed:
            found[name] = Difference(gone, added, changed)
    return found


def full(table: str, tenant_id: UUID, /, **given: Any) -> Row:
    """Return a row with every column: those not in `given` are null."""
    return {str(column.name): None for column in COLUMNS[table]} | {"tenant_id": tenant_id} | given


async def put(connection: asyncpg.Connection, tables: Tables) -> None:
    """Add the rows of a tenant, and a key for everybody who is to have one."""
    ring = await _keys_for(connection, tables)
    for name in TABLES:
        await _insert(connection, ring, name, tables[name])


async def rewrite(connection: asyncpg.Connection, found: dict[str, Difference]) -> None:
    """Make the rows in the database what they are to be, under the keys that are there; who is new gets one."""
    ring = await _keys_for(connection, {name: [*each.added, *each.changed] for name, each in found.items()})
    for name in reversed(list(TABLES)):
        if name in found:
            await _delete(connection, name, found[name].gone)
    for name in TABLES:
        if name in found:
            await _update(connection, ring, name, found[name].changed)
            await _insert(connection, ring, name, found[name].added)


async def _keys_for(connection: asyncpg.Connection, tables: Tables) -> Ring:
    owners = {(row["tenant_id"], row[of]) for name, of in _OWNERS.items() for row in tables.get(name, ())}
    await add_keys(connection, owners)
    return await ring_of(connection)


async def _insert(connection: asyncpg.Connection, ring: Ring, table: str, rows: Sequence[Row]) -> None:
    if rows:
        given = _json([ring.sealed(table, row) for row in rows])
        await connection.execute(f"INSERT INTO {table} {_SET.format(table=table)}", given)


async def _delete(connection: asyncpg.Connection, table: str, rows: Sequence[Row]) -> None:
    if rows:
        gone = _json([{name: row[name] for name in _identifying(table)} for row in rows])
        await connection.execute(
            f"DELETE FROM {table} USING ({_SET.format(table=table)}) AS new WHERE {_same(table)}", gone
        )


async def _update(connection: asyncpg.Connection, ring: Ring, table: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    source, given = f"({_SET.format(table=table)}) AS new", _json([ring.sealed(table, row) for row in rows])
    if table in UNIQUE:
        # First out of the way, so that they may change places.
        cleared = ", ".join(f"{name} = NULL" for name in _UNIQUE_AS_STORED[table])
        await connection.execute(f"UPDATE {table} SET {cleared} FROM {source} WHERE {_same(table)}", given)
    columns = [column.name for column in TABLES[table].c if column.name not in (*KEYS[table], "tenant_id")]
    values = ", ".join(f"{name} = new.{name}" for name in columns)
    await connection.execute(f"UPDATE {table} SET {values} FROM {source} WHERE {_same(table)}", given)


def _identifying(table: str) -> Sequence[str]:
    return list(dict.fromkeys(("tenant_id", *KEYS[table])))


def _same(table: str) -> str:
    return " AND ".join(f"{table}.{name} = new.{name}" for name in _identifying(table))


def _json(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows, default=_plain).decode()


def _plain(value: Any) -> Any:
    return rf"\x{value.hex()}" if isinstance(value, bytes) else str(value)
