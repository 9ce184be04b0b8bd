"""The line that denied is named where one did, where it is the same for all, and where it may be known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.oracle.answer import expect
from tests.oracle.contract import personal_fields
from tests.oracle.deny_lines import with_deny_lines
from tests.oracle.lines import OneOf
from tests.oracle.material import PEOPLE
from tests.oracle.policy import FOLDER, Cell, Policy
from tests.oracle.rules import ALL, PURPOSES, ROLES, allows
from tests.oracle.small import ADA, BEN, IVY, MIA, PRIVACY, SECURITY, SUPPORT_MIA, WORLD, learner, read, viewer

ROLES_CSV = """
role, role:instructor, Teaches
role, role:anybody,    Everybody
g, role:instructor, role:anybody
"""
LEARNER_CSV = """# A person.
p, role:anybody,    *, Learner#IDENTITY,   read,  any,        *,        allow

p, role:instructor, *, Learner.name,       read,  minor,      *,        deny
p, role:anybody,    *, Learner#CONTACT,    read,  any,        TEACHING, deny
   # Said twice.
p, role:instructor, *, Learner.email,      read,  restricted, *,        deny
p, role:instructor, *, Learner.email,      write, any,        *,        deny
grantable, role:instructor, *, Learner.phone, read, adult,    *,        allow
"""


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """Give a policy of a few lines."""
    (tmp_path / "roles.csv").write_text(ROLES_CSV, encoding="utf-8")
    (tmp_path / "learner.csv").write_text(LEARNER_CSV, encoding="utf-8")
    return Policy(tmp_path)


@pytest.mark.parametrize(
    ("effect", "role", "field", "about", "purpose", "expected"),
    [
        ("allow", "INSTRUCTOR", "name", "ADULT", "TEACHING", ["learner.csv:2"]),
        ("allow", "INSTRUCTOR", "pictureUrl", "MINOR", "TEACHING", ["learner.csv:2"]),
        ("allow", "INSTRUCTOR", "name", "RESTRICTED", "TEACHING", []),
        ("allow", "INSTRUCTOR", "phone", "ADULT", "TEACHING", []),
        ("allow", "SUPPORT", "name", "ADULT", "SUPPORT_CASE", []),
        ("deny", "INSTRUCTOR", "name", "MINOR", "TEACHING", ["learner.csv:4"]),
        ("deny", "INSTRUCTOR", "name", "ADULT", "TEACHING", []),
        ("deny", "ANYBODY", "name", "MINOR", "TEACHING", []),
        ("deny", "INSTRUCTOR", "phone", "ADULT", "TEACHING", ["learner.csv:5"]),
        ("deny", "INSTRUCTOR", "phone", "ADULT", "SUPPORT_CASE", []),
        ("deny", "INSTRUCTOR", "email", "RESTRICTED", "TEACHING", ["learner.csv:7"]),
        ("deny", "INSTRUCTOR", "email", "MINOR", "TEACHING", ["learner.csv:5"]),
    ],
)
def test_a_line_speaks_of_what_it_says_and_is_counted_from_the_top(  # noqa: PLR0917 # a cell and its lines
    policy: Policy, effect: str, role: str, field: str, about: str, purpose: str, expected: list[str]
) -> None:
    found = policy.lines(effect, Cell(role, "Learner", field, about, purpose))
    assert [line.name for line in found] == expected


@pytest.fixture
def rules(tmp_path: Path) -> Callable[..., list[str | None]]:
    """Give a way to ask of people as somebody, under the program's policy and one more line of it."""

    def asking(line: str, who: UUID, field: str, *people: UUID) -> list[str | None]:
        text = (FOLDER / "learner.csv").read_text(encoding="utf-8").rstrip("\n")
        for path in FOLDER.glob("*.csv"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
        (tmp_path / "learner.csv").write_text(f"{text}\n{line}\n", encoding="utf-8")
        ids = ", ".join(map(learner, people))
        document = f"{{ nodes(ids: [{ids}]) {{ ... on Learner {{ {field} }} }} }}"
        found = expect(WORLD, viewer(who), document, policy=Policy(tmp_path))
        names = {f"learner.csv:{text.count(chr(10)) + 2}": "the line", None: None}
        return [names.get(error["extensions"]["rule"], "another") for error in found.errors]

    return asking


@pytest.mark.parametrize(
    ("line", "who", "field", "people", "expected"),
    [
        ("role:security, *, Learner.email, read, any", SECURITY, "email", (ADA, MIA), "the line"),
        ("role:staff, *, Learner#CONTACT, read, any", SECURITY, "phone", (ADA,), "the line"),
        # Of Ben, who is restricted, nothing is said: null, and so for all.
        ("role:security, *, Learner.email, read, any", SECURITY, "email", (ADA, BEN), None),
        # Security does not read who is a minor, and must not learn it from a line.
        ("role:security, *, Learner.email, read, minor", SECURITY, "email", (MIA,), None),
        ("role:security, *, Learner.email, read, restricted", SECURITY, "email", (BEN,), None),
        ("role:support, *, Learner.email, read, minor", SUPPORT_MIA, "email", (MIA,), "the line"),
        ("role:instructor, *, Learner.email, read, adult", IVY, "email", (ADA, MIA), None),
        ("role:instructor, *, Learner.email, read, adult", IVY, "email", (ADA,), "the line"),
        # A picture of a minor: the program's own line.
        ("role:security, *, Learner.email, read, any", IVY, "pictureUrl", (MIA,), "another"),
        # Toward a person whom privacy staff read, no line of another role counts.
        ("role:privacy, *, Learner.email, read, minor", PRIVACY, "email", (ADA,), ()),
    ],
)
def test_a_denial_names_its_line(rules: Any, line: str, who: UUID, field: str, people: Any, expected: Any) -> None:  # noqa: PLR0917 # a case
    found = rules(f"p, {line}, *, deny", who, field, *people)
    assert found == ([] if expected == () else [expected])


def test_what_is_readable_names_a_line_that_allows_it() -> None:
    shown = read(IVY, ADA, "viewerAccess { field rule }")
    assert shown is not None
    told = {entry["field"]: entry["rule"] for entry in shown["viewerAccess"]}
    assert isinstance(told["Learner.title"], OneOf)
    assert len(told["Learner.title"].names) == 1
    assert told["Learner.phone"] is None


@pytest.mark.parametrize("seed", range(3))
def test_further_deny_lines_deny_nothing_that_is_promised(tmp_path: Path, seed: int) -> None:
    policy, shipped = with_deny_lines(tmp_path / "policy", seed), Policy()
    assert len(policy.written) > len(shipped.written) + 100
    fields = [(kind, field) for kind in PEOPLE for field in personal_fields(kind)]
    denied = 0
    for role in ROLES:
        cells = [Cell(role, *each, about, why) for each in fields for about in ALL for why in PURPOSES[role]]
        for cell in cells:
            lines = policy.lines("deny", cell)
            denied += bool(lines)
            if allows(*cell):
                assert lines == shipped.lines("deny", cell)
    assert denied > 200
