"""The mask says what Casbin says: a plain enforcer over all rules, written out by other code than the program's."""

from collections.abc import Callable
from pathlib import Path

import casbin
import pytest

from authz.decider import Decider
from authz.loading import POLICY_FOLDER, load
from authz.mask import Mask
from authz.viewer import Purpose, Role, SubjectClass
from tests.authz.example import CATALOGUE


def written_out(folder: Path) -> str:
    """Return the packaged policy as one file of Casbin's own form: categories expanded, purposes as g2."""
    out: list[str] = []
    for path in sorted(folder.glob("*.csv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            values = [value.strip() for value in line.split(",")]
            if values[0] == "p":
                type_name, _, category = values[3].partition("#")
                fields = [f"{type_name}.{name}" for name, it in CATALOGUE.get(type_name, {}).items() if it == category]
                out += [", ".join([*values[:3], field, *values[4:]]) for field in fields or [values[3]]]
            elif values[0] == "g":
                out.append(line)
            elif values[0] == "purpose":
                out += [f"g2, {role}, {values[1]}" for role in values[4].split()]
    return "\n".join(out)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> casbin.Enforcer:
    rules = tmp_path_factory.mktemp("casbin") / "policy.csv"
    rules.write_text(written_out(POLICY_FOLDER), encoding="utf-8")
    return casbin.Enforcer(str(POLICY_FOLDER / "model.conf"), str(rules))


@pytest.mark.prove
@pytest.mark.parametrize("type_name", CATALOGUE)
def test_the_mask_answers_every_cell_as_casbin_does(
    plain: casbin.Enforcer, type_name: str, many: Callable[[int, int], int]
) -> None:
    mask = Mask(load(POLICY_FOLDER, CATALOGUE))
    asked = [
        (role, f"{type_name}.{field}", subject, purpose)
        for role in Role
        for field in CATALOGUE[type_name]
        for subject in SubjectClass
        for purpose in Purpose
    ]
    # Casbin takes 1 ms for each over all rules. Under a purpose that a role may not name, a sample is enough each day.
    likely = [cell for cell in asked if cell[3] in mask.purposes(cell[0])]
    unlikely = [cell for cell in asked if cell[3] not in mask.purposes(cell[0])][:: many(23, 1)]
    for role, field, subject, purpose in likely + unlikely:
        allowed = mask.decide(role, field, subject, purpose).allowed
        said = plain.enforce(f"role:{role.lower()}", "*", field, "read", subject, purpose)
        assert allowed is said, (role, field, subject, purpose)


def test_somebody_named_like_a_role_gains_nothing(plain: casbin.Enforcer) -> None:
    cell = ("*", "Learner.email", "read", "adult", "PRIVACY_REQUEST")
    assert plain.enforce("role:privacy", *cell)
    for name in ("privacy", "PRIVACY", "role:PRIVACY", "role:privacy ", "role:self", "role:anybody", "", "*"):
        assert not plain.enforce(name, *cell), name


def test_a_role_that_only_exists_to_be_inherited_from_reads_nothing(plain: casbin.Enforcer) -> None:
    for purpose in Purpose:
        for role in ("role:self", "role:staff", "role:anybody"):
            assert not plain.enforce(role, "*", "Instructor.name", "read", "adult", purpose)


def test_casbin_is_not_asked_where_no_line_speaks() -> None:
    # It would compare the empty question with empty values, and allow.
    assert Decider(load(POLICY_FOLDER, CATALOGUE), []).ask(*[""] * 6) == (False, None)


@pytest.mark.parametrize("field", ["Learner.*", "Learner#IDENTITY", "Learner.name/../email", "learner.name", "*", ""])
def test_an_object_is_compared_letter_by_letter(plain: casbin.Enforcer, field: str) -> None:
    assert not plain.enforce("role:privacy", "*", field, "read", "adult", "PRIVACY_REQUEST")
