"""Rows as they are stored, sealed, and as they are used, opened."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Table

from tenants.keys.cells import DataKey, UnreadableError, place_of
from tenants.keys.columns import Hashed, SealedColumns, sealed_columns

if TYPE_CHECKING:
    from tenants.session import ReadSession

Values = Mapping[str, Any]


async def sealed_rows(session: "ReadSession", table: Table, rows: Sequence[Values]) -> Sequence[Values]:
    """Return `rows` of `table` with what is sealed there sealed, and hashed what is found by its hash.

    Each has its `id` and its owner. Who has no key yet gets one. Raises `MasterKeyError`, `UnreadableError`, and
    `TypeError` for a value of a wrong type and `LookupError` for a row without an id.
    """
    columns = sealed_columns(table)
    if columns is None or not rows:
        return rows
    # A person's key is made with the person, so that later nobody has to make it in the middle of a read.
    owners = {row[columns.owner] for row in rows if row.get(columns.owner) is not None}
    keys = await session.keys.of(owners | _hashers(session, columns))
    return [_sealed_row(session.tenant_id, table, columns, row, keys) for row in rows]


async def sealed_values(session: "ReadSession", table: Table, row_id: UUID, owner_id: UUID, values: Values) -> Values:
    """Return the new `values` of one row of `table` as they are stored, with the hashes that follow from them."""
    columns = sealed_columns(table)
    if columns is None:
        return values
    row = {**values, "id": row_id, columns.owner: owner_id}
    keys = await session.keys.of({owner_id} | _hashers(session, columns))
    found = _sealed_row(session.tenant_id, table, columns, row, keys)
    return {name: value for name, value in found.items() if name in values or name in columns.hashed}


async def opened_rows(session: "ReadSession", table: Table, rows: Sequence[Values]) -> list[dict[str, Any]]:
    """Return `rows` of `table`, each with its `id` and its owner, with what is sealed opened.

    What does not open is left out of its row. Raises `MasterKeyError`.
    """
    columns = sealed_columns(table)
    if columns is None:
        return [dict(row) for row in rows]
    keys = await session.keys.known([row[columns.owner] for row in rows])
    return [_opened_row(session.tenant_id, table, columns, row, keys) for row in rows]


def hashed_value(table: Table, column: str, value: str, key: DataKey) -> bytes:
    """Return what stands in the hash's `column` for `value`; `key` is the tenant's own data key."""
    kind = table.c[column].type
    assert isinstance(kind, Hashed)
    return key.digest(f"{table.name}\0{column}".encode(), kind.form(value).encode())


def _hashers(session: "ReadSession", columns: SealedColumns) -> set[UUID]:
    """Return whose key hashes: the tenant's own."""
    return {session.tenant_id} if columns.hashed else set()


def _sealed_row(
    tenant_id: UUID, table: Table, columns: SealedColumns, row: Values, keys: Mapping[UUID, DataKey]
) -> Values:
    sealed = dict(row)
    for name, kind in columns.sealed.items():
        if row.get(name) is not None:
            place = place_of(tenant_id, table.name, name) + row["id"].bytes
            sealed[name] = keys[row[columns.owner]].seal(place, kind.encode(row[name]))
    for name, hashed in columns.hashed.items():
        if hashed.of in row:
            value = row[hashed.of]
            sealed[name] = None if value is None else hashed_value(table, name, value, keys[tenant_id])
    return sealed


def _opened_row(
    tenant_id: UUID, table: Table, columns: SealedColumns, row: Values, keys: Mapping[UUID, DataKey]
) -> dict[str, Any]:
    opened = dict(row)
    for name, kind in columns.sealed.items():
        value = row.get(name)
        if value is None:
            continue
        try:
            key = keys[row[columns.owner]]
            opened[name] = kind.decode(key.open(place_of(tenant_id, table.name, name) + row["id"].bytes, bytes(value)))
        except (UnreadableError, KeyError):
            del opened[name]
    return opened
