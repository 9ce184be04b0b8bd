"""Roles, categories, purposes and Casbin's model: what of them is refused, and where."""

from itertools import pairwise
from pathlib import Path

import pytest

from authz.casbin_model import model_problems
from authz.loading import POLICY_FOLDER, load
from authz.viewer import Purpose, Role
from authz.vocabulary import MAX_ANCESTORS
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, problems, replaced


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("roles.csv", "role, role:self, Again", "duplicate role role:self"),
        ("roles.csv", "role, Alice, Somebody", "'Alice' is no name of a role"),
        ("roles.csv", "role, role:self", "expected `role, name, meaning` or `g, role, role it inherits from`"),
        ("roles.csv", "g, role:nobody, role:self", "unknown role role:nobody"),
        ("roles.csv", "g, alice, role:self", "unknown role alice"),
        ("roles.csv", "g, role:minor, role:self", "duplicate of an earlier line"),
        ("roles.csv", "g, role:self, role:self", "role:self and role:self inherit from each other"),
        ("roles.csv", "g, role:anybody, role:self", "role:anybody and role:self inherit from each other"),
        (
            "roles.csv",
            "g, role:ward, role:learner",
            "role:learner is granted to people, so nothing may inherit from it",
        ),
        ("categories.csv", "category, ACCESS, -, Again", "duplicate category ACCESS"),
        ("categories.csv", "category, access, -, Again", "'access' is no name of a category"),
        ("categories.csv", "category, MOOD, perhaps, Mood", "expected `category, NAME, special or -, meaning`"),
        ("purposes.csv", "purpose, TEACHING, Art. 6(1)(b), -, role:instructor, -, Again", "duplicate purpose TEACHING"),
        ("purposes.csv", "purpose, NOSY, Art. 6(1)(b), -, role:instructor, -, Nosy", "unknown purpose NOSY"),
        ("purposes.csv", "purpose, NOSY, Art. 6(1)(b), -, role:nobody, -, Nosy", "unknown role role:nobody"),
        ("purposes.csv", "purpose, NOSY, Art. 6(1)(b), -, role:staff, -, Nosy", "unknown role role:staff"),
        (
            "purposes.csv",
            "purpose, NOSY, because, -, role:instructor, -, Nosy",
            "the lawful basis is a letter of Art. 6(1), for example Art. 6(1)(b)",
        ),
        (
            "purposes.csv",
            "purpose, NOSY, Art. 6(1)(b), yes, role:instructor, -, Nosy",
            "the second basis is a letter of Art. 9(2), for example Art. 9(2)(a), or -",
        ),
        (
            "purposes.csv",
            "purpose, NOSY, Art. 6(1)(b)",
            "expected `purpose, NAME, Art. 6, Art. 9 or -, roles, kept, meaning`",
        ),
    ],
)
def test_a_word_that_cannot_be_used_is_named(folder: Path, name: str, line: str, problem: str) -> None:
    place = appended(folder, name, line)
    assert f"{place}: {problem}" in problems(folder)


def test_a_circle_of_three_is_named(folder: Path) -> None:
    appended(folder, "roles.csv", "role, role:a, A")
    appended(folder, "roles.csv", "role, role:b, B")
    appended(folder, "roles.csv", "g, role:anybody, role:a")
    appended(folder, "roles.csv", "g, role:a, role:b")
    place = appended(folder, "roles.csv", "g, role:b, role:self")
    assert problems(folder) == [f"{place}: role:b and role:self inherit from each other"]


def test_a_chain_that_casbin_would_stop_following_is_named(folder: Path) -> None:
    names = ["role:anybody", *(f"role:step_{chr(97 + step)}" for step in range(MAX_ANCESTORS))]
    for heir, ancestor in pairwise(names):
        appended(folder, "roles.csv", f"role, {ancestor}, A step")
        appended(folder, "roles.csv", f"g, {heir}, {ancestor}")
    found = problems(folder)
    assert f"roles.csv: role:ward inherits from more than {MAX_ANCESTORS} roles" in found
    assert not any("role:anybody" in problem for problem in found)


@pytest.mark.parametrize("role", [f"role:{role.value.lower()}" for role in Role])
def test_a_role_of_the_program_that_is_missing_is_named(folder: Path, role: str) -> None:
    replaced(folder, "roles.csv", f"role, {role},", f"# {role}")
    assert f"roles.csv: {role} is missing" in problems(folder)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_purpose_of_the_program_that_is_missing_is_named(folder: Path, purpose: Purpose) -> None:
    replaced(folder, "purposes.csv", f"purpose, {purpose},", f"# {purpose}")
    assert f"purposes.csv: {purpose} is missing" in problems(folder)


