"""`audit affected`: whom somebody's reads concerned, as a table and as CSV; on record before it is shown."""

import csv
import os
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from rich.table import Column, Table

from api.commands.auditing import tenants_of
from api.commands.console import console_of
from api.commands.people import id_of_person
from api.commands.store import Store
from api.commands.terminal import CommandError, Report
from authz.audit.affected import AffectedField, ReadsOf, affected_by
from authz.audit.recorder import TrailUnavailableError
from domain.people.service import find_member
from tenants.database import Database
from tenants.directory import UnknownTenantError, find_tenant
from tenants.ids import TenantId
from tenants.model import PLATFORM_SLUG
from tenants.session import SystemTask, Task

_SHOWN = 50
_COLUMNS = ("person_id", "field", "category", "released", "denied", "first_at", "last_at")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose reads, when, under which case; and where the whole list goes, if it is to be kept."""

    slug: str
    ticket: str
    viewer: str
    since: datetime
    until: datetime
    file: Path | None


async def affected(store: Store, asked: Asked, report: Report) -> tuple[Table, str]:
    """Return a table of the people, and what there is to say. Raises `CommandError`."""
    database = store.open()
    try:
        tenant_id = (await tenants_of(database, asked.slug))[asked.slug]
        viewer_id = await _viewer(database, tenant_id, asked.viewer)
        span = f"--from {asked.since.isoformat()} --to {asked.until.isoformat()}"
        command = f"sextrontgen audit affected --tenant {asked.slug} --viewer {viewer_id} {span}"
        console = await console_of(database, tenant_id, asked.ticket, command)
        reads = ReadsOf(tenant_id, viewer_id, asked.since, asked.until)
        found = await affected_by(database, reads, lambda seen: report("events looked at", seen, seen + 1))
        people = {each.person_id for each in found}
        await console.record({viewer_id}, people)
        if asked.file is not None:
            _write(asked.file, found)
    except TrailUnavailableError:
        raise CommandError("The read could not be put on record, so nothing is shown.") from None
    except OSError as error:
        raise CommandError(
            f"{asked.file} cannot be written: {error.strerror}. Name a file that is not there."
        ) from None
    finally:
        await database.close()
    more = f" The first {_SHOWN} are shown; --csv FILE has all." if len(people) > _SHOWN and asked.file is None else ""
    return _drawn(found), f"{len(people):,} people, {len(found):,} fields of theirs.{more}"


async def _viewer(database: Database, tenant_id: TenantId, text: str) -> UUID:
    """Return whose reads are meant: an id as it is, for they may be gone; an address is looked up, staff's too."""
    known = id_of_person(text, "--viewer")
    if known is not None:
        return known
    tenants = [tenant_id]
    with suppress(UnknownTenantError):
        tenants.append(await find_tenant(database, PLATFORM_SLUG))
    for each in tenants:
        async with database.reading(SystemTask(Task.AUDIT, each)) as session:
            if (found := await find_member(session, email=text)) is not None:
                return found
    raise CommandError("Nobody has this address, in the tenant or among the platform's staff: give an id.")


def _drawn(found: Sequence[AffectedField]) -> Table:
    by_person: dict[UUID, list[AffectedField]] = defaultdict(list)
    for each in found:
        by_person[each.person_id].append(each)
    drawn = Table(Column("person", no_wrap=True), "fields", "released", "denied", "first (UTC)", "last (UTC)")
    most = sorted(by_person.items(), key=lambda item: (-sum(each.released for each in item[1]), item[0]))
    for person_id, fields in most[:_SHOWN]:
        drawn.add_row(
            str(person_id),
            ", ".join(each.field for each in fields),
            f"{sum(each.released for each in fields):,}",
            f"{sum(each.denied for each in fields):,}",
            f"{min(each.first_at for each in fields):%Y-%m-%d %H:%M:%S}",
            f"{max(each.last_at for each in fields):%Y-%m-%d %H:%M:%S}",
        )
    return drawn


def _write(path: Path, found: Sequence[AffectedField]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for each in found:
            counts = (each.released, each.denied)
            rows.writerow(
                (each.person_id, each.field, each.category, *counts, *map(_instant, (each.first_at, each.last_at)))
            )


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
