"""The little program between us and PostgreSQL, run by path: python -I -S launch.py MODE PARENT UID GID POSTGRES ...

It becomes the unprivileged user (UID is "-" when there is nothing to drop) and then

- `exec` (Linux): asks the kernel for SIGINT (PostgreSQL's fast shutdown) at its parent's death, and becomes PostgreSQL.
- `watch` (elsewhere): stays as PostgreSQL's parent. File descriptor 0 is a pipe from the program: each byte on it is
  the number of a signal for PostgreSQL, and its end, which comes however the program ends, is a shutdown.

A program of its own, and not code between fork and exec: that would have to run in a copy of a process with threads.
Only the standard library: it runs before and outside of any environment.
"""

import ctypes
import os
import signal
import sys
import time
from types import FrameType

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, prctl(2)
_PATIENCE = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))  # seconds


def _drop(uid: str, gid: str) -> None:
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    # Python ignores these, and ignoring is inherited.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def _become(parent: int, libc: ctypes.CDLL, command: list[str]) -> None:
    # After the change of user, which takes a death signal away; then the parent may have died before it was asked for.
    if libc.prctl(_DEATH_SIGNAL, signal.SIGINT, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def _watch(command: list[str]) -> None:
    child = 0

    def reap(_number: int, _frame: FrameType | None) -> None:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)

    signal.signal(signal.SIGCHLD, reap)
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    child = os.posix_spawn(command[0], command, dict(os.environ), file_actions=actions)
    while number := os.read(0, 1):
        os.kill(child, number[0])
    for ending, patience in _PATIENCE:
        os.kill(child, ending)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            time.sleep(0.05)


def main(arguments: list[str]) -> None:
    mode, parent, uid, gid, *command = arguments
    # Loaded before the change of user: Python itself may lie where only root can read it.
    libc = ctypes.CDLL(None, use_errno=True)
    _drop(uid, gid)
    if mode == "exec":
        _become(int(parent), libc, command)
    else:
        _watch(command)


if __name__ == "__main__":
    main(sys.argv[1:])
