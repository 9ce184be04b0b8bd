"""Small file systems, to be filled."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Give a file system of that size; skip the test where none may be mounted.

    Ask for it before the server that uses it, so that it goes after that.
    """
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    folder.chmod(0o755)
    options = f"size={megabytes}m,mode=755"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        shutil.rmtree(folder)
        pytest.skip("mounting a small file system needs root, and a machine that lets it")
    try:
        yield folder
    finally:
        # Whoever has a file open there has to be gone by now.
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def fill(disk: Path) -> Path:
    """Leave no space on `disk`; return the file that takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"0" * 65536)
            file.flush()
    return ballast
