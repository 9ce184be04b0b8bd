"""The embedded server as the program sees it: open it, read its addresses, close it."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tenants.embedded import places, start
from tenants.embedded.account import Account
from tenants.embedded.addresses import Addresses, Passwords, addresses
from tenants.embedded.configuration import NO_SETTINGS, configuration
from tenants.embedded.errors import EmbeddedServerError, explained
from tenants.embedded.holder import takes_connections
from tenants.embedded.keeper import Keeper
from tenants.embedded.lock import Descriptor, try_lock
from tenants.embedded.supervisor import DEATH_SIGNAL, Supervisor

_PAUSE = 0.05  # seconds


def _to_terminal(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


@dataclass(slots=True)
class _Owned:
    """What this process answers for, in the order of its end: the server, its socket's folder, the lock."""

    folder: Path
    ground: start.Ground
    settings: Mapping[str, str]
    death_signal: bool
    supervisor: Supervisor
    lock: Descriptor
    keeper: Keeper | None = None

    def ended(self) -> bool:
        return self.supervisor.ended()

    def start_again(self) -> None:
        with explained(self.folder):
            self.supervisor.stop()
            self.supervisor = start.launch(self.ground, self.folder, self.settings, death_signal=self.death_signal)

    def end(self) -> None:
        try:
            if self.keeper is not None:
                self.keeper.end()
            self.supervisor.stop()
            places.forget_socket(self.folder, self.ground.home, self.ground.account)
        finally:
            self.lock.close()


class EmbeddedServer:
    """A PostgreSQL on a folder, started by this process (`owned`) or shared with the program that started it.

    Synchronous: open it before an event loop runs. It is its own context manager.
    """

    def __init__(self, reached: Addresses, owned: _Owned | None) -> None:
        self.addresses = reached
        self.owned = owned is not None
        self._owned = owned
        self._process = os.getpid()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        settings: Mapping[str, str] = NO_SETTINGS,
        say: Callable[[str], None] = _to_terminal,
        base: Path = places.SHARED,
        death_signal: bool = DEATH_SIGNAL,
    ) -> Self:
        """Start PostgreSQL on `folder` (made when missing), or share the one that serves it.

        `settings` are PostgreSQL's, by name; they count for the one who starts it. `say` is given sentences for the
        terminal. `base` is where root keeps what PostgreSQL's user cannot reach elsewhere. `death_signal` chooses how
        PostgreSQL learns of our death: from the kernel (Linux), or from a watchdog process.
        Raises EmbeddedServerError, ValueError for settings that are none or not the caller's.
        """
        configuration(folder, settings)
        with explained(folder):
            folder = places.prepare(folder)
            found = _lock_or_addresses(folder, base)
            if isinstance(found, Addresses):
                return cls(found, None)
            try:
                ground = start.prepare(folder, settings, say, base)
                if start.is_served(ground):
                    say(f"A PostgreSQL that was started elsewhere serves {ground.cluster}; it is shared.")
                    found.close()
                    return cls(ground.addresses, None)
                supervisor = start.launch(ground, folder, settings, death_signal=death_signal)
            except BaseException:
                found.close()
                raise
            return cls(ground.addresses, _Owned(folder, ground, settings, death_signal, supervisor, found))

    def keep(self, say: Callable[[str], None] = _to_terminal) -> None:
        """From now on start PostgreSQL again whenever it ends under us, and `say` so. For its owner; once."""
        if self._owned is not None and self._owned.keeper is None:
            self._owned.keeper = Keeper(self._owned.ended, self._owned.start_again, say)

    def close(self) -> None:
        """Stop PostgreSQL if this process started it. May be called again; in a forked child it does nothing."""
        owned, self._owned = self._owned, None
        if owned is not None and self._process == os.getpid():
            owned.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _lock_or_addresses(folder: Path, base: Path) -> Descriptor | Addresses:
    """Return the lock of `folder`, or, while another holds it, the addresses of the server it runs; wait for either."""
    end = time.monotonic() + start.PATIENCE
    while (lock := try_lock(folder)) is None:
        if (shared := _running(folder, base)) is not None:
            return shared
        if time.monotonic() > end:
            raise EmbeddedServerError(
                f"Another program holds {folder} and its PostgreSQL does not answer: "
                "end that program, choose another folder, or set DATABASE_URL."
            )
        time.sleep(_PAUSE)
    return lock


def _running(folder: Path, base: Path) -> Addresses | None:
    """The addresses of the server whose owner holds the lock, once it takes connections."""
    home = places.recorded_home(folder, base)
    if home is None or not (home / "postgres").is_dir():
        return None
    socket = places.socket_of(folder, Account.choose(home / "postgres"))
    if socket is None or not takes_connections(home / "postgres", socket):
        return None
    passwords = Passwords(folder).read()
    return None if passwords is None else addresses(passwords, socket)
