"""What the holder of the folder's lock does: find or make the cluster, see that it is free, start PostgreSQL on it."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tenants.embedded import cluster as clusters
from tenants.embedded import places
from tenants.embedded.account import Account
from tenants.embedded.addresses import Addresses, Passwords, addresses
from tenants.embedded.binaries import Binaries, find
from tenants.embedded.configuration import configuration
from tenants.embedded.errors import EmbeddedServerError, failed
from tenants.embedded.holder import Holder, forget_stranger, holder, takes_connections
from tenants.embedded.log import Log
from tenants.embedded.supervisor import Supervisor

PATIENCE = 30.0  # seconds: for a start, for a predecessor to be gone
_STEADY = 2.0  # seconds
# What a predecessor still leaves behind for a moment: its orphaned backends hold the shared memory.
_PASSING = ("pre-existing shared memory block", "is still in use")


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything a start stands on: whose it is, with which programs, where the cluster and its socket lie."""

    account: Account
    binaries: Binaries
    home: Path
    cluster: Path
    socket: Path
    addresses: Addresses


def prepare(folder: Path, settings: Mapping[str, str], say: Callable[[str], None], base: Path) -> Ground:
    """Find the cluster of `folder`, or make it, and give its socket a place."""
    home = places.recorded_home(folder, base)
    existing = home / "postgres" if home is not None and (home / "postgres").is_dir() else None
    account = Account.choose(existing)
    home = places.new_home(folder, account, base, say) if home is None else home
    if not account.enters(home):
        raise EmbeddedServerError(
            f"The database's user '{account.name}' can no longer enter {home}: give the folders above it the mode 711, "
            "choose another folder, or set DATABASE_URL."
        )
    binaries = find(account, clusters.major_version(existing) if existing else None, base)
    passwords = Passwords(folder)
    known = passwords.read() if existing else passwords.create()
    if known is None:
        raise EmbeddedServerError(
            f"The passwords of the database in {folder} are gone: put passwords.json back, or choose another folder."
        )
    if existing is None:
        say(f"Preparing PostgreSQL {binaries.version} in {home} ...")
        existing = clusters.create(home, account, binaries, known, durable=settings.get("fsync") != "off")
    socket = places.new_socket(folder, home, account)
    return Ground(account, binaries, home, existing, socket, addresses(known, socket))


def is_served(ground: Ground) -> bool:
    """Whether somebody else's PostgreSQL serves this cluster and means to stay: then it is shared.

    A predecessor's that is going down is waited for. One that keeps answering was started by hand (or outlived its
    watchdog). Raises EmbeddedServerError when it neither goes nor answers.
    """
    end = time.monotonic() + PATIENCE
    steady_since: float | None = None
    while True:
        who, number = holder(ground.cluster)
        if who is Holder.STRANGER:
            forget_stranger(ground.cluster, ground.socket)
        if who is not Holder.POSTGRES:
            return False
        now = time.monotonic()
        steady_since = (steady_since or now) if takes_connections(ground.cluster, ground.socket) else None
        if steady_since is not None and now - steady_since >= _STEADY:
            return True
        if now > end:
            raise EmbeddedServerError(
                f"Another PostgreSQL (process {number}) holds {ground.cluster} and does not answer on its socket: "
                f"end it (kill -INT {number}), or set DATABASE_URL."
            )
        time.sleep(0.05)


def launch(ground: Ground, folder: Path, settings: Mapping[str, str], *, death_signal: bool) -> Supervisor:
    """Start PostgreSQL and return when it takes connections; raise EmbeddedServerError when it does not within 30 s."""
    ground.account.write(ground.cluster / "postgresql.conf", configuration(ground.socket, settings))
    command = [str(ground.binaries.folder / "postgres"), "-D", str(ground.cluster)]
    end = time.monotonic() + PATIENCE
    said = ""
    while True:
        with closing(Log(folder)) as log:
            supervisor = Supervisor(ground.account, command, log.descriptor, death_signal=death_signal)
            try:
                if _ready(supervisor, ground, end):
                    return supervisor
            except BaseException:
                supervisor.stop()
                raise
            supervisor.stop()
            latest = log.since_opened()
        said += latest
        if not all(part in latest for part in _PASSING) or time.monotonic() > end:
            raise failed(f"PostgreSQL did not start (its log: {log.path})", said, ground.cluster)
        time.sleep(0.1)


def _ready(supervisor: Supervisor, ground: Ground, end: float) -> bool:
    while not supervisor.ended() and time.monotonic() < end:
        if takes_connections(ground.cluster, ground.socket):
            return True
        time.sleep(0.005)
    return False
