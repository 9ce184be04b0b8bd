"""Two policies compared: every cell that differs and no other, and groups that say the same in fewer words."""

from itertools import product
from pathlib import Path

import pytest

from authz.diff import ALL_PURPOSES, ALL_TENANTS, GRANTABLE, Difference, Group, Kind, differences, groups
from authz.explain import matrix
from authz.loading import POLICY_FOLDER, Policy, load
from authz.mask import Mask
from authz.viewer import Purpose, Role, SubjectClass
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy, replaced

TENANT = "0192f000-0000-7000-8000-000000000000"
A, M, R = SubjectClass.ADULT, SubjectClass.MINOR, SubjectClass.RESTRICTED


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(POLICY_FOLDER, CATALOGUE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def read(folder: Path) -> Policy:
    return load(folder, CATALOGUE)


def brief(group: Group) -> tuple[object, ...]:
    return (group.kind, group.roles, group.fields, group.subjects, group.purposes)


def test_a_policy_does_not_differ_from_itself(shipped: Policy) -> None:
    assert differences(shipped, shipped) == []


def test_comments_and_lines_that_moved_are_no_difference(shipped: Policy, folder: Path) -> None:
    for name in ("learner.csv", "roles.csv", "seat.csv"):
        path = folder / name
        path.write_text("# Another beginning.\n\n" + path.read_text())
    # Another word in an explanation has every cell asked.
    replaced(folder, "roles.csv", "Whoever reads their own rows", "Somebody who reads their own rows")
    moved = read(folder)
    assert moved.version != shipped.version
    assert differences(shipped, moved) == []


def test_a_line_more_is_a_widening_with_its_line_and_the_other_way_round_a_narrowing(
    shipped: Policy, folder: Path
) -> None:
    place = appended(folder, "learner.csv", "p, role:instructor, *, Learner#CONTACT, read, adult, *, allow")
    wider = read(folder)
    (group,) = groups(differences(shipped, wider), shipped, wider)
    found = (Kind.WIDENED, (Role.INSTRUCTOR,), ("Learner.email", "Learner.phone"), (A,), ALL_PURPOSES)
    assert brief(group) == found
    assert [(it.allowed, it.place, it.text) for it in group.before] == [(False, None, None)]
    assert [(it.allowed, it.place) for it in group.after] == [(True, place)]
    assert group.after[0].text == "role:instructor, *, Learner#CONTACT, read, adult, *, allow"
    (back,) = groups(differences(wider, shipped), wider, shipped)
    assert brief(back) == (Kind.NARROWED, *found[1:])
    assert (back.before, back.after) == (group.after, group.before)


def test_the_differences_are_the_cells_that_the_masks_decide_differently(shipped: Policy, folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:staff, *, Learner#TECHNICAL, read, any, SUPPORT_CASE, allow")
    appended(folder, "learner.csv", "p, role:anybody, *, Learner.title, read, any, *, deny")
    replaced(folder, "seat.csv", "role:support,          *, Seat#SEAT", "role:security, *, Seat#SEAT")
    replaced(folder, "roles.csv", "g, role:minor,            role:self", "g, role:minor,            role:anybody")
    changed = read(folder)
    found = differences(shipped, changed)
    before, after = readable(shipped), readable(changed)
    by_kind = {
        kind: {(it.role, it.field, it.subject, it.purpose) for it in found if it.kind is kind and it.action == "read"}
        for kind in Kind
    }
    assert before - after
    assert after - before
    assert by_kind[Kind.WIDENED] == after - before
    assert by_kind[Kind.NARROWED] == before - after
    assert by_kind[Kind.OTHER_LINE].isdisjoint(before ^ after)


def readable(policy: Policy) -> set[tuple[object, ...]]:
    fields = [field for field in Mask(policy).fields if not field.startswith("Mutation.")]
    found = matrix(Mask(policy), fields=fields)
    return {(it.role, it.field, it.subject, it.purpose) for it in found if it.readable}


def test_groups_hold_each_difference_once_and_nothing_else(shipped: Policy, folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:anybody, *, Learner#PROFILE, read, any, *, allow")
    appended(folder, "learner.csv", "p, role:staff, *, Learner#TECHNICAL, read, any, *, allow")
    appended(folder, "actor.csv", f"p, role:privacy, {TENANT}, Actor.name, read, any, LEGAL_REQUEST, deny")
    replaced(folder, "enrollment.csv", "role:guardian,     *, Enrollment#LEARNING", "role:ward, *, Enrollment#LEARNING")
    changed = read(folder)
    found = differences(shipped, changed)
    together = groups(found, shipped, changed)
    held = [cell for group in together for cell in cells_of(group, shipped)]
    assert len(together) < len(found) / 4
    assert len(held) == len(set(held))
    assert set(held) == {one[:7] for one in found}
    for group in together:
        these = set(cells_of(group, shipped))
        of_group = [one for one in found if one[:7] in these]
        assert {one.before for one in of_group} == set(group.before)
        assert {one.after for one in of_group} == set(group.after)


def cells_of(group: Group, policy: Policy) -> list[tuple[object, ...]]:
    mask = Mask(policy)
    return [
        (group.kind, group.scope, group.action, role, field, subject, Purpose(purpose))
        for role, field, subject in product(group.roles, group.fields, group.subjects)
        for purpose in (mask.purposes(role) if group.purposes == ALL_PURPOSES else group.purposes)
    ]


def test_roles_that_gain_alike_stand_together_whatever_their_purposes(shipped: Policy, folder: Path) -> None:
    appended(folder, "tenant.csv", "p, role:anybody, *, Tenant.seatPools, read, any, *, allow")
    changed = read(folder)
    together = groups(differences(shipped, changed), shipped, changed)
    (widened,) = (group for group in together if group.kind is Kind.WIDENED)
    gaining = (Role.LEARNER, Role.MINOR, Role.WARD, Role.GUARDIAN, Role.INSTRUCTOR, Role.SECURITY)
    assert brief(widened) == (Kind.WIDENED, gaining, ("Tenant.seatPools",), (A, M), ALL_PURPOSES)


def test_a_purpose_among_several_is_named(shipped: Policy, folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:support, *, Learner.lastIp, read, adult, SUPPORT_CASE, allow")
    changed = read(folder)
    (group,) = groups(differences(shipped, changed), shipped, changed)
    assert brief(group) == (Kind.WIDENED, (Role.SUPPORT,), ("Learner.lastIp",), (A,), (Purpose.SUPPORT_CASE,))


def test_a_purpose_that_a_role_may_newly_name_is_a_difference(shipped: Policy, folder: Path) -> None:
    replaced(folder, "purposes.csv", "role:instructor,", "role:instructor role:ward,")
    found = differences(shipped, read(folder))
    assert {(it.kind, it.role, it.purpose) for it in found} == {(Kind.WIDENED, Role.WARD, Purpose.TEACHING)}
    assert {it.field for it in found} >= {"Learner.name", "Instructor.name"}


def test_widenings_go_first_then_narrowings_then_other_lines(shipped: Policy, folder: Path) -> None:
    replaced(folder, "learner.csv", "Learner.education,    read, adult", "Learner.education,    read, any")
    replaced(folder, "learner.csv", "role:enterprise_admin, *, Learner.email", "role:seat_manager, *, Learner.email")
    appended(folder, "seat_pool.csv", "grantable, role:instructor, *, SeatPool.id, read, any, *, allow")
    kinds = [it.kind for it in differences(shipped, read(folder))]
    assert set(kinds) == set(Kind)
    assert kinds == sorted(kinds, key=list(Kind).index)


def test_another_line_with_the_same_answer_is_told_as_that(shipped: Policy, folder: Path) -> None:
    replaced(folder, "learner.csv", "p,         role:support,          *, Learner#GUARDIANSHIP, read, any,", "#")
    for field in ("minor", "guardians"):
        appended(folder, "learner.csv", f"p, role:support, *, Learner.{field}, read, any, *, allow")
    found = differences(shipped, read(folder))
    assert {(it.kind, it.role, it.field, it.subject) for it in found} == set(
        product([Kind.OTHER_LINE], [Role.SUPPORT], ["Learner.minor", "Learner.guardians"], [A, M])
    )
    assert all(it.before.text != it.after.text and it.before.allowed and it.after.allowed for it in found)


def test_a_denial_that_was_silent_and_is_now_said_is_another_line(shipped: Policy, folder: Path) -> None:
    place = appended(folder, "learner.csv", "p, role:ward, *, Learner.phone, read, minor, *, deny")
    (one,) = differences(shipped, read(folder))
    assert (one.kind, one.before.place, one.after.place) == (Kind.OTHER_LINE, None, place)


def test_what_one_tenant_is_denied_is_told_as_that_tenants(shipped: Policy, folder: Path) -> None:
    appended(folder, "learner.csv", f"p, role:instructor, {TENANT}, Learner.name, read, any, *, deny")
    # What differs everywhere is not said again of a tenant whose lines speak of the same field.
    appended(folder, "learner.csv", f"p, role:support, {TENANT}, Learner.phone, read, minor, *, deny")
    appended(folder, "learner.csv", "p, role:instructor, *, Learner.phone, read, adult, *, allow")
    found = [it for it in differences(shipped, read(folder)) if it.kind is not Kind.OTHER_LINE]
    assert len(found) == 3
    assert {(it.kind, it.scope, it.field, it.subject) for it in found} == {
        (Kind.WIDENED, ALL_TENANTS, "Learner.phone", A),
        (Kind.NARROWED, TENANT, "Learner.name", A),
        (Kind.NARROWED, TENANT, "Learner.name", M),
    }


def test_what_an_agreement_may_grant_is_told_as_that(shipped: Policy, folder: Path) -> None:
    appended(folder, "seat.csv", "grantable, role:seat_manager, *, Seat.email, read, adult, *, allow")
    replaced(folder, "actor.csv", "grantable, role:enterprise_admin, *, Actor#ACCESS", "# gone")
    found = differences(shipped, read(folder))
    assert {(it.kind, it.scope, it.role, it.field) for it in found} == {
        (Kind.WIDENED, GRANTABLE, Role.SEAT_MANAGER, "Seat.email"),
        (Kind.NARROWED, GRANTABLE, Role.ENTERPRISE_ADMIN, "Actor.id"),
        (Kind.NARROWED, GRANTABLE, Role.ENTERPRISE_ADMIN, "Actor.name"),
    }


def test_writing_and_reading_differ_apart(shipped: Policy, folder: Path) -> None:
    appended(folder, "seat.csv", "p, role:support, *, Seat.status, write, adult, *, allow")
    found = differences(shipped, read(folder))
    assert {(it.kind, it.action, it.role, it.field, it.subject) for it in found} == {
        (Kind.WIDENED, "write", Role.SUPPORT, "Seat.status", A)
    }


def test_a_field_that_one_side_does_not_have_was_read_by_nobody_there(shipped: Policy) -> None:
    without = {name: fields for name, fields in CATALOGUE.items() if name != "SeatPool"}
    older = Policy(
        version="older",
        model=shipped.model,
        words=shipped.words,
        rules=tuple(rule for rule in shipped.rules if not rule.said.object.startswith("SeatPool.")),
        grantable=shipped.grantable,
        catalogue=without,
    )
    gained, lost = differences(older, shipped), differences(shipped, older)
    assert {(it.kind, it.field) for it in gained} == {(Kind.WIDENED, "SeatPool.id")}
    assert {(it.kind, it.field) for it in lost} == {(Kind.NARROWED, "SeatPool.id")}
    assert [mirrored(it) for it in lost] == gained


def mirrored(one: Difference) -> Difference:
    kind = {Kind.WIDENED: Kind.NARROWED, Kind.NARROWED: Kind.WIDENED}.get(one.kind, one.kind)
    return one._replace(kind=kind, before=one.after, after=one.before)
