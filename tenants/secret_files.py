"""Files that hold a secret: made for their owner only, refused when others may read them."""

import os
import stat
from pathlib import Path

_MOST_BYTES = 64 * 1024


class SecretFileError(Exception):
    """A secret's file is missing, open to others, or too large; the message says what to do."""


def read_secret(path: Path) -> bytes:
    """Return what the file at `path` holds. Raises `SecretFileError` unless its owner alone may read it."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise SecretFileError(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        # The open file is looked at, not the path: nobody can swap it in between.
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise SecretFileError(f"{path} is not a file.")
        if facts.st_mode & 0o077:
            raise SecretFileError(f"{path} may be read by others than its owner. Close it: chmod 600 {path}")
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise SecretFileError(f"{path} is larger than {_MOST_BYTES} bytes, which no secret of this program is.")
    return content


def write_secret(path: Path, content: bytes) -> None:
    """Put `content` into the file at `path`, readable by its owner alone, whole or not at all, over an older one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SecretFileError(f"{path} cannot be written: {error.strerror}.") from None
