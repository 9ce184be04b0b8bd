"""Every line of the policy matters: dropped, negated, narrowed, widened or given to another, the matrix notices.

A mutant is caught when it does not load or when a cell is not as the matrix promises; what may be granted is checked
against a list of its own. A mutant that says the same in other words (a category of one field) is no mutant.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from authz.explain import matrix
from authz.loading import POLICY_FOLDER, Policy, PolicyError, file_of, load
from authz.mask import Mask
from authz.rules import ACTIONS
from tests.authz.example import CATALOGUE, copy_of_the_policy
from tests.matrix import Cell, expected

PROMISED = {action: expected(action) for action in ACTIONS}

GRANTABLE = {
    ("role:seat_manager", "Enrollment.averageScore", "read", "adult"),
    ("role:seat_manager", "Enrollment.results", "read", "adult"),
    *(("role:seat_manager", f"AssessmentResult.{it}", "read", "adult") for it in CATALOGUE["AssessmentResult"]),
    ("role:enterprise_admin", "Learner.accessLog", "read", "any"),
    *(("role:enterprise_admin", f"AccessEvent.{it}", "read", "any") for it in ("id", "actor", "subjects")),
    *(("role:enterprise_admin", f"Actor.{it}", "read", "any") for it in ("id", "name")),
}
"""What access.md lets a tenant's agreement lift: scores and single results, and the reads of their own people."""

EXPLAINED = {
    # Two roles may name the purpose, and the other one reads these fields anyhow.
    "p, role:anybody, *, Learner#TECHNICAL, read, any, FRAUD_PREVENTION, allow",
}
"""Slips that change no decision, because of what other lines say."""

OTHER_ROLE = {
    "role:self": "role:ward",
    "role:learner": "role:minor",
    "role:guardian": "role:ward",
    "role:ward": "role:seat_manager",
    "role:instructor": "role:enterprise_admin",
    "role:enterprise_admin": "role:instructor",
    "role:seat_manager": "role:instructor",
    "role:staff": "role:ward",
    "role:support": "role:security",
    "role:security": "role:support",
    "role:privacy": "role:security",
    "role:anybody": "role:staff",
}
OTHER_SUBJECTS = {
    "any": ("adult", "minor", "restricted"),
    "adult": ("any", "minor"),
    "minor": ("any", "adult"),
    "restricted": ("any", "adult"),
}


def mutants_of(line: str, type_name: str) -> Iterator[str]:
    """Yield what a line of a type may turn into by one slip."""
    kind, role, tenant, written, action, subject, purpose, effect = (it.strip() for it in line.split(","))
    rest = (tenant, written, action)
    yield "# dropped"
    yield ", ".join((kind, role, *rest, subject, purpose, "deny" if effect == "allow" else "allow"))
    yield ", ".join((kind, OTHER_ROLE[role], *rest, subject, purpose, effect))
    yield ", ".join((kind, "role:anybody", *rest, subject, purpose, effect))
    yield ", ".join(("p" if kind == "grantable" else "grantable", role, *rest, subject, purpose, effect))
    yield ", ".join((kind, role, *rest[:2], "write", subject, purpose, effect))
    for other in OTHER_SUBJECTS[subject]:
        yield ", ".join((kind, role, *rest, other, purpose, effect))
    if purpose != "*":
        yield ", ".join((kind, role, *rest, subject, "*", effect))
    if "#" in written:
        # A category read as the first of its fields only.
        first = next(it for it, category in CATALOGUE[type_name].items() if written.endswith(f"#{category}"))
        yield ", ".join((kind, role, tenant, f"{type_name}.{first}", action, subject, purpose, effect))
    else:
        category = CATALOGUE[type_name][written.partition(".")[2]]
        yield ", ".join((kind, role, tenant, f"{type_name}#{category}", action, subject, purpose, effect))


def is_caught(folder: Path, original: Policy) -> bool:
    try:
        policy = load(folder, CATALOGUE)
    except PolicyError:
        return True
    if grantable(policy) != GRANTABLE:
        return True
    changed = {it.object for it in {it.said for it in policy.rules} ^ {it.said for it in original.rules}}
    return not changed or any(
        allowed(Mask(policy), action, changed) != {cell for cell in PROMISED[action] if cell[1] in changed}
        for action in ACTIONS
    )


def allowed(mask: Mask, action: str, fields: Iterable[str] | None = None) -> set[Cell]:
    cells = matrix(mask, fields=fields, action=action)
    return {(it.role, it.field, it.subject, it.purpose) for it in cells if it.readable}


def grantable(policy: Policy) -> set[tuple[str, ...]]:
    return {(it.said.role, it.said.object, it.said.action, it.said.subject) for it in policy.grantable}


def test_what_may_be_granted_is_listed() -> None:
    policy = load(POLICY_FOLDER, CATALOGUE)
    assert grantable(policy) == GRANTABLE
    assert {it.said.purpose for it in policy.grantable} == {"*"}


@pytest.mark.prove
@pytest.mark.parametrize("type_name", CATALOGUE)
def test_every_slip_in_a_line_is_caught(type_name: str, tmp_path: Path, many: Callable[[int, int], int]) -> None:
    folder = copy_of_the_policy(tmp_path)
    original = load(folder, CATALOGUE)
    path = folder / file_of(type_name)
    text = path.read_text(encoding="utf-8").split("\n")
    slips = [
        (number, mutant)
        for number, line in enumerate(text)
        if line.startswith(("p,", "grantable,"))
        for mutant in mutants_of(line, type_name)
    ]
    survivors = []
    for number, mutant in slips[:: many(13, 1)]:
        path.write_text("\n".join([*text[:number], mutant, *text[number + 1 :]]), encoding="utf-8")
        if mutant not in EXPLAINED and not is_caught(folder, original):
            survivors.append((number + 1, mutant))
    assert survivors == []
    assert slips


@pytest.mark.prove
@pytest.mark.parametrize("name", ["roles.csv", "purposes.csv"])
def test_every_link_that_is_lost_is_caught(name: str, tmp_path: Path, many: Callable[[int, int], int]) -> None:
    folder = copy_of_the_policy(tmp_path)
    path = folder / name
    text = path.read_text(encoding="utf-8")
    lost = [line for line in text.split("\n") if line.startswith("g,")] if name == "roles.csv" else []
    gone = [(line, f"# {line}") for line in lost]
    if name == "purposes.csv":
        gone = [(" role:security,", ","), ("role:support role:security", "role:security"), ("role:minor ", "")]
    survivors = []
    for old, new in gone[:: many(5, 1)]:
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        try:
            mask = Mask(load(folder, CATALOGUE))
        except PolicyError:
            continue
        if {action: allowed(mask, action) for action in ACTIONS} == PROMISED:
            survivors.append(old)
    assert survivors == []
    assert gone
