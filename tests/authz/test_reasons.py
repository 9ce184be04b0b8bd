"""Why a cell is denied, and what may be told of it."""

from itertools import product
from pathlib import Path
from uuid import UUID

import pytest

from authz.loading import POLICY_FOLDER, load
from authz.mask import Mask
from authz.reasons import Denial, DenialReason, foremost, is_of_staff, purpose_of, reason, subject_class
from authz.tenant_rules.masks import mask_of
from authz.viewer import Purpose, Role, SubjectClass
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, replaced
from tests.matrix import expected

R = DenialReason
MEMBERS = [role for role in Role if role not in {Role.SUPPORT, Role.SECURITY, Role.PRIVACY}]
TENANT = UUID("018f0000-0000-7000-8000-000000000001")


@pytest.fixture(scope="module")
def mask() -> Mask:
    return Mask(load(POLICY_FOLDER, CATALOGUE))


def ask(
    mask: Mask,
    field: str,
    granted: set[Role],
    held: set[Role],
    *,
    minor: bool = False,
    restricted: bool = False,
    case: Purpose | None = None,
) -> Denial:
    purposes = {role: purpose_of(role, case) for role in granted}
    return reason(mask, granted, held, purposes, field, minor=minor, restricted=restricted)


INSTRUCTOR = {Role.LEARNER, Role.INSTRUCTOR}
ADMIN = {Role.LEARNER, Role.ENTERPRISE_ADMIN, Role.SEAT_MANAGER}


def test_the_reasons_stand_in_their_order() -> None:
    assert list(R) == [
        R.TENANT_RULE,
        R.RESTRICTED_BY_SUBJECT,
        R.MINOR_PROTECTED,
        R.PURPOSE_NOT_ALLOWED,
        R.CASE_REQUIRED,
        R.NO_RELATION,
        R.NOT_IN_ROLE,
    ]
    assert foremost([R.NOT_IN_ROLE, R.MINOR_PROTECTED, R.NO_RELATION]) is R.MINOR_PROTECTED
    with pytest.raises(ValueError, match=r"^no reason$"):
        foremost([])


def test_an_instructor_is_told_that_a_minor_is_protected(mask: Mask) -> None:
    denied = ask(mask, "Learner.education", INSTRUCTOR, {Role.INSTRUCTOR}, minor=True)
    assert denied == (R.MINOR_PROTECTED, R.MINOR_PROTECTED, None)


def test_whoever_may_not_read_who_is_a_minor_is_not_told_it(mask: Mask) -> None:
    denied = ask(mask, "Enrollment.progress", ADMIN, {Role.SEAT_MANAGER}, minor=True)
    assert denied == (R.MINOR_PROTECTED, R.NOT_IN_ROLE, None)
    # Held together with the enterprise admin's role, as it is in practice, Learner.minor is readable.
    denied = ask(mask, "Enrollment.progress", ADMIN, {Role.ENTERPRISE_ADMIN, Role.SEAT_MANAGER}, minor=True)
    assert denied == (R.MINOR_PROTECTED, R.MINOR_PROTECTED, None)


def test_nobody_but_privacy_staff_is_told_that_a_subject_is_restricted(mask: Mask) -> None:
    denied = ask(mask, "Learner.name", INSTRUCTOR, {Role.INSTRUCTOR}, restricted=True)
    assert denied == (R.RESTRICTED_BY_SUBJECT, R.NOT_IN_ROLE, None)
    support = {Role.SUPPORT}
    denied = ask(mask, "Learner.email", support, support, restricted=True, case=Purpose.SUPPORT_CASE)
    assert denied == (R.RESTRICTED_BY_SUBJECT, R.NOT_IN_ROLE, None)


def test_privacy_staff_are_told_that_a_subject_is_restricted(tmp_path: Path) -> None:
    folder = copy_of_the_policy(tmp_path)
    place = appended(folder, "learner.csv", "p, role:privacy, *, Learner.phone, read, restricted, *, deny")
    privacy = {Role.PRIVACY}
    denied = ask(
        Mask(load(folder, CATALOGUE)),
        "Learner.phone",
        privacy,
        privacy,
        restricted=True,
        case=Purpose.LEGAL_REQUEST,
    )
    assert denied == (R.RESTRICTED_BY_SUBJECT, R.RESTRICTED_BY_SUBJECT, place)


