"""Whether a change may be made: one capacity has to allow the call and every field that it writes."""

from pathlib import Path
from uuid import UUID

import pytest

from api.reading.met import Met
from api.reading.standing import MINOR, RESTRICTED, Standing
from api.writing.decision import refusal
from authz.loading import load
from authz.mask import Mask
from authz.reasons import DenialReason
from authz.viewer import Role
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy

STATUS = ("Enrollment.status",)
BOTH = (Role.LEARNER, Role.INSTRUCTOR, Role.ENTERPRISE_ADMIN, Role.SEAT_MANAGER)
SOMEBODY = UUID(int=7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def standing_in(folder: Path, *roles: Role) -> Standing:
    return Standing(roles, None, Mask(load(folder, CATALOGUE)))


def met(standing: Standing, *held: Role, flags: int = 0) -> Met:
    """Return how a learner is met in the roles `held`."""
    bits = next(
        situation for situation in range(1 << 12) if not situation & 3 and set(standing.held(situation)) == set(held)
    )
    return Met("Learner", SOMEBODY, bits | flags, SOMEBODY)


def test_what_a_capacity_allows_may_be_done(folder: Path) -> None:
    standing = standing_in(folder, *BOTH)
    for held in ((Role.LEARNER,), (Role.ENTERPRISE_ADMIN,), (Role.INSTRUCTOR, Role.ENTERPRISE_ADMIN)):
        assert refusal(standing, "enroll", met(standing, *held), STATUS) is None


def test_a_call_without_a_capacity_that_allows_it_is_refused_as_a_whole(folder: Path) -> None:
    standing = standing_in(folder, *BOTH)
    for held in ((), (Role.INSTRUCTOR,), (Role.SEAT_MANAGER,)):
        refused = refusal(standing, "enroll", met(standing, *held), STATUS)
        assert refused is not None
        assert (refused.whole, refused.fields) == (True, [])
        assert refused.denial.real is DenialReason.NO_RELATION


def test_one_role_may_call_and_another_write_and_neither_may_do_it(folder: Path) -> None:
    appended(folder, "mutation.csv", "p, role:instructor, *, Mutation.enroll, call, any, *, allow")
    appended(folder, "enrollment.csv", "p, role:seat_manager, *, Enrollment.status, write, any, *, allow")
    standing = standing_in(folder, Role.INSTRUCTOR, Role.SEAT_MANAGER)
    refused = refusal(standing, "enroll", met(standing, Role.INSTRUCTOR, Role.SEAT_MANAGER), STATUS)
    assert refused is not None
    assert (refused.whole, refused.fields) == (False, ["Enrollment.status"])


def test_each_field_that_may_not_be_written_is_named(folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:minor, *, Learner.phone, write, any, *, deny")
    standing = standing_in(folder, Role.MINOR)
    wanted = ("Learner.title", "Learner.phone", "Learner.location", "Learner.name")
    refused = refusal(standing, "updateProfile", met(standing, Role.MINOR, flags=MINOR), wanted)
    assert refused is not None
    assert (refused.whole, refused.fields) == (False, ["Learner.phone", "Learner.name"])
    assert refused.denial.real is DenialReason.NOT_IN_ROLE


def test_a_denial_of_the_call_beats_an_allow_in_the_same_capacity(folder: Path) -> None:
    appended(folder, "mutation.csv", "p, role:enterprise_admin, *, Mutation.enroll, call, minor, *, deny")
    standing = standing_in(folder, Role.LEARNER, Role.ENTERPRISE_ADMIN)
    refused = refusal(standing, "enroll", met(standing, Role.ENTERPRISE_ADMIN, flags=MINOR), STATUS)
    assert refused is not None
    assert refused.whole
    assert refused.denial.real is DenialReason.MINOR_PROTECTED
    assert refusal(standing, "enroll", met(standing, Role.ENTERPRISE_ADMIN), STATUS) is None


def test_a_restriction_is_the_reason_and_is_not_told(folder: Path) -> None:
    standing = standing_in(folder, Role.LEARNER, Role.ENTERPRISE_ADMIN)
    refused = refusal(standing, "enroll", met(standing, Role.ENTERPRISE_ADMIN, flags=RESTRICTED), STATUS)
    assert refused is not None
    assert (refused.denial.real, refused.denial.told) == (
        DenialReason.RESTRICTED_BY_SUBJECT,
        DenialReason.NOT_IN_ROLE,
    )


def test_whoever_reads_of_themselves_as_before_a_restriction_is_told_as_before_why_they_may_not_call(
    folder: Path,
) -> None:
    standing = standing_in(folder, Role.MINOR, Role.GUARDIAN)
    told = {}
    for flags in (MINOR, MINOR | RESTRICTED):
        refused = refusal(standing, "enroll", met(standing, Role.MINOR, flags=flags), STATUS)
        assert refused is not None
        told[flags] = (refused.denial.real, refused.denial.told)
    # As a guardian they might; to themselves they are none.
    assert set(told.values()) == {(DenialReason.NO_RELATION, DenialReason.NO_RELATION)}
