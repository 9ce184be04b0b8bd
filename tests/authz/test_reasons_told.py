"""What a reason may tell where a tenant's rules, a restriction or another purpose stand behind it."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from authz.loading import POLICY_FOLDER, load
from authz.mask import Mask
from authz.reasons import Denial, DenialReason, purpose_of, reason
from authz.tenant_rules.binding import TenantRule
from authz.tenant_rules.masks import mask_of
from authz.viewer import Purpose, Role
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, replaced

R = DenialReason
TENANT = UUID(int=1)
ADMIN = {Role.ENTERPRISE_ADMIN, Role.SEAT_MANAGER}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def tenants(folder: Path, *rules: tuple[Role, str, str | None]) -> Mask:
    """Return the mask of a tenant that denies what `rules` say: a role, an object, a subject (None: everybody)."""
    own = [TenantRule(uuid4(), role, object_, subject, allow=False) for role, object_, subject in rules]
    return mask_of(TENANT, Mask(load(folder, CATALOGUE)), own, [])


def ask(
    mask: Mask,
    field: str,
    held: set[Role],
    *,
    granted: set[Role] | None = None,
    minor: bool = False,
    restricted: bool = False,
    case: Purpose | None = None,
    action: str = "read",
) -> Denial:
    purposes = {role: purpose_of(role, case) for role in granted or held}
    return reason(
        mask, granted or held, held, purposes, field, minor=minor, restricted=restricted, action=action
    )  # fmt: skip


def test_a_tenants_rule_about_minors_or_restricted_subjects_is_the_reason_there() -> None:
    mask = tenants(
        POLICY_FOLDER, (Role.INSTRUCTOR, "Learner.name", "MINOR"), (Role.SUPPORT, "Learner.id", "RESTRICTED")
    )
    of_instructor = ask(mask, "Learner.name", {Role.INSTRUCTOR}, minor=True)
    assert (of_instructor.real, of_instructor.told) == (R.TENANT_RULE, R.TENANT_RULE)
    assert of_instructor.rule is not None
    of_support = ask(mask, "Learner.id", {Role.SUPPORT}, restricted=True, case=Purpose.SUPPORT_CASE)
    assert of_support == (R.TENANT_RULE, R.NOT_IN_ROLE, None)


def test_a_call_that_the_tenant_denies_has_the_tenants_reason() -> None:
    mask = tenants(POLICY_FOLDER, (Role.ENTERPRISE_ADMIN, "Mutation.enroll", None))
    denied = ask(mask, "Mutation.enroll", ADMIN, action="call")
    assert (denied.real, denied.told) == (R.TENANT_RULE, R.TENANT_RULE)
    assert denied.rule is not None


def test_what_a_tenants_rule_denies_is_no_reason_where_the_platform_denies_it_too() -> None:
    mask = tenants(POLICY_FOLDER, (Role.INSTRUCTOR, "Learner.education", "MINOR"))
    assert ask(mask, "Learner.education", {Role.INSTRUCTOR}, minor=True).real is R.MINOR_PROTECTED


def test_the_tenants_reason_is_told_to_whoever_may_not_know_of_minors_where_it_says_the_same_of_adults() -> None:
    everybody = tenants(POLICY_FOLDER, (Role.SEAT_MANAGER, "Seat.status", None))
    for minor in (False, True):
        assert ask(everybody, "Seat.status", {Role.SEAT_MANAGER}, minor=minor).told is R.TENANT_RULE
    minors = tenants(POLICY_FOLDER, (Role.SEAT_MANAGER, "Seat.status", "MINOR"))
    denied = ask(minors, "Seat.status", {Role.SEAT_MANAGER}, minor=True)
    assert denied == (R.TENANT_RULE, R.NOT_IN_ROLE, None)


def test_the_tenants_reason_is_not_told_of_a_minor_where_another_capacity_reads_it_of_adults(folder: Path) -> None:
    appended(folder, "seat.csv", "p, role:ward, *, Seat.status, read, adult, *, allow")
    mask = tenants(folder, (Role.SEAT_MANAGER, "Seat.status", None))
    denied = ask(mask, "Seat.status", {Role.SEAT_MANAGER, Role.WARD}, minor=True)
    assert (denied.real, denied.told) == (R.TENANT_RULE, R.NOT_IN_ROLE)


def test_the_tenants_reason_is_not_told_of_a_minor_where_the_platform_denies_it_of_adults(folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:seat_manager, *, Learner.phone, read, minor, *, allow")
    mask = tenants(folder, (Role.SEAT_MANAGER, "Learner.phone", None))
    of_minor = ask(mask, "Learner.phone", {Role.SEAT_MANAGER}, minor=True)
    assert (of_minor.real, of_minor.told) == (R.TENANT_RULE, R.NOT_IN_ROLE)
    assert ask(mask, "Learner.phone", {Role.SEAT_MANAGER}).told is of_minor.told


def test_who_may_read_of_adults_that_they_are_no_minors_is_not_told_of_a_minor(folder: Path) -> None:
    replaced(
        folder,
        "learner.csv",
        "role:instructor,       *, Learner.minor,        read, any, ",
        "role:instructor,       *, Learner.minor,        read, adult, ",
    )
    denied = ask(tenants(folder), "Learner.education", {Role.INSTRUCTOR}, minor=True)
    assert denied == (R.MINOR_PROTECTED, R.NOT_IN_ROLE, None)


def test_privacy_staff_who_may_not_read_who_is_a_minor_of_the_restricted_are_not_told_a_rule_about_them(
    folder: Path,
) -> None:
    appended(folder, "learner.csv", f"p, role:privacy, {TENANT}, Learner.phone, read, restricted, *, deny")
    privacy = {Role.PRIVACY}
    knowing = ask(tenants(folder), "Learner.phone", privacy, restricted=True, case=Purpose.LEGAL_REQUEST)
    assert knowing.told is R.TENANT_RULE
    appended(folder, "learner.csv", "p, role:privacy, *, Learner.minor, read, restricted, *, deny")
    other = ask(tenants(folder), "Learner.phone", privacy, restricted=True, case=Purpose.LEGAL_REQUEST)
    assert other.told is R.NOT_IN_ROLE


def test_another_purpose_is_the_reason_only_where_it_would_do_for_this_subject(folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:security, *, Learner.phone, read, adult, FRAUD_PREVENTION, allow")
    mask, security = tenants(folder), {Role.SECURITY}
    told = {
        (minor, restricted): ask(
            mask, "Learner.phone", security, minor=minor, restricted=restricted, case=Purpose.SECURITY_REVIEW
        ).real
        for minor, restricted in ((False, False), (True, False), (False, True))
    }
    assert told == {
        (False, False): R.PURPOSE_NOT_ALLOWED,
        (True, False): R.NOT_IN_ROLE,
        (False, True): R.NOT_IN_ROLE,
    }


def test_another_purpose_is_the_reason_of_a_call_as_well(folder: Path) -> None:
    appended(folder, "mutation.csv", "p, role:privacy, *, Mutation.updateProfile, call, any, LEGAL_REQUEST, allow")
    asked = (tenants(folder), "Mutation.updateProfile", {Role.PRIVACY})
    assert ask(*asked, case=Purpose.PRIVACY_REQUEST, action="call").real is R.PURPOSE_NOT_ALLOWED
    assert ask(*asked, case=Purpose.PRIVACY_REQUEST).real is R.NOT_IN_ROLE


def test_who_reads_of_the_restricted_as_before_is_told_a_rule_that_is_the_same_of_all(folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:ward, *, Learner.name, read, restricted, *, allow")
    for subject in ("any", "restricted"):
        appended(folder, "learner.csv", f"p, role:ward, {TENANT}, Learner.pictureUrl, read, {subject}, *, deny")
    denied = ask(tenants(folder), "Learner.pictureUrl", {Role.WARD}, restricted=True)
    assert denied == (R.NOT_IN_ROLE, R.TENANT_RULE, None)


def test_a_lack_of_relation_is_told_to_whoever_may_not_know_of_minors() -> None:
    granted = {Role.SEAT_MANAGER, Role.LEARNER}
    denied = ask(tenants(POLICY_FOLDER), "Learner.phone", {Role.SEAT_MANAGER}, granted=granted)
    assert denied == (R.NO_RELATION, R.NO_RELATION, None)


def test_the_restricted_are_told_of_themselves_what_they_were_told_before(folder: Path) -> None:
    """What they read before their restriction and do not now is not told; what they never read has its reason."""
    gone = "p,         role:self,             *, Learner#CONTACT,      read, restricted"
    replaced(folder, "learner.csv", gone, f"# {gone}")
    mask, own = tenants(folder), {Role.LEARNER}
    both = own | {Role.PRIVACY}
    case = Purpose.LEGAL_REQUEST
    now = ask(mask, "Learner.phone", own, granted=both, restricted=True, case=case)
    assert now == (R.RESTRICTED_BY_SUBJECT, R.NOT_IN_ROLE, None)
    appended(folder, "learner.csv", "p, role:self, *, Learner.phone, read, any, *, deny")
    never = ask(tenants(folder), "Learner.phone", own, granted=both, restricted=True, case=case)
    assert (never.real, never.told, never.rule) == (R.NO_RELATION, R.NO_RELATION, None)
    assert never.told is ask(tenants(folder), "Learner.phone", own, granted=both, case=case).told
