"""Opening what is sealed: after the statement, in batch, and only what the statement released."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Column

from api.reading.layout import Record
from api.reading.slots import Slot
from tenants.keys.cells import DataKey, Owned, UnreadableError, place_of
from tenants.keys.columns import Sealed
from tenants.keys.master import MasterKeyError
from tenants.session import ReadSession

log = structlog.get_logger(__name__)


class Unreadable:
    """Stands in a record where a sealed value does not open."""


UNREADABLE: Final = Unreadable()


@dataclass(frozen=True, slots=True)
class SealedSlot:
    """The sealed cells of one object in each record."""

    row_at: int
    """Where the row's own key stands, which is part of the place that a value is sealed for."""
    owner_at: int
    wrapped_at: int
    cells: Sequence[tuple[int, Column[Any]]]


def sealed_slots(root: Slot) -> list[SealedSlot]:
    """Return what is sealed in the records of `root`."""
    found = []
    for slot in root.walk():
        columns = slot.sealed_cells()
        if columns:
            cells = [(slot.cells[name], column) for name, column in columns.items()]
            found.append(SealedSlot(slot.key_at, slot.subject_at, slot.key_of_subject_at, cells))
    return found


async def opened(session: ReadSession, sealed: Sequence[SealedSlot], records: Sequence[Record]) -> Sequence[Record]:
    """Return `records` with their sealed cells opened; what does not open is `UNREADABLE`, and an alarm tells of it."""
    if not sealed or not records:
        return records
    found: list[list[Any]] = [list(record) for record in records]
    for slot in sealed:
        wanted = {
            Owned(record[slot.owner_at], record[slot.wrapped_at])
            for record in found
            if record[slot.wrapped_at] is not None
        }
        try:
            keys = await session.keys.unwrapped(wanted)
        except MasterKeyError as error:
            log.error("the master key does not answer", reason=str(error))
            keys = {}
        for (table, column), failed in _open(session.tenant_id, slot, keys, found).items():
            # Neither the value nor whose it is: the answer's errors say where, to whoever may read it.
            log.error("sealed values do not open", table=table, column=column, values=failed)
            session.keys.unreadable(table, column, failed)
    return found


def _open(
    tenant_id: UUID, slot: SealedSlot, keys: Mapping[Owned, DataKey], records: Sequence[list[Any]]
) -> dict[tuple[str, str], int]:
    """Open the cells of `slot` in `records`; return how many did not open, by table and column."""
    failed: dict[tuple[str, str], int] = Counter()
    for at, column in slot.cells:
        kind = column.type
        assert isinstance(kind, Sealed)
        place = _place(tenant_id, column)
        for record in records:
            value = record[at]
            if value is None:
                continue
            try:
                key = keys[Owned(record[slot.owner_at], record[slot.wrapped_at])]
                record[at] = kind.decode(key.open(place + record[slot.row_at].bytes, value))
            except (UnreadableError, KeyError):
                record[at] = UNREADABLE
                failed[column.table.name, column.name] += 1
    return failed


@lru_cache(maxsize=50_000)
def _place(tenant_id: UUID, column: Column[Any]) -> bytes:
    return place_of(tenant_id, column.table.name, column.name)
