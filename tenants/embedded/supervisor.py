"""One running PostgreSQL that this process started: how it begins, how it is signalled, how it ends with us."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

from tenants.embedded import launch
from tenants.embedded.account import ENVIRONMENT, Account
from tenants.embedded.lock import Descriptor

_PATIENCE = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))  # seconds: fast, immediate, by force
DEATH_SIGNAL = sys.platform == "linux"


class Supervisor:
    """Holds the child process; signals go to it alone, never to a number read from a file."""

    def __init__(self, account: Account, command: list[str], log: int, *, death_signal: bool = DEATH_SIGNAL) -> None:
        """Start `command` as `account`, its output into the file descriptor `log`.

        With `death_signal` PostgreSQL is our direct child and the kernel tells it of our death (Linux); without, a
        watchdog process stands between and learns it from the end of a pipe.
        """
        self._pipe: Descriptor | None = None
        user = [str(account.uid), str(account.gid)] if account.dropped else ["-", "-"]
        start = [sys.executable, "-I", "-S", launch.__file__, "exec" if death_signal else "watch", str(os.getpid())]
        if death_signal:
            self._child = _from_lasting_thread(start + user + command, log)
        else:
            reading, writing = os.pipe()
            self._pipe = Descriptor(writing)
            try:
                self._child = _popen(start + user + command, log, reading)
            finally:
                os.close(reading)

    def ended(self) -> bool:
        """Whether it has ended (whoever ended it)."""
        return self._child.poll() is not None

    def stop(self) -> None:
        """End it: fast shutdown, then an immediate one, then by force. Returns when it is gone; may be called again."""
        try:
            for number, patience in _PATIENCE:
                if self._ended_within(patience, number):
                    return
            # The watchdog does not answer: it is our child as well.
            self._child.kill()
            self._child.wait()
        finally:
            if self._pipe is not None:
                self._pipe.close()

    def _ended_within(self, patience: float, number: signal.Signals) -> bool:
        if not self.ended():
            self._signal(number)
        try:
            self._child.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._pipe is None:
            self._child.send_signal(number)
            return
        with contextlib.suppress(BrokenPipeError):  # the watchdog ended in this moment
            os.write(self._pipe.fileno(), bytes([number]))


def _popen(command: list[str], log: int, standard_input: int) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal is for us, and we end PostgreSQL when our own work is done.
    return subprocess.Popen(
        command,
        stdin=standard_input,
        stdout=log,
        stderr=log,
        cwd="/",
        env=ENVIRONMENT,
        umask=0o077,
        start_new_session=True,
    )


def _from_lasting_thread(command: list[str], log: int) -> subprocess.Popen[bytes]:
    """Start the child from a thread that lives as long as the process.

    Linux sends the death signal when the THREAD that forked ends, prctl(2): from a worker thread PostgreSQL would stop
    with that thread's work. The main thread lasts; another caller gets a thread that waits for the child.
    """
    if threading.current_thread() is threading.main_thread():
        return _popen(command, log, subprocess.DEVNULL)
    started: list[subprocess.Popen[bytes] | BaseException] = []
    ready = threading.Event()

    def start_and_stay() -> None:
        try:
            started.append(child := _popen(command, log, subprocess.DEVNULL))
        except BaseException as error:
            started.append(error)
            return
        finally:
            ready.set()
        child.wait()

    threading.Thread(target=start_and_stay, name="postgres", daemon=True).start()
    ready.wait()
    match started[0]:
        case BaseException() as error:
            raise error
        case child:
            return child
