"""Where things lie: the folder itself when PostgreSQL's user can enter it, else a place beneath /var/lib/sextrontgen.

```
folder/   lock  passwords.json  postgres.log  socket (where the socket is)  cluster (where the home is, if elsewhere)
home/     postgres (the cluster)  postgres.new-* (one being made)  run (the socket)
```
The home is the folder itself unless the program runs as root and the other user is shut out of the folder.
"""

import contextlib
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from tenants.embedded.account import Account
from tenants.embedded.errors import EmbeddedServerError, explained
from tenants.embedded.probe import socket_file

SHARED = Path("/var/lib/sextrontgen")

# sun_path holds 108 bytes on Linux and 104 on macOS, one of them the closing zero.
_SOCKET_PATH_LIMIT = 103
# A comma or a colon in the path would split it into several hosts (asyncpg, SQLAlchemy).
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/._ +=@-]+")


def prepare(folder: Path) -> Path:
    """Make the folder if need be and return its real path."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        # Root's folder must let PostgreSQL's user through to the cluster; what is secret in it is 0600 by itself.
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder.resolve()


def prepare_shared(base: Path) -> None:
    """Make the place beneath /var/lib; raise EmbeddedServerError when anybody but root could change what lies in it."""
    with explained(base):
        if not base.is_dir():
            base.mkdir(parents=True, exist_ok=True)
            base.chmod(0o755)
        found = base.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            raise EmbeddedServerError(f"{base} must be a folder that only root can change: chown root, chmod 755.")


def recorded_home(folder: Path, base: Path) -> Path | None:
    """Return the home that an earlier start settled on, or None before the first."""
    if (folder / "postgres").is_dir():
        return folder
    text = _read(folder / "cluster")
    if text is None:
        return None
    home = Path(text)
    if home.parent != base / "clusters" or not home.is_dir() or home.is_symlink():
        raise EmbeddedServerError(
            f"The database of {folder} was kept in {text}, and that is gone: put it back, or remove {folder} to begin "
            "with an empty one."
        )
    return home


def new_home(folder: Path, account: Account, base: Path, say: Callable[[str], None]) -> Path:
    """Settle where the cluster of `folder` shall live, and write it down."""
    if account.enters(folder):
        return folder
    prepare_shared(base)
    with explained(base):
        clusters = base / "clusters"
        clusters.mkdir(mode=0o711, exist_ok=True)
        # A folder that was removed and made anew begins anew: its name is its own, and the earlier cluster stays.
        home = Path(tempfile.mkdtemp(dir=clusters, prefix=_digest(folder) + "-"))
        home.chmod(0o711)
    _write(folder / "cluster", str(home))
    say(f"The user '{account.name}' cannot enter {folder}, so the database is kept in {home}.")
    return home


def new_socket(folder: Path, home: Path, account: Account) -> Path:
    """Return a folder for the socket that only the account and root can enter, short enough, and write it down."""
    run = home / "run"
    if not _fits(run):
        earlier = socket_of(folder, account)
        known = earlier is not None and earlier.name.startswith(_temporary_name(folder))
        run = earlier if earlier is not None and known else _temporary(folder, account)
    elif not run.is_dir():
        run.mkdir(mode=0o700)
        account.own(run)
    if not _private(run, account):
        raise EmbeddedServerError(f"{run} must be a folder (mode 0700) of the user '{account.name}': remove it.")
    _write(folder / "socket", str(run))
    return run


def socket_of(folder: Path, account: Account) -> Path | None:
    """Return the socket's folder that was written down, if it is there and only the account could have made it."""
    text = _read(folder / "socket")
    return Path(text) if text is not None and _fits(Path(text)) and _private(Path(text), account) else None


def forget_socket(folder: Path, home: Path, account: Account) -> None:
    """Remove a socket folder in the system's temporary folder, so that a program that ended leaves nothing there."""
    run = socket_of(folder, account)
    if run is not None and run.parent != home:
        with contextlib.suppress(OSError):
            shutil.rmtree(run)
            (folder / "socket").unlink()


def _temporary(folder: Path, account: Account) -> Path:
    for parent in dict.fromkeys(Path(place).resolve() for place in (tempfile.gettempdir(), "/tmp")):  # noqa: S108 - mkdtemp
        name = _temporary_name(folder)
        if _fits(parent / f"{name}12345678") and account.enters(parent):
            run = Path(tempfile.mkdtemp(dir=parent, prefix=name))
            account.own(run)
            return run
    raise EmbeddedServerError("There is no temporary folder for the database's socket: set TMPDIR to a short path.")


def _temporary_name(folder: Path) -> str:
    # Bound to the folder, so that a copy of the folder does not use the same one.
    return f"sextrontgen-{_digest(folder)[:8]}-"


def _digest(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def _fits(run: Path) -> bool:
    return bool(_PLAIN_PATH.fullmatch(str(run))) and len(os.fsencode(socket_file(run))) <= _SOCKET_PATH_LIMIT


def _private(run: Path, account: Account) -> bool:
    try:
        found = run.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and stat.S_IMODE(found.st_mode) == 0o700


def _read(path: Path) -> str | None:
    with contextlib.suppress(FileNotFoundError), os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return os.fsdecode(file.read(4096)) or None
    return None


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(os.fsencode(text))
    fresh.rename(path)
