"""`audit export`: a tenant's trail as lines of JSON; on record before it leaves, gone on with if it was cut short."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from api.commands.auditing import tenants_of
from api.commands.console import console_of
from api.commands.store import Store
from api.commands.terminal import CommandError, Report
from authz.audit.console import ConsoleRead, people_in
from authz.audit.recorder import TrailUnavailableError
from authz.audit.seal.export import Export, ExportError, Resumed, begin_export, resumed
from authz.audit.seal.stored import Stored, StoredLeaf

_BLOCK = 64 * 1024
_BEGINNING = b'{"kind":"trail",'


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be exported, under which case, and where to: None for standard output."""

    slug: str
    ticket: str
    since: datetime | None
    until: datetime | None
    target: Path | None

    @property
    def command(self) -> str:
        """Return the command as it could be typed again."""
        times = [f"{name} {at.isoformat()}" for name, at in (("--from", self.since), ("--to", self.until)) if at]
        return " ".join(["sextrontgen audit export", f"--tenant {self.slug}", *times])


async def export(store: Store, asked: Asked, report: Report) -> str:
    """Export; return what there is to say. Raises `CommandError`; what is in the file by then is whole lines."""
    database = store.open()
    try:
        tenant_id = (await tenants_of(database, asked.slug))[asked.slug]
        console = await console_of(database, tenant_id, asked.ticket, asked.command)
        stored = Stored(database, tenant_id)
        if asked.target is None:
            made = await begin_export(stored, asked.since, asked.until, datetime.now(UTC))
            await _write(made, None, sys.stdout.buffer, console, report)
            return _said(made)
        return await _into_file(stored, asked, console, report)
    except ExportError as error:
        raise CommandError(str(error)) from None
    except TrailUnavailableError:
        raise CommandError(
            "The read could not be put on record, so no more was written. Run it again to go on."
        ) from None
    except OSError as error:
        raise CommandError(f"{asked.target or 'standard output'} cannot be written: {error.strerror}.") from None
    finally:
        await database.close()


async def _into_file(stored: Stored, asked: Asked, console: ConsoleRead, report: Report) -> str:
    assert asked.target is not None
    # Who was read is personal data too: nobody but the owner may look into it.
    descriptor = os.open(asked.target, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        os.fchmod(descriptor, 0o600)
        begun = _begun(file)
        if begun is None:
            made, place, end = await begin_export(stored, asked.since, asked.until, datetime.now(UTC)), None, 0
        else:
            header, last, end = begun
            made, place = resumed(stored, header, last)
            made.check_span(asked.since, asked.until)
            if place is None:
                return f"{asked.target} is complete already. {_said(made)}"
        # Half a line goes, now that it is known to be an export's.
        file.seek(end)
        file.truncate()
        await _write(made, place, file, console, report)
        file.flush()
        os.fsync(file.fileno())
    return _said(made)


async def _write(made: Export, place: Resumed | None, file: BinaryIO, console: ConsoleRead, report: Report) -> None:
    total = made.span.size - made.span.first

    async def released(leaves: Sequence[StoredLeaf]) -> None:
        if not leaves:
            # Whoever deleted them all is told of by those who verify.
            return
        await console.record(*people_in([leaf.event for leaf in leaves if leaf.event is not None]))
        report("exporting", leaves[-1].position + 1 - made.span.first, total)

    async for line in made.lines(released, place):
        file.write(line)


def _begun(file: BinaryIO) -> tuple[bytes, bytes, int] | None:
    """Return the first and the last whole line of an export that was begun and where they end, None without a line.

    Raises `ExportError` for half a line that no export begins with. Changes nothing.
    """
    header = file.readline()
    if not header.endswith(b"\n"):
        if not _BEGINNING.startswith(header[: len(_BEGINNING)]):
            raise ExportError("The file is there already and is no export: name another.")
        return None
    start = size = file.seek(0, os.SEEK_END)
    tail = b""
    # The last line ends at the last newline, and begins after the one before.
    while tail.count(b"\n") < 2 and start > 0:
        end, start = start, max(0, start - _BLOCK)
        file.seek(start)
        tail = file.read(end - start) + tail
    whole = tail[: tail.rindex(b"\n") + 1]
    return header, whole.splitlines(keepends=True)[-1], size - len(tail) + len(whole)


def _said(made: Export) -> str:
    first, size = made.span.first, made.span.size
    return f"{size - first:,} positions, {first} to {size - 1}, up to a checkpoint of {size} leaves."
