"""Lines that deny what nobody is promised: they change no decision, and give denials a line to name."""

import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.oracle.contract import fields_of
from tests.oracle.material import PEOPLE
from tests.oracle.policy import FOLDER, Policy, category_in
from tests.oracle.rules import PURPOSES, ROLES, allows

CLASSES = {"any": ("ADULT", "MINOR"), "adult": ("ADULT",), "minor": ("MINOR",), "restricted": ("RESTRICTED",)}
SHARED = ("self", "staff", "anybody")
"""Roles that others inherit from."""

_Said = tuple[str, str, str, str]


def with_deny_lines(folder: Path, seed: int, tries: int = 4_000) -> Policy:
    """Copy the program's policy to `folder`, add deny lines that change no decision, and return it."""
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    by_kind: dict[str, list[str]] = defaultdict(list)
    for role, object_, subject, purpose in _harmless(random.Random(seed), tries):
        line = f"p, role:{role}, *, {object_}, read, {subject}, {purpose}, deny"
        by_kind[object_.replace("#", ".").partition(".")[0]].append(line)
    for kind, lines in by_kind.items():
        path = folder / f"{''.join(f'_{each.lower()}' if each.isupper() else each for each in kind)[1:]}.csv"
        path.write_text("\n".join([path.read_text(encoding="utf-8").rstrip("\n"), *lines, ""]), encoding="utf-8")
    return Policy(folder)


def _harmless(rng: random.Random, tries: int) -> Iterator[_Said]:
    """Yield what lines say that deny nothing anybody is promised, none of them twice for a field."""
    heirs = {role: [heir for heir in ROLES if f"role:{role}" in Policy().lineage(heir)] for role in SHARED}
    heirs |= {role.lower(): [role] for role in ROLES}
    written = Policy().written
    seen: set[_Said] = set()
    for _ in range(tries):
        role, kind, subject = rng.choice(sorted(heirs)), rng.choice(PEOPLE), rng.choice(sorted(CLASSES))
        purpose = rng.choice(("*", *PURPOSES.get(role.upper(), ())))
        object_, fields = _object(rng, kind)
        purposes = [purpose] if purpose != "*" else sorted(set().union(*PURPOSES.values()))
        promised = any(
            allows(heir, kind, field, about, why)
            for heir in heirs[role]
            for field in fields
            for about in CLASSES[subject]
            for why in purposes
        )
        said = {(role, f"{kind}.{field}", subject, purpose) for field in fields}
        stands = any(
            (line.role, line.subject, line.purpose) == (f"role:{role}", subject, purpose) and line.covers(kind, field)
            for line in written
            for field in fields
        )
        if not promised and not stands and seen.isdisjoint(said):
            seen |= said
            yield role, object_, subject, purpose


def _object(rng: random.Random, kind: str) -> tuple[str, list[str]]:
    """Return a field of `kind`, or a category with all its fields."""
    categories = {name: category_in(kind, name) for name in fields_of(kind)}
    field = rng.choice([name for name, category in categories.items() if category])
    if rng.random() < 0.5:
        return f"{kind}.{field}", [field]
    return f"{kind}#{categories[field]}", [name for name, each in categories.items() if each == categories[field]]
