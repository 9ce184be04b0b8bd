"""Who owns the folder: an flock(2) that the kernel gives back however its holder ends."""

import contextlib
import fcntl
import os
from pathlib import Path
from weakref import WeakSet

_held: "WeakSet[Descriptor]" = WeakSet()


class Descriptor:
    """A file descriptor that speaks for this process alone: a forked child loses it, so that it cannot outlive us."""

    def __init__(self, number: int) -> None:
        self._number: int | None = number
        _held.add(self)

    def fileno(self) -> int:
        assert self._number is not None, "closed"
        return self._number

    def close(self) -> None:
        if self._number is not None:
            os.close(self._number)
            self._number = None


def _forget_in_child() -> None:
    for descriptor in list(_held):
        with contextlib.suppress(OSError):
            descriptor.close()


os.register_at_fork(after_in_child=_forget_in_child)


def try_lock(folder: Path) -> Descriptor | None:
    """Take the lock of `folder`, or return None when another program, or another part of this one, holds it.

    Closing the descriptor gives the lock back. The file stays: once removed, two programs could lock two files.
    """
    number = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        return None
    except BaseException:
        os.close(number)
        raise
    return Descriptor(number)