def test_a_restriction_hides_only_what_would_be_readable_without_it(mask: Mask) -> None:
    # Of a minor an instructor would not read the education anyhow, so it is not the restriction that denies it.
    denied = ask(mask, "Learner.education", INSTRUCTOR, {Role.INSTRUCTOR}, minor=True, restricted=True)
    assert denied.real is R.NO_RELATION
    denied = ask(mask, "Learner.name", INSTRUCTOR, {Role.INSTRUCTOR}, minor=True, restricted=True)
    assert denied.real is R.RESTRICTED_BY_SUBJECT


def test_staff_are_told_that_another_purpose_would_do(mask: Mask) -> None:
    support = {Role.SUPPORT}
    denied = ask(mask, "Learner.lastIp", support, support, case=Purpose.SUPPORT_CASE)
    assert denied == (R.PURPOSE_NOT_ALLOWED, R.PURPOSE_NOT_ALLOWED, None)
    denied = ask(mask, "Learner.lastIp", support, support, minor=True, case=Purpose.SUPPORT_CASE)
    assert denied.real is R.PURPOSE_NOT_ALLOWED
    # Of an adult it could be read for this very purpose: being a minor goes first.
    denied = ask(mask, "Learner.lastDevice", support, support, minor=True, case=Purpose.SUPPORT_CASE)
    assert denied.real is R.MINOR_PROTECTED


def test_a_role_that_is_granted_and_not_held_lacks_its_relation(mask: Mask) -> None:
    denied = ask(mask, "Learner.phone", INSTRUCTOR, {Role.INSTRUCTOR})
    assert denied == (R.NO_RELATION, R.NO_RELATION, None)
    denied = ask(mask, "Learner.name", {Role.LEARNER}, set())
    assert denied.real is R.NO_RELATION


def test_where_no_role_would_do_it_is_not_in_role(mask: Mask) -> None:
    security = {Role.SECURITY}
    denied = ask(mask, "Learner.email", security, security, case=Purpose.SECURITY_REVIEW)
    assert denied == (R.NOT_IN_ROLE, R.NOT_IN_ROLE, None)
    assert ask(mask, "Tenant.seatPools", INSTRUCTOR, INSTRUCTOR).real is R.NOT_IN_ROLE


def test_a_line_that_denied_is_named(tmp_path: Path) -> None:
    folder = copy_of_the_policy(tmp_path)
    place = appended(folder, "learner.csv", "p, role:instructor, *, Learner.name, read, any, *, deny")
    denied = ask(Mask(load(folder, CATALOGUE)), "Learner.name", INSTRUCTOR, {Role.INSTRUCTOR}, minor=True)
    assert denied == (R.NO_RELATION, R.NO_RELATION, place)


def test_the_packaged_policy_denies_the_picture_of_a_minor_by_a_line(mask: Mask) -> None:
    denied = ask(mask, "Learner.pictureUrl", INSTRUCTOR, {Role.INSTRUCTOR}, minor=True)
    rule = mask.decide(Role.INSTRUCTOR, "Learner.pictureUrl", SubjectClass.MINOR, Purpose.TEACHING).rule
    assert rule is not None
    assert denied == (R.MINOR_PROTECTED, R.MINOR_PROTECTED, rule)


@pytest.mark.parametrize(("subject", "told"), [("minor", False), ("any", True)])
def test_a_line_about_minors_is_not_named_to_whoever_may_not_know(tmp_path: Path, subject: str, told: bool) -> None:
    folder = copy_of_the_policy(tmp_path)
    place = appended(folder, "seat.csv", f"p, role:seat_manager, *, Seat.status, read, {subject}, *, deny")
    changed = "p, role:seat_manager,     *, Seat#SEAT,       read, any,"
    if told:
        replaced(folder, "seat.csv", changed, changed.replace("any,", "adult,"))
    denied = ask(Mask(load(folder, CATALOGUE)), "Seat.status", ADMIN, {Role.SEAT_MANAGER}, minor=True)
    assert denied.rule == (place if told else None)


