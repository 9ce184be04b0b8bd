"""Exporting a tenant's trail for those who check it elsewhere: lines of JSON, as docs/trail.md has them."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, func, select

from authz.audit.seal.checkpoint import origin_of
from authz.audit.seal.leaf import instant
from authz.audit.seal.merkle import Growing
from authz.audit.seal.model import trail_checkpoint, trail_leaf
from authz.audit.seal.proofs import hashes_for
from authz.audit.seal.stored import CHUNK, Stored, StoredLeaf
from tenants.session import ReadSession, in_tenant
from tenants.statements import compiled
from tenants.tables import Timestamp

FORMAT = 1
_SIGNED_SIZE = re.compile(r"[^\n]*\n([0-9]{1,18})\n")
_FROM, _TO = bindparam("from", type_=Timestamp), bindparam("to", type_=Timestamp)
_POSITIONS = compiled(
    select(func.min(trail_leaf.c.position).label("first"), func.max(trail_leaf.c.position).label("last")).where(
        in_tenant(trail_leaf),
        func.coalesce(trail_leaf.c.at >= _FROM, _FROM.is_(None)),
        func.coalesce(trail_leaf.c.at < _TO, _TO.is_(None)),
    )
)
# Whatever was signed before a time is of events before it; and what is of a time is signed by what is signed after it.
_SIGNED_BEFORE = compiled(
    select(func.max(trail_checkpoint.c.size).label("size")).where(
        in_tenant(trail_checkpoint), trail_checkpoint.c.at < _FROM
    )
)
_COVERING = compiled(
    select(func.min(trail_checkpoint.c.size).label("size")).where(
        in_tenant(trail_checkpoint),
        trail_checkpoint.c.size > bindparam("last", type_=trail_checkpoint.c.size.type),
        trail_checkpoint.c.at >= _TO,
    )
)
_NEWEST = compiled(select(func.max(trail_checkpoint.c.size).label("size")).where(in_tenant(trail_checkpoint)))

Released = Callable[[Sequence[StoredLeaf]], Awaitable[None]]
"""Told what will leave, before it does."""


class ExportError(Exception):
    """There is nothing to export, or an export that cannot be gone on with; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is exported: every position from `first` on, before `size`, which a checkpoint has."""

    first: int
    size: int


@dataclass(frozen=True, slots=True)
class Export:
    """An export of one tenant's trail. All of it follows from its first line."""

    stored: Stored
    span: Span
    header: bytes

    def check_span(self, since: datetime | None, until: datetime | None) -> None:
        """Raise `ExportError` for times other than those that it was begun with."""
        begun = _loaded(self.header)
        for name, at in (("from", since), ("to", until)):
            if at is not None and begun.get(name) != instant(at):
                raise ExportError(f"The file was begun with another time ({name}): leave it out, or name another file.")

    async def lines(self, released: Released, begin: "Resumed | None" = None) -> AsyncIterator[bytes]:
        """Yield the lines, from where an earlier run of it ended if `begin` says so.

        Raises what `released` does, before anything of that part leaves.
        """
        position, signed = (begin.position, begin.signed) if begin is not None else (self.span.first, self.span.first)
        if begin is None:
            yield self.header
        while position < self.span.size or signed < self.span.size:
            end = min(position + CHUNK, self.span.size)
            notes = dict(await self.stored.checkpoints(signed, end))
            if position in notes:
                yield _line({"kind": "checkpoint", "note": notes.pop(position)})
            async for leaves in self.stored.leaves(position, end):
                await released(leaves)
                for leaf in leaves:
                    yield _of_leaf(leaf)
                    if leaf.position + 1 in notes:
                        yield _line({"kind": "checkpoint", "note": notes[leaf.position + 1]})
            position = signed = end
        count = self.span.size - self.span.first
        yield _line({"kind": "end", "positions": count, "size": self.span.size})


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where an earlier run ended: the next position, and a size up to which the checkpoints were written."""

    position: int
    signed: int


async def begin_export(stored: Stored, since: datetime | None, until: datetime | None, made: datetime) -> Export:
    """Return the export of the events from `since` on, before `until` (UTC; None: the first, the last); made at `made`.

    Raises `ExportError` when no sealed event is of that time.
    """
    async with stored.session() as session:
        found = (await session.run(_POSITIONS, {"from": since, "to": until}))[0]
        if found["first"] is None:
            raise ExportError("No sealed event is of that time.")
        size = await _end(session, found["last"], until)
        before = (await session.run(_SIGNED_BEFORE, {"from": since}))[0]["size"] if since is not None else None
        first = 0 if since is None else min(found["first"], before or 0)
        peaks = Growing(first, (await hashes_for(session, first, first)).__getitem__).peaks()
    header = {
        "kind": "trail",
        "format": FORMAT,
        "tenant": str(stored.tenant_id),
        "origin": origin_of(stored.tenant_id),
        "made": instant(made),
        "from": instant(since) if since is not None else None,
        "to": instant(until) if until is not None else None,
        "first": first,
        "size": size,
        "before": [b64encode(peak).decode() for peak in peaks],
    }
    return Export(stored, Span(first, size), _line(header))


async def _end(session: ReadSession, last: int, until: datetime | None) -> int:
    """Return the size of the checkpoint that an export with the leaf `last` ends with. Raises `ExportError`."""
    covering = (await session.run(_COVERING, {"last": last, "to": until}))[0]["size"] if until is not None else None
    newest = (await session.run(_NEWEST, {}))[0]["size"]
    if newest is None or newest <= last:
        raise ExportError("No checkpoint covers these events. Run: sextrontgen audit verify")
    return int(covering or newest)


def resumed(stored: Stored, header: bytes, last: bytes) -> tuple[Export, Resumed | None]:
    """Return the export that begins with the line `header`, and where to go on after the line `last`.

    None for one that is complete. Raises `ExportError` for lines that are of no export of this tenant.
    """
    match _loaded(header):
        case {"kind": "trail", "format": made_as, "tenant": tenant, "first": int(first), "size": int(size)} if (
            made_as == FORMAT and tenant == str(stored.tenant_id)
        ):
            export = Export(stored, Span(first, size), header)
        case _:
            raise ExportError("The file is there already and is no export of this tenant: name another.")
    match _loaded(last):
        case {"kind": "trail"}:
            return export, Resumed(first, first)
        case {"kind": "event" | "gone", "position": int(position)}:
            return export, Resumed(position + 1, position)
        case {"kind": "checkpoint", "note": str(note)} if (signed := _SIGNED_SIZE.match(note)) is not None:
            return export, Resumed(int(signed[1]), int(signed[1]))
        case {"kind": "end"}:
            return export, None
    raise ExportError("The file's last line is of no export: remove it, or name another.")


def _of_leaf(leaf: StoredLeaf) -> bytes:
    if leaf.event is not None:
        # Sorted throughout, so that the event stands in its line as it was hashed.
        return orjson.dumps(
            {"kind": "event", "position": leaf.position, "event": leaf.event},
            option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE,
        )
    facts = {"at": instant(leaf.at), "retention_years": leaf.retention_years, "hash": b64encode(leaf.hash).decode()}
    return _line({"kind": "gone", "position": leaf.position, **facts})


def _line(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(content) + b"\n"


def _loaded(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise ExportError("The file is there already and is no export: name another.") from None
    return found if isinstance(found, dict) else {}