def test_a_role_that_nobody_has_is_named(folder: Path) -> None:
    appended(folder, "roles.csv", "role, role:ghost, Nobody")
    assert problems(folder) == ["roles.csv: role:ghost is nobody's: no such role is granted and none inherits from it"]


def test_a_role_without_a_purpose_is_named(folder: Path) -> None:
    replaced(folder, "purposes.csv", "role:minor role:ward,", "role:minor,")
    assert problems(folder) == ["purposes.csv: role:ward may name no purpose, so it could read nothing"]


def test_special_data_is_not_read_without_a_basis_in_article_9(folder: Path) -> None:
    place = appended(folder, "learner.csv", "p, role:instructor, *, Learner.disability, read, adult, *, allow")
    assert problems(folder) == [
        f"{place}: Learner.disability is special and TEACHING has no basis in Art. 9 (purposes.csv)"
    ]
    replaced(
        folder,
        "purposes.csv",
        "Art. 6(1)(b), -,            role:instructor",
        "Art. 6(1)(b), Art. 9(2)(g), role:instructor",
    )
    assert problems(folder) == []


def test_every_purpose_of_the_packaged_policy_has_a_basis_and_a_retention() -> None:
    purposes = load(POLICY_FOLDER, CATALOGUE).words.purposes
    assert set(purposes) == set(Purpose)
    assert {basis.retention for basis in purposes.values()} <= {"agreement", "1 year", "2 years", "7 years"}
    assert all(basis.meaning for basis in purposes.values())


MODEL = (POLICY_FOLDER / "model.conf").read_text(encoding="utf-8")


def test_the_packaged_model_is_sound() -> None:
    assert model_problems(MODEL) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("e = some(where (p.eft == allow)) && ", "e = ", "model.conf: e must be"),
        (" && !some(where (p.eft == deny))", "", "model.conf: e must be"),
        ("object, action, subject, purpose\n", "object, action, subject\n", "model.conf: r must be"),
        ("purpose, eft", "purpose, effect", "model.conf: p must be"),
        ("g2 = _, _", "g3 = _, _", "model.conf: g2 must be"),
        ("[matchers]", "[matchers]\nm2 = r.role == p.role", "model.conf: m2 is not of this model"),
        ("r.object == p.object", "keyMatch(r.object, p.object)", "nothing else"),
        ("r.object == p.object", "regexMatch(r.object, p.object)", "nothing else"),
        ("r.object == p.object", "r.object.startswith(p.object)", "nothing else"),
        ("r.object == p.object", "r.object in p.object", "nothing else"),
        ("r.object == p.object", "True", "nothing else"),
        ("r.object == p.object", "1 == 1", "nothing else"),
        ("r.object == p.object", '"a" == "a"', "does not compare the object"),
        ("r.action == p.action", "r.action == r.action", "does not compare the action"),
        ("g(r.role, p.role) && ", "", "does not compare the role"),
        ("p.tenant == r.tenant", "r.tenant == r.tenant", "does not compare the tenant"),
        ("p.subject == r.subject || ", "p.subject != r.restricted || ", "Casbin cannot use it"),
        (' && r.subject != "restricted"', "", "lets `any` reach a restricted subject"),
        ("p.subject == r.subject", "r.subject == r.subject", "does not compare the subject"),
        ("p.purpose == r.purpose", "r.purpose == r.purpose", "does not compare the purpose"),
        (" && g2(r.role, r.purpose)", "", "lets a role name any purpose"),
        ("r.object == p.object &&", "r.object == p.object && (", "Casbin cannot use it"),
        ("g(r.role, p.role)", "r.role == p.role", "says no to role:heir"),
        ("r.object == p.object", "r.object != p.object", "whom the line allows"),
        ("[policy_effect]", "[policy_efect]", "model.conf: e must be"),
        ("[matchers]", "[matcher]", "nothing else"),
    ],
)
def test_a_model_of_another_shape_is_refused(folder: Path, old: str, new: str, problem: str) -> None:
    assert old in MODEL
    replaced(folder, "model.conf", old, new)
    found = problems(folder)
    assert any(problem in it for it in found), found
