"""What becomes of calls in a world known by heart."""

from typing import Any
from uuid import UUID

import pytest

from tests.oracle.arguments import encode
from tests.oracle.calls import NOW, Call, Outcome, Problem, outcome
from tests.oracle.judge import Judge
from tests.oracle.refused_calls import Why
from tests.oracle.small import (
    ADA,
    ADA_ART,
    ADA_MATH,
    ART,
    BEN,
    BEN_MATH,
    EVE,
    GUS,
    IVY,
    KID,
    LEA,
    LEA_MATH,
    MATH,
    MIA,
    MIA_MATH,
    ORA,
    PRIVACY,
    TABLES,
    WORLD,
    viewer,
)
from tests.oracle.small import NOW as THEN
from tests.oracle.world import World


def became(who: UUID, name: str, world: World = WORLD, **given: Any) -> Outcome:
    """Return what becomes of somebody's call; ids are given as pairs."""
    ids = {field: encode(*value) if isinstance(value, tuple) else value for field, value in given.items()}
    return outcome(Judge(world, viewer(who)), Call(name, ids, {"title": "Engineer"}))


def enroll(who: UUID, course: UUID, about: UUID | None = None, world: World = WORLD) -> Outcome:
    """Return what becomes of letting somebody take a course."""
    learner = {} if about is None else {"learnerId": ("Learner", about)}
    return became(who, "enroll", world, courseId=("Course", course), **learner)


def refused(code: str, field: str | None = None) -> frozenset[Problem]:
    """Return the one reason of a refusal."""
    return frozenset([Problem(code, field)])


@pytest.mark.parametrize(
    ("who", "about"), [(ADA, None), (ADA, ADA), (BEN, None), (GUS, MIA), (GUS, KID), (EVE, ADA), (EVE, MIA)]
)
def test_who_may_let_somebody_take_a_course(who: UUID, about: UUID | None) -> None:
    course = ART if ADA not in {about, who} else MATH
    found = enroll(who, course, about)
    if course == MATH:
        assert found.problems == refused("CONFLICT", "courseId")
    else:
        new = {"course_id": ART, "learner_id": about or who, "status": "ACTIVE", "enrolled_at": NOW, "progress": 0.0}
        assert (found.problems, found.changed) == (frozenset(), new)


@pytest.mark.parametrize(
    ("who", "about", "expected"),
    [
        (MIA, None, refused("FORBIDDEN")),
        (IVY, ADA, refused("FORBIDDEN")),
        (EVE, BEN, refused("FORBIDDEN")),
        (PRIVACY, ADA, refused("FORBIDDEN")),
        (PRIVACY, None, refused("FORBIDDEN")),
        (ADA, MIA, refused("NOT_FOUND", "learnerId")),
        (EVE, LEA, refused("NOT_FOUND", "learnerId")),
    ],
)
def test_who_may_not(who: UUID, about: UUID | None, expected: frozenset[Problem]) -> None:
    assert enroll(who, ART, about).problems == expected


@pytest.mark.parametrize(
    ("who", "about", "expected"),
    [
        (MIA, None, ("NOT_IN_ROLE", "NOT_IN_ROLE")),
        (IVY, ADA, ("NO_RELATION", "NO_RELATION")),
        (EVE, BEN, ("RESTRICTED_BY_SUBJECT", "NOT_IN_ROLE")),
        (PRIVACY, ADA, ("NOT_IN_ROLE", "NOT_IN_ROLE")),
        (PRIVACY, None, ("NOT_IN_ROLE", "NOT_IN_ROLE")),
        (GUS, MIA, None),
    ],
)
def test_why_not_is_known_and_what_is_told_of_it(who: UUID, about: UUID | None, expected: Why | None) -> None:
    assert enroll(who, ART, about).why == expected


def test_an_id_that_is_none_is_invalid_and_another_thing_s_is_not_found() -> None:
    assert became(ADA, "enroll", courseId="x").problems == refused("INVALID", "courseId")
    assert became(ADA, "enroll", courseId=("Learner", ADA)).problems == refused("NOT_FOUND", "courseId")
    assert became(ADA, "withdraw", enrollmentId=("Enrollment", MATH)).problems == refused("NOT_FOUND", "enrollmentId")


def test_a_ward_who_left_takes_no_course() -> None:
    members = [{**row, "left_at": THEN if row["person_id"] == MIA else None} for row in TABLES["membership"]]
    gone = World({**TABLES, "membership": members}, THEN)
    assert enroll(GUS, ART, MIA, gone).problems == refused("INVALID", "learnerId")


def test_whoever_does_not_see_how_it_stands_is_answered_as_if_it_were_new() -> None:
    seats = World({**TABLES, "seat": []}, THEN)
    found = enroll(EVE, MATH, ADA, seats)
    assert (found.problems, found.key, found.changed) == (frozenset(), ADA_MATH, {})


@pytest.mark.parametrize(
    ("who", "key", "expected"),
    [
        (ADA, ADA_MATH, frozenset()),
        (GUS, MIA_MATH, frozenset()),
        (EVE, MIA_MATH, frozenset()),
        (ADA, ADA_ART, refused("CONFLICT", "enrollmentId")),
        (MIA, MIA_MATH, refused("FORBIDDEN")),
        (IVY, ADA_MATH, refused("FORBIDDEN")),
        (ORA, ADA_MATH, refused("NOT_FOUND", "enrollmentId")),
        (EVE, BEN_MATH, refused("NOT_FOUND", "enrollmentId")),
        (IVY, LEA_MATH, refused("FORBIDDEN")),
    ],
)
def test_who_may_let_a_course_be_given_up(who: UUID, key: UUID, expected: frozenset[Problem]) -> None:
    found = became(who, "withdraw", enrollmentId=("Enrollment", key))
    assert found.problems == expected
    if not expected:
        changed = {"status": "WITHDRAWN", "withdrawn_at": NOW, "final_result": "WITHDRAWN"}
        assert (found.key, found.changed) == (key, changed)


def test_a_rule_of_the_tenant_keeps_a_call_from_its_role() -> None:
    rule = {"id": UUID(int=1), "version": 1, "role": "ENTERPRISE_ADMIN", "subject": "MINOR", "allow": False}
    for object_ in ("Mutation.enroll", "Mutation#LEARNING", "Enrollment.status", "Enrollment#LEARNING"):
        ruled = World({**TABLES, "tenant_rule": [{**rule, "object": object_, "removed_at": None}]}, THEN)
        found = enroll(EVE, ART, MIA, ruled)
        assert (found.problems, found.why) == (refused("FORBIDDEN"), ("TENANT_RULE", "TENANT_RULE"))
        assert enroll(GUS, ART, MIA, ruled).problems == frozenset()


def test_everybody_keeps_their_own_profile_and_the_staff_has_none() -> None:
    for who in (ADA, MIA, BEN):
        found = became(who, "updateProfile", title=" Engineer ")
        assert (found.kind, found.key, found.changed) == ("Learner", who, {"title": "Engineer"})
    assert became(PRIVACY, "updateProfile", title="x").problems == refused("FORBIDDEN")
    assert became(ADA, "updateProfile", title="Engineer", phone="1").problems == refused("INVALID", "phone")
