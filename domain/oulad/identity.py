"""Names and addresses for people whom the data set knows by a number only.

Each person's follow from their number alone, so neither the order of rows nor a missing one renames anybody. They do
not follow from anything else that the files say: a name must not give away a gender that the reader may not see.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from domain.oulad.problems import OuladError

STUDENTS = "students.open-university.example"
STAFF = "staff.open-university.example"
"""Domains below a top-level one that can never exist (RFC 2606, section 2): no message reaches a stranger."""

_SEED = 2017171
_DRAWS = 4000
# Plain letters, so that a name and the address made of it are spelled the same.
_PLAIN = re.compile(r"[A-Z][a-z]+")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a person is called, and where they get mail."""

    name: str
    email: str


def identity(key: str, domain: str) -> Identity:
    """Return the identity of the person `key` (ASCII, unique within `domain`). Raises `OuladError` without mimesis."""
    first_names, last_names = _names()
    noise = int.from_bytes(hashlib.sha256(f"{_SEED}:{domain}:{key}".encode()).digest())
    noise, first = divmod(noise, len(first_names))
    first_name, last_name = first_names[first], last_names[noise % len(last_names)]
    return Identity(f"{first_name} {last_name}", f"{first_name}.{last_name}.{key}@{domain}".lower())


@cache
def _names() -> tuple[list[str], list[str]]:
    try:
        # Only the extra `embedded` brings it, and a server that imports nothing does not need it.
        from mimesis import Person  # noqa: PLC0415
        from mimesis.locales import Locale  # noqa: PLC0415
    except ModuleNotFoundError:
        missing = "the generator of people's names, mimesis, is not installed"
        raise OuladError([f"{missing}: install sextrontgen with its extra `embedded`"]) from None
    person = Person(Locale.EN_GB, seed=_SEED)
    return _plain(person.first_name() for _ in range(_DRAWS)), _plain(person.last_name() for _ in range(_DRAWS))


def _plain(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if _PLAIN.fullmatch(name)})
