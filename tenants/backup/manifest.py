"""What a folder of a backup holds, written last: a folder without it is no backup."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tenants.backup.programs import BackupError

FORMAT = 1
NAME = "manifest.json"
_MOST_BYTES = 64 * 1024
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """One folder's: `part` is `data` or `keys`; the two of one backup have the same `backup`."""

    part: str
    backup: str
    made_at: str
    """ISO 8601, UTC."""
    revision: str
    """Of the schema."""
    server: str
    """PostgreSQL's version."""
    file: str
    bytes: int
    sha256: str
    format: int = FORMAT


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into `folder`."""
    (folder / NAME).write_text(json.dumps(asdict(manifest), indent=2) + "\n")


def read(folder: Path, part: str) -> Manifest:
    """Return the manifest of `folder`, whose file is whole. Raises `BackupError`."""
    try:
        with (folder / NAME).open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
        manifest = Manifest(**found)
    except (OSError, ValueError, TypeError):
        raise BackupError(f"{folder} is no whole backup: it has no {NAME}, or one that is none.") from None
    if manifest.format != FORMAT:
        raise BackupError(f"{folder} has the format {manifest.format}, which this program does not know: update it.")
    if manifest.part != part:
        raise BackupError(f"{folder} holds the {manifest.part}, not the {part}.")
    _check(folder, manifest)
    return manifest


def facts_of(path: Path) -> tuple[int, str]:
    """Return a file's size and SHA-256. Raises `BackupError`."""
    try:
        return path.stat().st_size, _digest(path)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from None


def _check(folder: Path, manifest: Manifest) -> None:
    if Path(manifest.file).name != manifest.file:
        raise BackupError(f"{folder} has a {NAME} that names a file elsewhere.")
    if facts_of(folder / manifest.file) != (manifest.bytes, manifest.sha256):
        raise BackupError(f"{folder / manifest.file} is not what was written: size or SHA-256 differ.")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
