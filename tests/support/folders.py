"""Folders for databases: in memory where there is room, enterable by PostgreSQL's user, gone after the run."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "sextrontgen-tests-"
_ROOM = 2_000_000_000


@contextmanager
def database_folder() -> Iterator[Path]:
    """Give a folder that every user can enter (pytest's own is closed to all but its user), and remove it."""
    base = _memory() or Path(tempfile.gettempdir())
    _remove_leftovers(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=base)).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        return None
    found = os.statvfs(memory)
    roomy = found.f_bavail * found.f_frsize > _ROOM
    return memory if roomy and not found.f_flag & getattr(os, "ST_NOEXEC", 0) else None


def _remove_leftovers(base: Path) -> None:
    """Remove what runs that were killed left behind: the folders of processes that are no more."""
    for folder in base.glob(f"{_PREFIX}*-*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdigit() and not _lives(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
