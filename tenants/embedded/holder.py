"""Who holds the cluster by its postmaster.pid: a living PostgreSQL, a stranger with a reused number, or nobody."""

import contextlib
import os
import subprocess
import sys
from enum import Enum, auto
from pathlib import Path

from tenants.embedded.cluster import read_small
from tenants.embedded.probe import answers, socket_file

_PID_FILE = "postmaster.pid"
_READY = "ready   "  # as PostgreSQL pads it


class Holder(Enum):
    """What lives under the number in postmaster.pid."""

    NOBODY = auto()
    POSTGRES = auto()
    STRANGER = auto()


def holder(cluster: Path) -> tuple[Holder, int]:
    """Return who holds `cluster`, and the process number (0 for nobody). Nothing is signalled."""
    try:
        number = int(read_small(cluster / _PID_FILE).partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return Holder.NOBODY, 0
    if number <= 0 or not _alive(number):
        return Holder.NOBODY, 0
    ours = _serves_linux(number, cluster) if sys.platform == "linux" else _serves(number, cluster)
    return (Holder.POSTGRES if ours else Holder.STRANGER), number


def takes_connections(cluster: Path, socket: Path) -> bool:
    """Whether the server of `cluster` takes connections on the socket in the folder `socket`.

    It is asked only when its own status says so (line 8 of postmaster.pid): an earlier question litters its log.
    """
    with contextlib.suppress(FileNotFoundError):
        status = read_small(cluster / _PID_FILE).split("\n")[7:8]
        return status == [_READY] and answers(socket)
    return False


def forget_stranger(cluster: Path, socket: Path) -> None:
    """Remove the files in which PostgreSQL would find the number of a process that has nothing to do with it.

    PostgreSQL refuses to start while any process has that number. Should the answer of `holder` be wrong, a second
    server still cannot come up: the shared memory segment's key is derived from the cluster's inode, and PostgreSQL
    looks for processes attached to it whether or not the file is there.
    """
    for path in (cluster / _PID_FILE, Path(f"{socket_file(socket)}.lock"), socket_file(socket)):
        path.unlink(missing_ok=True)


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _serves_linux(number: int, cluster: Path) -> bool:
    # PostgreSQL stands in its data folder. What we may not look at is another user's, and so not this cluster's.
    process = Path("/proc") / str(number)
    with contextlib.suppress(OSError):
        return (process / "cwd").samefile(cluster) and (process / "comm").read_bytes().startswith(b"postgres")
    return False


def _serves(number: int, cluster: Path) -> bool:
    command = ["/bin/ps", "-ww", "-p", str(number), "-o", "command="]
    shown = subprocess.run(command, capture_output=True, check=False, timeout=10, env={"LC_ALL": "C"}).stdout
    return b"postgres" in shown and os.fsencode(cluster) in shown
