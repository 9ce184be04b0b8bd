"""The command line. Each command here is a name, its options and a help text; the work is in `api.commands`."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from api.cli_audit import trail
from api.cli_options import Data, Tenant
from api.commands import backups, keys, policy
from api.commands.demo import run as run_demo
from api.commands.importing import load_oulad
from api.commands.serve import serve as serve_until_ended
from api.commands.store import migrate as migrate_store
from api.commands.store import open_store, read_settings
from api.commands.terminal import CommandError, progress, say
from api.commands.token import token_for
from api.schema.build import sdl
from authz.loading import POLICY_FOLDER
from tenants.connection import DatabaseUnavailableError
from tenants.embedded import EmbeddedServerError

app = typer.Typer(
    name="sextrontgen",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A multi-tenant GraphQL backend: every field decided by policy, every read of personal data on record.",
)
importer = typer.Typer(no_args_is_help=True, help="Load data that others published.")
app.add_typer(importer, name="import")
policies = typer.Typer(no_args_is_help=True, help="Look at the policy: who may read what, and why.")
app.add_typer(policies, name="policy")

keyring = typer.Typer(no_args_is_help=True, help="The keys that personal data is sealed with; see docs/security.md.")
app.add_typer(keyring, name="keys")
app.add_typer(trail, name="audit")


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8000,
    data: Annotated[Path, typer.Option(help="Folder that the demo lives in; later starts keep it.")] = Path(
        ".sextrontgen"
    ),
    tokens: Annotated[
        Path | None, typer.Option(help="Write addresses and tokens as JSON into this file (0600).")
    ] = None,
    oulad: Annotated[Path | None, typer.Option(help="Also load the OULAD files of this folder.")] = None,
) -> None:
    """Start everything: PostgreSQL, two tenants of made-up people, the server, one token per role."""
    run_demo(port, data, tokens, oulad)


@app.command()
def serve(data: Data = None) -> None:
    """Serve in production. Everything comes from the environment; see docs/operating.md."""
    if data is None:
        serve_until_ended(read_settings(), lambda address: say(f"Serving on {address}"))
        return
    with open_store(data) as store:
        serve_until_ended(store.settings, lambda address: say(f"Serving on {address}"))


@app.command()
def migrate(data: Data = None) -> None:
    """Bring the database to the newest schema. Safe to run twice, and from two machines at once."""
    before, after = migrate_store(data)
    say(
        f"The database is at revision {after}."
        if before == after
        else f"Migrated from {before or 'nothing'} to {after}."
    )


@app.command()
def token(
    tenant: Tenant,
    person: Annotated[str, typer.Option("--person", help="An email address, a UUID or a global id.")],
    data: Data = None,
) -> None:
    """Print a token that is good for an hour, for trying things; in development only."""
    with open_store(data) as store:
        sys.stdout.write(asyncio.run(token_for(store, tenant, person)) + "\n")


@app.command()
def schema() -> None:
    """Print the GraphQL schema."""
    sys.stdout.write(sdl())


@importer.command("oulad")
def import_oulad(
    directory: Annotated[Path, typer.Argument(help="The folder with the published CSV files.")],
    tenant: Tenant,
    data: Data = None,
) -> None:
    """Load the Open University Learning Analytics Dataset into a tenant. Safe to run again."""
    with open_store(data) as store, progress() as report:
        counts = asyncio.run(load_oulad(store, directory, tenant, report))
    for line in counts:
        say(line)


@policies.command("matrix")
def policy_matrix(
    lines: Annotated[bool, typer.Option("--lines", help="A line per cell, tabs between, for other programs.")] = False,
    html: Annotated[bool, typer.Option("--html", help="One page for a browser: a heat map, with its lines.")] = False,
    file: Annotated[Path | None, typer.Argument(help="Where to write the page; else to standard output.")] = None,
) -> None:
    """Print the compiled table: every role, field, kind of subject and purpose."""
    if (html and lines) or (file is not None and not html):
        raise CommandError("Choose one: --lines, or --html with the name of a file or without.")
    if html:
        policy.heat_map(file)
    else:
        policy.matrix(as_lines=lines)


@policies.command("check")
def policy_check() -> None:
    """Check the policy's files; exit status 1 with a line per problem."""
    say(policy.check())


