"""Which database a command works on: the embedded one of a folder, or the one that `DATABASE_URL` names."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from api.app import database_settings
from api.commands.terminal import CommandError, say
from api.keys import keys_of
from api.settings import Environment, Settings, SettingsError
from domain.accounts.keys import new_key
from migrations.runner import MigrationError, newest, upgrade
from tenants.connection import DatabaseSettings, DatabaseUnavailableError
from tenants.database import Database
from tenants.embedded import EmbeddedServer, EmbeddedServerError
from tenants.keys.master import new_master_key
from tenants.secret_files import SecretFileError, write_secret

DEFAULT_FOLDER = Path(".sextrontgen")
_KEYS, _MASTER, _TRAIL_KEYS, _CHECKPOINTS = "token-keys.pem", "master-key", "trail-keys.pem", "checkpoints"


@dataclass(frozen=True, slots=True)
class Store:
    """Where data is: the settings to reach it with, and the embedded server's superuser's address if it is one."""

    settings: Settings
    superuser_url: str | None = None

    def open(self) -> Database:
        """Return the database, with its keys; commands wait longer than requests may. Raises `CommandError`."""
        found = database_settings(self.settings)
        waiting = DatabaseSettings(found.url, pool_size=4, pool_wait=30, connect_timeout=5, open_limit=30)
        try:
            return Database(waiting, keys_of(self.settings))
        except SettingsError as error:
            raise CommandError(*error.problems) from None


@contextmanager
def open_store(folder: Path | None, *, migrated: bool = True) -> Iterator[Store]:
    """Open the embedded database of `folder`, or what `DATABASE_URL` names when `folder` is None and it is set.

    An embedded one is started or shared, brought to the newest schema, and kept until the block ends. One in
    production is not migrated unasked: with `migrated`, an older schema is an error. Raises `CommandError`.
    """
    settings = read_settings()
    if folder is None and settings.database_url is not None:
        if migrated:
            asyncio.run(_check_schema(Database(database_settings(settings))))
        yield Store(settings)
        return
    place = folder or DEFAULT_FOLDER
    try:
        with EmbeddedServer.open(place, say=say) as server:
            server.keep(say)
            asyncio.run(upgrade(server.addresses.owner))
            yield Store(_of_folder(settings, place, server.addresses.application), server.addresses.superuser)
    except (EmbeddedServerError, MigrationError, SecretFileError) as error:
        raise CommandError(str(error)) from None


def read_settings() -> Settings:
    """Return the environment's settings. Raises `CommandError` with a line per bad one."""
    try:
        return Settings.read()
    except SettingsError as error:
        raise CommandError(*error.problems) from None


def migrate(folder: Path | None) -> tuple[str | None, str]:
    """Bring the database to the newest schema; return the revisions before and after. Raises `CommandError`."""
    settings = read_settings()
    address = settings.migration_database_url or settings.database_url
    if folder is None and address is not None:
        return _upgrade(address.get_secret_value())
    with EmbeddedServer.open(folder or DEFAULT_FOLDER, say=say) as server:
        return _upgrade(server.addresses.owner)


def _upgrade(url: str) -> tuple[str | None, str]:
    try:
        return asyncio.run(upgrade(url))
    except MigrationError as error:
        raise CommandError(str(error)) from None
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandError(
            f"The database does not take this: {type(error).__name__}.",
            "Check that it runs and that MIGRATION_DATABASE_URL (or DATABASE_URL) is the address of the tables' owner.",
        ) from None


async def _check_schema(database: Database) -> None:
    try:
        found = await database.revision()
    except DatabaseUnavailableError as error:
        raise CommandError(str(error)) from None
    finally:
        await database.close()
    if found != newest():
        raise CommandError(f"The database is at revision {found}, this program needs {newest()}: sextrontgen migrate")


def _of_folder(settings: Settings, folder: Path, url: str) -> Settings:
    """Return `settings` for the database of `folder`. Such a folder is for development unless told otherwise."""
    keys = settings.token_keys or folder / _KEYS
    if not keys.exists():
        write_secret(keys, new_key())
    chosen = "environment" in settings.model_fields_set
    environment = settings.environment if chosen else Environment.DEVELOPMENT
    update = {"environment": environment, "database_url": SecretStr(url), "token_keys": keys}
    update["trail_keys"] = _own_key(settings.trail_keys or folder / _TRAIL_KEYS, environment)
    update["checkpoints"] = settings.checkpoints or folder / _CHECKPOINTS
    if settings.master_keys is None:
        update["master_key"] = _master_key(settings.master_key or folder / _MASTER, environment)
    return settings.model_copy(update=update)


def _own_key(path: Path, environment: Environment) -> Path:
    """Return where the key is that signs the folder's trail; in development one is made when there is none."""
    if not path.exists() and environment is Environment.DEVELOPMENT:
        write_secret(path, new_key())
    return path


def _master_key(path: Path, environment: Environment) -> Path:
    """Return where the folder's master key is; in development one is made when there is none."""
    if not path.exists() and environment is Environment.DEVELOPMENT:
        write_secret(path, new_master_key())
    return path
