"""The three roles of the embedded database, their passwords, and the addresses under which they reach it."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tenants.embedded.errors import EmbeddedServerError

DATABASE = "sextrontgen"
SUPERUSER, OWNER, APPLICATION = "postgres", "sextrontgen_owner", "sextrontgen_app"
PORT = 5432  # names the socket file only; there is no TCP

_NAME = "passwords.json"


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs for asyncpg.connect and, with the scheme postgresql+asyncpg, for SQLAlchemy. Their text holds passwords."""

    superuser: str
    owner: str
    application: str

    def __repr__(self) -> str:
        return "Addresses(...)"


class Passwords:
    """The generated passwords in `folder`, readable by the person who runs the program alone (0600)."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME

    def read(self) -> dict[str, str] | None:
        """Return role -> password, or None when there are none. Raises EmbeddedServerError when they are damaged."""
        try:
            with os.fdopen(os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW), encoding="ascii") as file:
                found = json.load(file)
        except FileNotFoundError:
            return None
        except ValueError:
            found = None
        match found:
            case {"postgres": str(), "sextrontgen_owner": str(), "sextrontgen_app": str()}:
                return {role: found[role] for role in (SUPERUSER, OWNER, APPLICATION)}
        raise EmbeddedServerError(f"{self._path} is damaged: put back a copy, or choose another folder.")

    def create(self) -> dict[str, str]:
        """Generate and keep new passwords; the file appears whole or not at all."""
        passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APPLICATION)}
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump(passwords, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self._path)
        return passwords


def addresses(passwords: dict[str, str], socket: Path) -> Addresses:
    """Build the addresses of the three roles on the server whose socket lies in the folder `socket`."""

    def url(role: str) -> str:
        return f"postgresql://{role}:{quote(passwords[role])}@/{DATABASE}?host={quote(str(socket))}&port={PORT}"

    return Addresses(url(SUPERUSER), url(OWNER), url(APPLICATION))