def test_a_line_about_restricted_subjects_is_named_to_privacy_staff_only(tmp_path: Path) -> None:
    folder = copy_of_the_policy(tmp_path)
    appended(folder, "learner.csv", "p, role:instructor, *, Learner.name, read, restricted, *, deny")
    denied = ask(Mask(load(folder, CATALOGUE)), "Learner.name", INSTRUCTOR, {Role.INSTRUCTOR}, restricted=True)
    assert denied == (R.RESTRICTED_BY_SUBJECT, R.NOT_IN_ROLE, None)


def test_a_line_of_the_tenant_that_denied_goes_first(tmp_path: Path) -> None:
    folder = copy_of_the_policy(tmp_path)
    place = appended(folder, "learner.csv", f"p, role:instructor, {TENANT}, Learner.name, read, any, *, deny")
    mask = mask_of(TENANT, Mask(load(folder, CATALOGUE)), [], [])
    denied = ask(mask, "Learner.name", INSTRUCTOR, {Role.INSTRUCTOR})
    assert denied == (R.TENANT_RULE, R.TENANT_RULE, place)
    denied = ask(mask, "Learner.phone", INSTRUCTOR, {Role.INSTRUCTOR})
    assert denied.real is R.NO_RELATION


def test_a_readable_cell_has_no_reason(mask: Mask) -> None:
    with pytest.raises(ValueError, match=r"Learner\.name is readable"):
        ask(mask, "Learner.name", INSTRUCTOR, {Role.INSTRUCTOR})


def test_a_reason_tells_the_same_of_adults_and_minors_to_whoever_may_not_know(mask: Mask) -> None:
    """Every two roles of members, of which one is held."""
    knowing = {role for role, field, subject, _ in expected() if (field, subject) == ("Learner.minor", "minor")}
    for granted in (set(pair) for pair in product(MEMBERS, MEMBERS)):
        roles = granted | {Role.MINOR if Role.WARD in granted else Role.LEARNER}
        for role in granted - {Role.LEARNER, Role.MINOR, Role.GUARDIAN}:
            held: set[Role] = {role}
            if role in knowing:
                continue
            for field in ("Learner.email", "Learner.name", "Learner.title", "Learner.guardians", "Learner.enrollments"):
                told = _told(mask, field, roles, held)
                assert len(told) <= 1, (field, roles, held, told)


def _told(mask: Mask, field: str, granted: set[Role], held: set[Role]) -> set[DenialReason]:
    """Return what is told of an adult and of a minor, where both are denied."""
    told: set[DenialReason] = set()
    for minor in (False, True):
        try:
            told.add(ask(mask, field, granted, held, minor=minor).told)
        except ValueError:
            return set()
    return told


@pytest.mark.parametrize(
    ("role", "purpose"),
    [
        (Role.LEARNER, Purpose.SELF_SERVICE),
        (Role.MINOR, Purpose.SELF_SERVICE),
        (Role.WARD, Purpose.SELF_SERVICE),
        (Role.GUARDIAN, Purpose.GUARDIANSHIP),
        (Role.INSTRUCTOR, Purpose.TEACHING),
        (Role.ENTERPRISE_ADMIN, Purpose.SEAT_MANAGEMENT),
        (Role.SEAT_MANAGER, Purpose.SEAT_MANAGEMENT),
    ],
)
def test_a_member_reads_for_the_purpose_of_the_role_whatever_the_case(mask: Mask, role: Role, purpose: Purpose) -> None:
    assert not is_of_staff(role)
    assert purpose_of(role, None) is purpose
    assert purpose_of(role, Purpose.LEGAL_REQUEST) is purpose
    assert mask.purposes(role) == (purpose,)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.SECURITY, Role.PRIVACY])
def test_staff_read_for_the_purpose_of_their_case_or_not_at_all(role: Role) -> None:
    assert is_of_staff(role)
    assert purpose_of(role, Purpose.FRAUD_PREVENTION) is Purpose.FRAUD_PREVENTION
    with pytest.raises(ValueError, match="the purpose of a case, and there is none"):
        purpose_of(role, None)


def test_a_restriction_goes_before_being_a_minor() -> None:
    assert subject_class(minor=False, restricted=False) is SubjectClass.ADULT
    assert subject_class(minor=True, restricted=False) is SubjectClass.MINOR
    assert subject_class(minor=False, restricted=True) is SubjectClass.RESTRICTED
    assert subject_class(minor=True, restricted=True) is SubjectClass.RESTRICTED