@policies.command("diff")
def policy_diff(
    old: Annotated[Path, typer.Argument(help="A folder of policy files.")],
    new: Annotated[Path, typer.Argument(help="Another; without it the policy that comes with the program.")] = (
        POLICY_FOLDER
    ),
    lines: Annotated[bool, typer.Option("--lines", help="Also cells with the same answer by another line.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="A line per cell, tabs between, for other programs.")] = False,
) -> None:
    """Show every cell that two policies decide differently; exit status 0 same, 1 differences, 2 cannot be loaded."""
    raise typer.Exit(policy.diff(old, new, as_lines=plain, with_lines=lines))


@policies.command("explain")
def policy_explain(
    role: Annotated[str, typer.Argument(help="A role, such as instructor.")],
    field: Annotated[str, typer.Argument(help="A field, such as Learner.email.")],
) -> None:
    """Say why a role may or may not read a field, with the lines of the policy that speak of it."""
    for line in policy.why(role, field):
        sys.stdout.write(f"{line}\n")


@keyring.command("status")
def keys_status(data: Data = None) -> None:
    """Show every tenant's keys, and the master keys in use and at hand. No key is shown."""
    with open_store(data) as store:
        Console().print(asyncio.run(keys.status(store)))


@keyring.command("rotate")
def keys_rotate(
    master: Annotated[bool, typer.Option("--master", help="Replace the master key.")] = False,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Replace the key of this tenant.")] = None,
    data: Data = None,
) -> None:
    """Replace the master key or a tenant's key while everything runs. One that was interrupted goes on."""
    if master == (tenant is not None):
        raise CommandError("Choose one: --master, or --tenant NAME.")
    with open_store(data) as store, progress() as report:
        done = keys.new_master_key(store, report) if tenant is None else keys.new_tenant_key(store, tenant, report)
        line = asyncio.run(done)
    say(line)


@keyring.command("shred")
def keys_shred(
    tenant: Tenant,
    person: Annotated[str, typer.Option("--person", help="A UUID or a global id.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record; no name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Destroy a person's key: what is sealed of them opens nowhere any more. This cannot be undone."""
    if not yes and not typer.confirm("What is sealed of this person can then never be read again. Go on?"):
        raise CommandError("Nothing was done.")
    with open_store(data) as store:
        say(asyncio.run(keys.shred(store, tenant, person, reason)))


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="A new folder for the data.")],
    keys_to: Annotated[
        Path, typer.Argument(help="A new folder for the keys. Store it elsewhere, for 30 days at most.")
    ],
    data: Data = None,
) -> None:
    """Write the data and the keys, as they are at one moment, into two folders. Needs pg_dump.

    An external database is read as the role of BACKUP_DATABASE_URL: a superuser, or one with BYPASSRLS that may read
    all tables.
    """
    with open_store(data) as store:
        for line in asyncio.run(backups.write(store, to, keys_to)):
            say(line)


@app.command()
def restore(
    data_from: Annotated[Path, typer.Argument(help="The folder with the data.")],
    keys_from: Annotated[Path, typer.Argument(help="The folder with the keys; they may be newer than the data.")],
    data: Data = None,
) -> None:
    """Put a backup into an empty database: a new folder (--data), or what BACKUP_DATABASE_URL names. Needs pg_restore.

    Keys that were destroyed, as far as the data knows of it, are destroyed again.
    """
    for line in backups.restore(data, data_from, keys_from):
        say(line)


def main() -> NoReturn:
    """Run the command line; what a person can mend is said in a line, without a trace."""
    signal.signal(signal.SIGTERM, _end)
    try:
        app(standalone_mode=True)
    except (CommandError, EmbeddedServerError) as error:
        for line in str(error).splitlines():
            say(f"sextrontgen: {line}")
        sys.exit(error.status if isinstance(error, CommandError) else 1)
    except DatabaseUnavailableError as error:
        say(f"sextrontgen: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(130)
    sys.exit(0)


def _end(_number: int, _frame: object) -> NoReturn:
    # An exception, so that what was opened is closed: the embedded database above all.
    raise SystemExit(128 + signal.SIGTERM)
