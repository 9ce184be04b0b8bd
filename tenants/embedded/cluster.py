"""The cluster (PostgreSQL's data folder): made with its roles whole or not at all."""

import os
import shutil
import tempfile
from pathlib import Path

from tenants.embedded.account import Account
from tenants.embedded.addresses import APPLICATION, DATABASE, OWNER, SUPERUSER
from tenants.embedded.binaries import Binaries
from tenants.embedded.configuration import ACCESS
from tenants.embedded.errors import EmbeddedServerError, failed

_UNFINISHED = "postgres.new-"


def major_version(cluster: Path) -> int:
    """Return the major version that made `cluster`. Raises EmbeddedServerError when it is not a cluster."""
    try:
        return int(read_small(cluster / "PG_VERSION"))
    except (FileNotFoundError, ValueError) as error:
        raise EmbeddedServerError(
            f"{cluster} holds no database of PostgreSQL (its PG_VERSION is missing or unknown): "
            "move it away, choose another folder, or set DATABASE_URL."
        ) from error


def read_small(path: Path) -> str:
    """Read a small file that PostgreSQL's user could have replaced: no link is followed, no pipe waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return (file.read(4096) or b"").decode("ascii", "replace")


def create(home: Path, account: Account, binaries: Binaries, passwords: dict[str, str], *, durable: bool) -> Path:
    """Make home/postgres with its roles and its database, and return it.

    It grows under another name, of which each start has its own: an initdb that outlives a killed program writes into
    its own leftover, which the next start removes. `durable` says whether to wait for the disk before the rename.
    """
    for leftover in home.glob(_UNFINISHED + "*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(dir=home, prefix=_UNFINISHED))
    try:
        account.own(fresh)
        _initdb(fresh, account, binaries, durable=durable)
        _feed(fresh, "postgres", _roles(passwords), account, binaries, durable=durable)
        _feed(fresh, DATABASE, _schema(), account, binaries, durable=durable)
        account.write(fresh / "pg_hba.conf", ACCESS)
        return fresh.rename(home / "postgres")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _initdb(fresh: Path, account: Account, binaries: Binaries, *, durable: bool) -> None:
    # Byte order for sorting: the same on every machine, never changed by a library's update, and no ICU.
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    locale = builtin if binaries.major >= 17 else ["--locale-provider=libc"]
    options = ["--encoding=UTF8", "--locale=C", *locale, "--auth=trust", f"--username={SUPERUSER}", "--no-instructions"]
    # What it leaves is for us to remove: while it lies there, the free space tells why it failed.
    options += ["--no-clean"] if durable else ["--no-clean", "--no-sync"]
    done = account.run([binaries.folder / "initdb", *options, "--pgdata", fresh])
    if done.returncode != 0:
        raise failed("PostgreSQL could not make its database", done.stdout + done.stderr, fresh.parent)


def _feed(
    fresh: Path, database: str, statements: list[str], account: Account, binaries: Binaries, *, durable: bool
) -> None:
    # A server without a socket, its statements on standard input: no password stands on a command line.
    options = ["-c", "exit_on_error=on", "-c", "log_min_messages=fatal", "-c", "log_min_error_statement=panic"]
    options += ["-c", "password_encryption=scram-sha-256"] + ([] if durable else ["-F"])
    command: list[str | Path] = [binaries.folder / "postgres", "--single", "-D", fresh]
    done = account.run([*command, *options, database], feed="".join(f"{statement};\n" for statement in statements))
    if done.returncode != 0:
        raise failed("PostgreSQL could not make its roles", done.stdout + done.stderr, fresh.parent)


def _roles(passwords: dict[str, str]) -> list[str]:
    plain = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT"
    return [
        f"ALTER ROLE {SUPERUSER} PASSWORD '{passwords[SUPERUSER]}'",
        f"CREATE ROLE {OWNER} {plain} PASSWORD '{passwords[OWNER]}'",
        f"CREATE ROLE {APPLICATION} {plain} PASSWORD '{passwords[APPLICATION]}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE}, postgres, template1 FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}",
    ]


def _schema() -> list[str]:
    return [
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}",
        f"GRANT USAGE ON SCHEMA public TO {APPLICATION}",
    ]
