"""The commands `backup` and `restore`."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from api.commands.store import Store, read_settings
from api.commands.terminal import CommandError, say
from tenants.backup.programs import BackupError
from tenants.backup.service import restore as put_back
from tenants.backup.service import write as write_both
from tenants.embedded import EmbeddedServer

_NO_ADDRESS = (
    "BACKUP_DATABASE_URL is not set: the address of a superuser, or of a role with BYPASSRLS that may read all tables. "
    "Row-level security shuts everybody else out."
)


async def write(store: Store, data_to: Path, keys_to: Path) -> Sequence[str]:
    """Write a backup; return what there is to say. Raises `CommandError`."""
    if os.path.realpath(data_to) == os.path.realpath(keys_to):  # noqa: ASYNC240 - a command has nothing else to do
        raise CommandError("Name two folders: who finds data and keys together needs only the master key more.")
    address = store.superuser_url or _given()
    try:
        with Console(stderr=True).status("writing") as drawn:
            written = await write_both(
                address, data_to, keys_to, lambda part, size: drawn.update(f"writing the {part}: {size:,} bytes")
            )
    except BackupError as error:
        raise CommandError(str(error)) from None
    folders = zip(written, (data_to, keys_to), strict=True)
    lines = [f"{folder}: the {part.part}, {part.bytes:,} bytes, SHA-256 {part.sha256}" for part, folder in folders]
    return [*lines, "Store the two apart. The master key is in neither; keep a copy of it in a third place."]


def restore(folder: Path | None, data_from: Path, keys_from: Path) -> Sequence[str]:
    """Put a backup into an empty database; return what there is to say. Raises `CommandError`."""
    try:
        if folder is None:
            destroyed = asyncio.run(put_back(_given(), data_from, keys_from))
        else:
            with EmbeddedServer.open(folder, say=say) as server:
                destroyed = asyncio.run(put_back(server.addresses.superuser, data_from, keys_from))
    except BackupError as error:
        raise CommandError(str(error)) from None
    more = [f"{destroyed:,} keys that the data says were destroyed are destroyed again."] if destroyed else []
    return ["Restored.", *more, "Give the server the master key that was in use then, and run: sextrontgen migrate"]


def _given() -> str:
    address = read_settings().backup_database_url
    if address is None:
        raise CommandError(_NO_ADDRESS)
    return address.get_secret_value()
