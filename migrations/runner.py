"""Bringing a database to the newest schema, and asking how far it is."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.metadata import is_compared, metadata
from tenants.isolation import APPLICATION_ROLE

T = TypeVar("T")

# A number that nothing else on the server locks: two machines that migrate at once take turns.
_TURN = 5_377_219_604_118_260


class MigrationError(Exception):
    """The database cannot be migrated; the message says what to do."""


def newest() -> str:
    """Return the name of the newest revision that this program knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


async def upgrade(url: str) -> tuple[str | None, str]:
    """Bring the database at `url` (its owner's address) to the newest schema; return the revisions before and after.

    Everything happens in one transaction. Safe to run twice, and from two machines at once.
    Raises `MigrationError` for a database that is newer than this program, or whose application role is missing and
    may not be made.
    """
    return await _with_connection(url, _upgrade)


async def revise(url: str, message: str) -> Path:
    """Write a new revision named `message` from what the tables have and the database at `url` has not."""

    def write(connection: Connection) -> Path:
        script = command.revision(_config(connection), message, autogenerate=True)
        assert script is not None
        assert not isinstance(script, list)
        return Path(script.path)

    return await _with_connection(url, write)


async def differences(url: str) -> Sequence[object]:
    """Return what the tables in the code and the database at `url` do not have in common, as Alembic names it."""

    def compare(connection: Connection) -> Sequence[object]:
        options = {"include_object": is_compared, "compare_server_default": True, "include_schemas": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    return await _with_connection(url, compare)


async def _with_connection(url: str, work: Callable[[Connection], T]) -> T:
    """Run `work` on a connection of its own, in one transaction."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url, timeout=10), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> tuple[str | None, str]:
    connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    before = _current(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if before is not None and before not in known:
        raise MigrationError(
            f"The database is at revision {before}, which is newer than this program. Update the program."
        )
    _ensure_application_role(connection)
    command.upgrade(_config(connection), "head")
    return before, newest()


def _ensure_application_role(connection: Connection) -> None:
    found = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": APPLICATION_ROLE}).first()
    if found is not None:
        return
    may = connection.execute(
        text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
    ).scalar_one()
    if not may:
        raise MigrationError(
            f"The database has no role {APPLICATION_ROLE}, and this one may not make it. Let an administrator run: "
            f"CREATE ROLE {APPLICATION_ROLE} LOGIN PASSWORD '...'"
        )
    connection.execute(text(f"CREATE ROLE {APPLICATION_ROLE} NOLOGIN"))
