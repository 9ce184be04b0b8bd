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
from tenants.keys.cells import DataKey, UnreadableError, place_of
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


async def opened(
    session: ReadSession, sealed: Sequence[SealedSlot], records: Sequence[Record]
) -> tuple[list[Record], bool]:
    """Return `records` with their sealed cells opened, and whether some did not open.

    Such a cell is `UNREADABLE`, and an alarm tells of it.
    """
    if not sealed or not records:
        return list(records), False
    all_open = True
    found: list[list[Any]] = [list(record) for record in records]
    for slot in sealed:
        owned = [(record[slot.owner_at], record[slot.wrapped_at]) for record in found]
        try:
            keys = await session.keys.unwrapped({each for each in owned if each[1] is not None})
        except MasterKeyError as error:
            log.error("the master key does not answer", reason=str(error))
            keys = {}
        ring = [keys.get(each) for each in owned]
        failures = _open(session.tenant_id, slot, ring, found)
        all_open = all_open and not failures
        for column, failed in failures.items():
            # Neither the value nor whose it is: the answer's errors say where, to whoever may read it.
            log.error("sealed values do not open", table=column.table.name, column=column.name, values=failed)
            session.keys.unreadable(column.table.name, column.name, failed)
    return [*found], not all_open


def _open(
    tenant_id: UUID, slot: SealedSlot, ring: Sequence[DataKey | None], records: Sequence[list[Any]]
) -> Mapping[Column[Any], int]:
    """Open the cells of `slot` in `records`, each with its key in `ring`; return how many did not open, by column."""
    failed: Counter[Column[Any]] = Counter()
    row_at = slot.row_at
    for at, column in slot.cells:
        kind = column.type
        assert isinstance(kind, Sealed)
        decode, place = kind.decoder, _place(tenant_id, column)
        for record, key in zip(records, ring, strict=True):
            value = record[at]
            if value is None:
                continue
            try:
                if key is None:
                    raise UnreadableError
                record[at] = decode(key.open(place + record[row_at].bytes, value))
            except (UnreadableError, ValueError, KeyError):
                record[at] = UNREADABLE
                failed[column] += 1
    return failed


@lru_cache(maxsize=50_000)
def _place(tenant_id: UUID, column: Column[Any]) -> bytes:
    return place_of(tenant_id, column.table.name, column.name)
