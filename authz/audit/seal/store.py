"""Where checkpoints are kept outside the database, so that one that was cut or set back is noticed."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID


class CheckpointStoreError(Exception):
    """A checkpoint could not be kept outside; the message says why and quotes nothing of it."""


class CheckpointStore(Protocol):
    """What keeps checkpoints: a folder, or an object store."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep `content` under `name`, a path of plain words with slashes between; return when it is durable.

        The same again is well; other content under a name that is taken never replaces it. Raises
        `CheckpointStoreError`.
        """
        ...


def name_of(tenant_id: UUID, at: datetime, size: int) -> str:
    """Return the name that a checkpoint of `size` leaves, signed at `at`, is kept under: tenant, day (UTC), size."""
    return f"{tenant_id}/{at.astimezone(UTC):%Y-%m-%d}/{size:016d}.txt"


class CheckpointFolder:
    """Keeps checkpoints as files, each written once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def put(self, name: str, content: bytes) -> None:
        """Write the file `name`, whole or not at all. Raises `CheckpointStoreError`."""
        try:
            await asyncio.to_thread(_write, self.path / name, content)
        except OSError as error:
            raise CheckpointStoreError(f"{self.path} cannot be written: {error.strerror}.") from None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _keep(draft, path, content)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _keep(draft: Path, path: Path, content: bytes) -> None:
    try:
        # A link, unlike a renaming, replaces nothing.
        os.link(draft, path)
    except FileExistsError:
        if path.read_bytes() != content:
            raise CheckpointStoreError(
                f"{path} holds another checkpoint of that size: the database was set back, or there are two of it. "
                "Run: sextrontgen audit verify"
            ) from None
