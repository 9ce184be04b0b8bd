"""A tenant's rules in a world known by heart: what they take, what they lift, what is told of them and to whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.oracle.answer import expect
from tests.oracle.arguments import encode
from tests.oracle.ledger import Expected
from tests.oracle.lines import OneOf
from tests.oracle.small import ADA, ADA_MATH, BEN, EVE, GUS, IVY, MIA, NOW, SUPPORT_MIA, TABLES, learner, viewer
from tests.oracle.world import World

Said = tuple[str, str, str | None]


def rule(number: int, said: Said, *, allow: bool = False, removed: datetime | None = None) -> dict[str, Any]:
    """Return the row of a rule, the rule of that number."""
    role, object_, subject = said
    row = {"id": UUID(int=number), "version": number, "role": role, "object": object_, "subject": subject}
    return row | {"allow": allow, "removed_at": removed}


def under(who: UUID, document: str, *rules: dict[str, Any], grants: tuple[tuple[int, str, str], ...] = ()) -> Expected:
    """Return what somebody must be answered in the small world with these rules; `grants` by version of agreement."""
    agreements = [{"version": version} for version in (1, 2)]
    granted = [{"version": version, "role": role, "object": object_} for version, role, object_ in grants]
    rows = {"tenant_rule": list(rules), "agreement": agreements, "agreement_grant": granted}
    return expect(World({**TABLES, **rows}, NOW), viewer(who), document)


def told(who: UUID, about: UUID, field: str, *rules: dict[str, Any]) -> tuple[Any, ...]:
    """Return of a field of a learner: the real reason, the told one and the line; all None where it may be read."""
    found = under(who, f"{{ learner(id: {learner(about)}) {{ {field} }} }}", *rules)
    if not found.errors:
        return (None, None, None)
    ((_, real, _),) = found.denials
    extensions = found.errors[0]["extensions"]
    return (real, extensions["reason"], extensions["rule"])


DENIED = ("TENANT_RULE", "TENANT_RULE", f"tenant:{UUID(int=1)}")
HUSHED = ("TENANT_RULE", "NOT_IN_ROLE", None)
READ = (None, None, None)
UNTOUCHED = ("RESTRICTED_BY_SUBJECT", "NOT_IN_ROLE", None)
NAME, MINOR_S_NAME = ("INSTRUCTOR", "Learner.name", None), ("INSTRUCTOR", "Learner#IDENTITY", "MINOR")


@pytest.mark.parametrize(
    ("said", "who", "about", "field", "expected"),
    [
        (NAME, IVY, ADA, "name", DENIED),
        (NAME, IVY, MIA, "name", DENIED),
        (NAME, IVY, IVY, "name", READ),
        (NAME, EVE, ADA, "name", READ),
        (MINOR_S_NAME, IVY, MIA, "name", DENIED),
        (MINOR_S_NAME, IVY, ADA, "name", READ),
        # Who restricted their data would be read by nobody but privacy staff: the tenant takes nothing from anybody.
        (("INSTRUCTOR", "Learner.name", "RESTRICTED"), IVY, BEN, "name", UNTOUCHED),
        (("SUPPORT", "Learner#GUARDIANSHIP", None), SUPPORT_MIA, GUS, "guardians { id }", DENIED),
        # What is not read anyway is not the tenant's doing, though its rule is the line that denies.
        (("INSTRUCTOR", "Learner.email", None), IVY, ADA, "email", ("NO_RELATION", "NO_RELATION", DENIED[2])),
    ],
)  # fmt: skip
def test_a_rule_takes_what_it_names_from_its_role_and_says_so(
    said: Said, who: UUID, about: UUID, field: str, expected: tuple[Any, ...]
) -> None:
    assert told(who, about, field, rule(1, said)) == expected


def test_a_rule_about_minors_is_not_told_to_who_may_not_know_who_is_one() -> None:
    unknown = rule(2, ("SUPPORT", "Learner.minor", None))
    rules = rule(1, ("SUPPORT", "Learner.name", "MINOR")), unknown
    assert told(SUPPORT_MIA, MIA, "name", *rules) == HUSHED
    assert told(SUPPORT_MIA, MIA, "name", rule(1, ("SUPPORT", "Learner.name", None)), unknown) == DENIED
    assert told(SUPPORT_MIA, MIA, "minor", *rules) == ("TENANT_RULE", "TENANT_RULE", f"tenant:{UUID(int=2)}")


def test_without_its_id_a_row_is_not_there() -> None:
    document = f"{{ learner(id: {learner(ADA)}) {{ name }} learners {{ nodes {{ name }} }} }}"
    found = under(IVY, document, rule(1, ("INSTRUCTOR", "Learner.id", None)))
    assert found.data == {"learner": None, "learners": {"nodes": [{"name": "Ivy"}]}}
    assert found.errors == []


def test_what_a_rule_hides_decides_no_filter_and_no_order() -> None:
    document = '{ learners(filter: {name: {startsWith: ""}}, orderBy: NAME_DESC) { nodes { id } } }'
    found = under(IVY, document, rule(1, MINOR_S_NAME))
    assert found.data is not None
    people = [encode("Learner", key) for key in (IVY, ADA)]
    assert [each["id"] for each in found.data["learners"]["nodes"]] == people


def test_a_rule_that_was_removed_says_nothing() -> None:
    assert told(IVY, ADA, "name", rule(1, NAME, removed=NOW)) == READ


def test_where_several_rules_deny_any_of_them_may_be_named() -> None:
    _, _, line = told(IVY, ADA, "name", rule(1, NAME), rule(2, ("INSTRUCTOR", "Learner#IDENTITY", None)))
    assert line == OneOf(frozenset(f"tenant:{UUID(int=number)}" for number in (1, 2)))


SCORES = ("SEAT_MANAGER", "Enrollment#LEARNING", None)
SCORE = f'{{ node(id: "{encode("Enrollment", ADA_MATH)}") {{ ... on Enrollment {{ averageScore studiedCredits }} }} }}'


@pytest.mark.parametrize(
    ("grants", "rules", "score"),
    [
        (((2, "SEAT_MANAGER", "Enrollment.averageScore"),), (rule(1, SCORES, allow=True),), 50.0),
        (((2, "SEAT_MANAGER", "Enrollment#LEARNING"),), (rule(1, SCORES, allow=True),), 50.0),
        # An agreement that is over; another role's; of minors, of whom it cannot be granted; nobody lifted it; denied.
        (((1, "SEAT_MANAGER", "Enrollment.averageScore"),), (rule(1, SCORES, allow=True),), None),
        (((2, "SUPPORT", "Enrollment.averageScore"),), (rule(1, SCORES, allow=True),), None),
        (((2, "SEAT_MANAGER", "Enrollment#LEARNING"),), (rule(1, (*SCORES[:2], "MINOR"), allow=True),), None),
        (((2, "SEAT_MANAGER", "Enrollment#LEARNING"),), (), None),
        (((2, "SEAT_MANAGER", "Enrollment#LEARNING"),),
         (rule(1, SCORES, allow=True), rule(2, ("SEAT_MANAGER", "Enrollment.averageScore", None))), None),
    ],
)  # fmt: skip
def test_a_rule_lifts_what_can_be_granted_and_is(grants: Any, rules: Any, score: float | None) -> None:
    found = under(EVE, SCORE, *rules, grants=grants)
    assert found.data == {"node": {"averageScore": score, "studiedCredits": None}}


def test_an_admin_whom_it_was_lifted_for_reads_who_read_their_people() -> None:
    lifted = [rule(1, ("ENTERPRISE_ADMIN", "Learner#ACCESS", "MINOR"), allow=True)]
    document = "{ %s: learner(id: %s) { accessLog { nodes { id } } } }"
    grants = ((2, "ENTERPRISE_ADMIN", "Learner#ACCESS"),)
    for about, expected in ((MIA, {"nodes": []}), (ADA, None)):
        found = under(EVE, document % ("x", learner(about)), *lifted, grants=grants)
        assert found.data == {"x": {"accessLog": expected}}
