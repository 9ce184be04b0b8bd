"""What the person at the terminal reads when the embedded PostgreSQL cannot serve: what happened and what to do."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NO_SPACE = ("No space left on device", "Disk quota exceeded", "wrote only ")
_FULL_BELOW = 1_000_000  # bytes
_TELLING = re.compile(r"(?:FATAL|PANIC): (?! *the database system is).*|initdb: error: .*|could not .*")
_LINES = 5
_LINE_LENGTH = 400


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot be had; the message is a whole sentence for the person at the terminal."""


def no_space(place: Path) -> EmbeddedServerError:
    """The error of a full file system: names its mount point and what is free, in MB of 1,000,000 bytes."""
    mount, free = _disk(place)
    return EmbeddedServerError(
        f"The file system at {mount} is full ({free // 1_000_000} MB free) for the embedded PostgreSQL in {place}, "
        "which begins with about 100 MB: free some space there, choose another folder, or set DATABASE_URL."
    )


def refused(error: OSError, folder: Path) -> EmbeddedServerError:
    """Turn what the operating system refused while `folder` was prepared into a sentence with its way out."""
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else folder
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return no_space(folder)
        case errno.EROFS:
            why = "lies on a read-only file system: choose a folder that can be written"
        case errno.EACCES | errno.EPERM:
            why = "may not be used by this user: give it to the user who runs the program, or choose another folder"
        case errno.ENOTDIR | errno.EEXIST | errno.ELOOP:
            why = "is not a folder of its own (a file or a link is in the way): move it, or choose another folder"
        case errno.ENOLCK | errno.EOPNOTSUPP:
            why = "lies on a file system without file locks: choose a folder on a local disk"
        case _:
            why = f"could not be used ({error.strerror}): choose another folder"
    return EmbeddedServerError(f"For the embedded PostgreSQL in {folder}: {path} {why}, or set DATABASE_URL.")


def failed(what: str, output: str, place: Path) -> EmbeddedServerError:
    """The error of a PostgreSQL program that gave up.

    Of its `output` only lines that speak of the server itself are repeated, never one that could hold a row's value.
    """
    telling = list(dict.fromkeys(line.strip()[:_LINE_LENGTH] for line in _TELLING.findall(output)))[:_LINES]
    if _is_full(output, place):
        return no_space(place)
    said = " It said: " + " / ".join(telling) + "." if telling else ""
    return EmbeddedServerError(f"{what} in {place}.{said} Put that right, choose another folder, or set DATABASE_URL.")


def _is_full(output: str, place: Path) -> bool:
    # Shared memory can be full too, and has a limit of its own.
    lines = [line for line in output.splitlines() if "shared memory" not in line]
    return any(sign in line for line in lines for sign in _NO_SPACE) or _disk(place)[1] < _FULL_BELOW


def _disk(place: Path) -> tuple[Path, int]:
    """The mount point of a place that need not exist yet, and the bytes free there."""
    where = next((path for path in (place, *place.parents) if path.exists()), Path("/"))
    mount = next((path for path in (where, *where.parents) if path.is_mount()), Path("/"))
    return mount, shutil.disk_usage(where).free


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Let no bare OSError out: each becomes an EmbeddedServerError about `folder`."""
    try:
        yield
    except OSError as error:
        raise refused(error, folder) from error
