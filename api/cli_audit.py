"""The command line's group `audit`: looking after the trail, verifying it, taking it out."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli_options import Data, Tenant
from api.commands import affected, auditing, exporting
from api.commands.store import open_store
from api.commands.terminal import CommandError, progress, say

trail = typer.Typer(
    no_args_is_help=True, help="The trail: verify it, export it, look after its keys; see docs/trail.md."
)

Case = Annotated[str, typer.Option("--case", help="The ticket of an open case of security or privacy staff.")]


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("an instant is written like 2026-03-01 or 2026-03-01T09:30:00Z") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


From = typer.Option("--from", parser=_instant, metavar="INSTANT", help="From then on (UTC unless it says otherwise).")
To = typer.Option("--to", parser=_instant, metavar="INSTANT", help="Before then.")


@trail.command()
def verify(
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only this tenant.")] = None,
    checkpoints: Annotated[
        Path | None,
        typer.Option("--checkpoints", help="Where checkpoints were kept; without it SEXTRONTGEN_CHECKPOINTS."),
    ] = None,
    data: Data = None,
) -> None:
    """Work the whole trail out again; exit status 1 and each bad position when anything was changed."""
    with open_store(data) as store, progress() as report:
        asyncio.run(auditing.verify(store, tenant, checkpoints, report))


@trail.command()
def export(
    file: Annotated[
        Path, typer.Argument(help="Where to write; - for standard output. One that was begun is gone on with.")
    ],
    *,
    tenant: Tenant,
    case: Case,
    since: Annotated[datetime | None, From] = None,
    until: Annotated[datetime | None, To] = None,
    data: Data = None,
) -> None:
    """Write a tenant's events as lines of JSON, with checkpoints, for tools/verify_trail.py. On record itself."""
    target = None if str(file) == "-" else file
    with open_store(data) as store, progress() as report:
        asked = exporting.Asked(tenant, case, since, until, target)
        line = asyncio.run(exporting.export(store, asked, report))
    say(line)


@trail.command("affected")
def affected_people(
    *,
    tenant: Tenant,
    case: Case,
    viewer: Annotated[str, typer.Option("--viewer", help="Whose reads: an email address, a UUID or a global id.")],
    since: Annotated[datetime, From],
    until: Annotated[datetime, To],
    file: Annotated[Path | None, typer.Option("--csv", help="Write the whole list into this new file (0600).")] = None,
    data: Data = None,
) -> None:
    """Show which people's which fields somebody read, and how often. On record itself."""
    with open_store(data) as store, progress() as report:
        asked = affected.Asked(tenant, case, viewer, since, until, file)
        drawn, line = asyncio.run(affected.affected(store, asked, report))
    Console().print(drawn)
    say(line)


@trail.command()
def proof(
    tenant: Tenant,
    event: Annotated[str | None, typer.Argument(help="An event's global id.")] = None,
    old: Annotated[int | None, typer.Option("--from", help="The size of an older checkpoint.", min=1)] = None,
    size: Annotated[int | None, typer.Option("--to", help="That of a newer; without it the newest.", min=1)] = None,
    data: Data = None,
) -> None:
    """Print the proof that an event is in the tree, or that the tree only grew, as JSON (RFC 9162, section 2.1)."""
    with open_store(data) as store:
        sys.stdout.write(asyncio.run(auditing.proof(store, tenant, event, old, size)) + "\n")


@trail.command()
def keys(
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only this tenant.")] = None,
    rotate: Annotated[bool, typer.Option("--rotate", help="Put a new key first; the older ones sign on.")] = False,
    retire: Annotated[bool, typer.Option("--retire", help="Let the first key sign alone.")] = False,
    data: Data = None,
) -> None:
    """Print the keys that verify checkpoints, as verifiers take them; or replace the one that signs."""
    if rotate and retire:
        raise CommandError("Choose one: --rotate begins the overlap, --retire ends it.")
    with open_store(data) as store:
        if rotate or retire:
            say(auditing.new_signing_key(store) if rotate else auditing.retire_signing_keys(store))
            return
        for line in asyncio.run(auditing.tell_keys(store, tenant)):
            sys.stdout.write(f"{line}\n")


@trail.command()
def seal(data: Data = None) -> None:
    """Seal what waits, make the next months' partitions, drop those whose time is over. A server does so by itself."""
    with open_store(data) as store:
        for line in asyncio.run(auditing.seal(store)):
            say(line)
