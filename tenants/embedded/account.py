"""Who runs PostgreSQL: the person's own user, or, because PostgreSQL refuses root, an unprivileged one."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenants.embedded.errors import EmbeddedServerError, failed

# Nothing of the person's environment reaches PostgreSQL: a PGDATA, PGPORT or PGOPTIONS would change what we start.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_UNPRIVILEGED = ("postgres", "nobody")
_PROGRAM_LIMIT = 120.0  # seconds; initdb on a slow disk is the longest


@dataclass(frozen=True, slots=True)
class Account:
    """An operating system user; `dropped` says that we are root and become this user for PostgreSQL's processes."""

    name: str
    uid: int
    gid: int
    dropped: bool

    @classmethod
    def choose(cls, cluster: Path | None) -> "Account":
        """Return the account for an existing `cluster` (its owner), or for a new one (None).

        Raises EmbeddedServerError when that cannot be: the cluster is somebody else's, or root has no other user.
        """
        owner = None if cluster is None else cluster.lstat().st_uid
        accounts = _candidates()
        if not accounts:
            raise EmbeddedServerError(
                "PostgreSQL does not run as root, and this system has no user 'postgres' or 'nobody' that root may "
                "become: start the program as an ordinary user, or set DATABASE_URL."
            )
        for account in accounts:
            if owner in (None, account.uid):
                return account
        raise EmbeddedServerError(
            f"The database in {cluster} belongs to another user (number {owner}): start the program as that user, "
            "choose another folder, or set DATABASE_URL."
        )

    def run(
        self, command: Sequence[str | Path], *, feed: str = "", limit: float = _PROGRAM_LIMIT
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this account (no supplementary groups), `feed` on its standard input.

        `limit` is in seconds. A program that cannot be started is reported as exit code 126, as a shell would.
        Raises EmbeddedServerError when the program does not end.
        """
        try:
            return subprocess.run(
                list(command),
                input=feed,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=limit,
                # PostgreSQL's programs want to know where they stand, and the person's folder may be closed to them.
                cwd="/",
                env=ENVIRONMENT,
                umask=0o077,
                user=self.uid if self.dropped else None,
                group=self.gid if self.dropped else None,
                extra_groups=[] if self.dropped else None,
            )
        except subprocess.TimeoutExpired as error:
            raise EmbeddedServerError(
                f"{command[0]} did not end within {limit:.0f} seconds: see whether the disk answers, and try again."
            ) from error
        except OSError as error:
            return subprocess.CompletedProcess(list(command), 126, "", error.strerror or "")

    def enters(self, folder: Path) -> bool:
        """Whether this account can enter `folder`: tried, for mode bits do not tell all (parents, ACLs, mounts)."""
        return not self.dropped or self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0

    def write(self, path: Path, text: str) -> None:
        """Write a file that lies in a folder of this account, mode 0600.

        Done by the account itself: were root to write there, a link planted in its place would aim root's pen.
        """
        done = self.run(["/bin/sh", "-c", 'cat > "$1"', "sh", path], feed=text)
        if done.returncode != 0:
            raise failed(f"{path.name} could not be written", done.stderr, path.parent)

    def own(self, folder: Path) -> None:
        """Hand over a folder that we have just made."""
        if self.dropped:
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)


def _candidates() -> list[Account]:
    if os.geteuid() != 0:
        return [Account(f"number {os.geteuid()}", os.geteuid(), os.getegid(), dropped=False)]
    entries = [entry for entry in pwd.getpwall() if entry.pw_name in _UNPRIVILEGED and entry.pw_uid != 0]
    entries.sort(key=lambda entry: _UNPRIVILEGED.index(entry.pw_name))
    accounts = [Account(entry.pw_name, entry.pw_uid, entry.pw_gid, dropped=True) for entry in entries]
    # A container may hold root without the right to become anybody else.
    return [account for account in accounts if account.run(["/bin/sh", "-c", "exit 0"]).returncode == 0]
