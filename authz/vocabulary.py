"""The words a policy may use: its roles and who inherits from whom, categories, purposes. Read from three files."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from authz.lines import Line
from authz.viewer import Purpose, Role

_ROLE = re.compile(r"role:[a-z][a-z_]{0,40}")
_CATEGORY = re.compile(r"[A-Z][A-Z_]{0,40}")

_T = TypeVar("_T")

MAX_ANCESTORS = 8
"""How many roles one may inherit from, near and far. Casbin silently stops following at ten steps."""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of personal data. `special`: GDPR Art. 9 may apply."""

    special: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Basis:
    """Why and on what ground a purpose reads. `special` is its ground in GDPR Art. 9, or None."""

    ground: str
    special: str | None
    roles: frozenset[str]
    retention: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words, by their spelling in the files (`role:support`)."""

    roles: dict[str, str] = field(default_factory=dict)
    parents: dict[str, set[str]] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    purposes: dict[str, Basis] = field(default_factory=dict)

    def lineage(self, role: str) -> frozenset[str]:
        """Return the role itself and all that it inherits from, near and far."""
        found: set[str] = set()
        pending = [role]
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending += self.parents.get(name, ())
        return frozenset(found)

    def purposes_of(self, role: str) -> frozenset[str]:
        """Return what a role may name as its purpose; of a role that is only inherited from, what its heirs may."""
        heirs = {heir for heir in self.roles if role in self.lineage(heir)}
        return frozenset(name for name, basis in self.purposes.items() if basis.roles & heirs)


def spelled(role: Role) -> str:
    """Return a role as the files spell it: the prefix keeps it apart from any person's or tenant's name."""
    return f"role:{role.value.lower()}"


GRANTED = frozenset(spelled(role) for role in Role)
"""The roles that somebody can hold. All others exist to be inherited from."""


def read_roles(said: Iterable[Line], words: Vocabulary, problems: list[str]) -> None:
    """Read roles.csv."""
    links: list[tuple[str, str, str]] = []
    for line in said:
        match line.kind, line.values:
            case "role", (_, meaning):
                _define(words.roles, meaning, _ROLE, line, problems)
            case "g", (heir, ancestor):
                links.append((line.place, heir, ancestor))
            case _:
                problems.append(f"{line.place}: expected `role, name, meaning` or `g, role, role it inherits from`")
    for place, heir, ancestor in links:
        _link(words, place, heir, ancestor, problems)
    problems += [f"roles.csv: {name} is missing" for name in sorted(GRANTED - words.roles.keys())]
    for name in sorted(words.roles):
        if len(words.lineage(name)) > MAX_ANCESTORS + 1:
            problems.append(f"roles.csv: {name} inherits from more than {MAX_ANCESTORS} roles")
    inherited = {ancestor for ancestors in words.parents.values() for ancestor in ancestors}
    for name in sorted(words.roles.keys() - GRANTED - inherited):
        problems.append(f"roles.csv: {name} is nobody's: no such role is granted and none inherits from it")


def _link(words: Vocabulary, place: str, heir: str, ancestor: str, problems: list[str]) -> None:
    unknown = [name for name in (heir, ancestor) if name not in words.roles]
    if unknown:
        problems += [f"{place}: unknown role {name}" for name in unknown]
    elif ancestor in GRANTED:
        # Whoever inherited from a role that is granted would hold it without its relation to the row.
        problems.append(f"{place}: {ancestor} is granted to people, so nothing may inherit from it")
    elif ancestor in words.parents.get(heir, ()):
        problems.append(f"{place}: duplicate of an earlier line")
    elif heir in words.lineage(ancestor):
        problems.append(f"{place}: {heir} and {ancestor} inherit from each other")
    else:
        words.parents.setdefault(heir, set()).add(ancestor)


def read_categories(said: Iterable[Line], words: Vocabulary, problems: list[str]) -> None:
    """Read categories.csv."""
    for line in said:
        match line.kind, line.values:
            case "category", (_, "special" | "-" as special, meaning):
                _define(words.categories, Category(special == "special", meaning), _CATEGORY, line, problems)
            case _:
                problems.append(f"{line.place}: expected `category, NAME, special or -, meaning`")


def read_purposes(said: Iterable[Line], words: Vocabulary, problems: list[str]) -> None:
    """Read purposes.csv, after the roles."""
    for line in said:
        match line.kind, line.values:
            case "purpose", (name, ground, special, roles, retention, meaning):
                basis = Basis(ground, None if special == "-" else special, frozenset(roles.split()), retention, meaning)
                if name not in Purpose.__members__:
                    problems.append(f"{line.place}: unknown purpose {name}")
                problems += _problems_of(line.place, basis)
                _define(words.purposes, basis, _CATEGORY, line, problems)
            case _:
                problems.append(f"{line.place}: expected `purpose, NAME, Art. 6, Art. 9 or -, roles, kept, meaning`")
    problems += [f"purposes.csv: {name} is missing" for name in Purpose if name not in words.purposes]
    for role in sorted(GRANTED & words.roles.keys()):
        if not words.purposes_of(role):
            problems.append(f"purposes.csv: {role} may name no purpose, so it could read nothing")


def _problems_of(place: str, basis: Basis) -> list[str]:
    wrong = [f"{place}: unknown role {role}" for role in sorted(basis.roles - GRANTED)]
    if not basis.ground.startswith("Art. 6(1)("):
        wrong.append(f"{place}: the lawful basis is a letter of Art. 6(1), for example Art. 6(1)(b)")
    if basis.special is not None and not basis.special.startswith("Art. 9(2)("):
        wrong.append(f"{place}: the second basis is a letter of Art. 9(2), for example Art. 9(2)(a), or -")
    return wrong


def _define(words: dict[str, _T], value: _T, shape: re.Pattern[str], line: Line, problems: list[str]) -> None:
    name = line.values[0]
    if not shape.fullmatch(name):
        problems.append(f"{line.place}: {name!r} is no name of a {line.kind}")
    elif name in words:
        problems.append(f"{line.place}: duplicate {line.kind} {name}")
    else:
        words[name] = value
