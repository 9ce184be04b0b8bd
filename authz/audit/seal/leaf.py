"""The leaf of an event: the canonical JSON of its stored row, sealed values as ciphertext (docs/trail.md)."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, FromClause, Text, cast

from authz.audit.event import access_event

Leaf = dict[str, Any]
"""An event as JSON has it, members that are null left out."""

_JSON = ("disclosures", "denials")
_NAMES = tuple(str(column.name) for column in access_event.c)


def columns_of(event: FromClause) -> list[ColumnElement[Any]]:
    """Return what to select of `event`, the table or an alias of it, for a leaf."""
    # As text: the driver's own loading of JSON is slow.
    return [cast(column, Text).label(column.name) if column.name in _JSON else column for column in event.c]


def leaf_of(row: Mapping[str, Any]) -> Leaf:
    """Return the leaf of a row with `columns_of`."""
    return {name: _plain(name, row[name]) for name in _NAMES if row[name] is not None}


def canonical(leaf: Leaf) -> bytes:
    """Return the canonical JSON of a leaf (RFC 8785).

    All names in it are ASCII and there are no floats, so sorting by bytes and orjson's own writing of texts and whole
    numbers are the canonical ones.
    """
    return orjson.dumps(leaf, option=orjson.OPT_SORT_KEYS)


def instant(at: datetime) -> str:
    """Return an instant in UTC with microseconds: `2026-03-01T09:30:00.000000Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _plain(name: str, value: object) -> object:
    if name in _JSON and isinstance(value, str):
        return orjson.loads(value)
    if isinstance(value, UUID):
        # The driver's own class is none that orjson knows.
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    return b64encode(value).decode() if isinstance(value, bytes) else value
