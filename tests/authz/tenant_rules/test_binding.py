"""What a tenant's rules come to: they narrow whatever they name, and lift what is granted, as far as that goes."""

from collections.abc import Iterable
from uuid import UUID, uuid4

import casbin
import pytest

from authz.loading import POLICY_FOLDER, load
from authz.mask import Decision, Mask
from authz.tenant_rules.binding import NARROWED, Grant, TenantRule, bound, fields_of, problem, rule_id_of
from authz.tenant_rules.masks import mask_of
from authz.viewer import Purpose, Role, SubjectClass
from authz.vocabulary import spelled
from tests.authz.example import CATALOGUE, cells

TENANT, OTHER = UUID(int=1), UUID(int=2)
ADULT, MINOR, RESTRICTED = SubjectClass
POLICY = load(POLICY_FOLDER, CATALOGUE)
PLATFORM = Mask(POLICY)
SCORES = Grant(Role.SEAT_MANAGER, "Enrollment.averageScore")


def rule(role: Role, object_: str, subject: str | None = None, *, allow: bool = False) -> TenantRule:
    return TenantRule(uuid4(), role, object_, subject, allow)


def masked(*rules: TenantRule, grants: Iterable[Grant] = ()) -> Mask:
    return mask_of(TENANT, PLATFORM, list(rules), list(grants))


def test_a_denial_of_everybody_reaches_adults_minors_and_restricted() -> None:
    denied = rule(Role.ENTERPRISE_ADMIN, "Learner.id")
    mask = masked(denied)
    for subject in SubjectClass:
        asked = (Role.ENTERPRISE_ADMIN, "Learner.id", subject, Purpose.SEAT_MANAGEMENT)
        assert PLATFORM.decide(*asked).allowed
        assert mask.decide(*asked) == Decision(False, f"tenant:{denied.id}")


def test_a_denial_of_minors_leaves_adults_alone() -> None:
    mask = masked(rule(Role.INSTRUCTOR, "Learner.name", "MINOR"))
    assert not mask.decide(Role.INSTRUCTOR, "Learner.name", MINOR, Purpose.TEACHING).allowed
    assert mask.decide(Role.INSTRUCTOR, "Learner.name", ADULT, Purpose.TEACHING).allowed


def test_a_denial_of_a_category_reaches_its_fields_of_that_type_and_no_others() -> None:
    mask = masked(rule(Role.INSTRUCTOR, "Learner#PROFILE"))
    lost = cells(PLATFORM) - cells(mask)
    assert {field for _, field, _, _ in lost} == {"Learner.title", "Learner.education"}
    assert {role for role, _, _, _ in lost} == {"INSTRUCTOR"}
    assert cells(mask) <= cells(PLATFORM)


def test_a_denial_reaches_writing_as_well() -> None:
    said = {line.said.action for line in bound(POLICY, TENANT, [rule(Role.INSTRUCTOR, "Learner.title")], [])}
    assert said == {"read", "write"}


def test_a_denial_of_a_mutation_denies_calling_it() -> None:
    asked = (Role.ENTERPRISE_ADMIN, "Mutation.enroll", ADULT, Purpose.SEAT_MANAGEMENT)
    denied = rule(Role.ENTERPRISE_ADMIN, "Mutation.enroll")
    assert PLATFORM.decide(*asked, action="call").allowed
    assert masked(denied).decide(*asked, action="call") == Decision(False, denied.place)
    assert {line.said.action for line in bound(POLICY, TENANT, [denied], [])} == {"call"}


@pytest.mark.parametrize("subject", [None, "MINOR", "RESTRICTED"])
def test_no_denial_whatever_it_names_widens(subject: str | None) -> None:
    for role in NARROWED:
        objects = {f"{name}#{category}" for name, fields in CATALOGUE.items() for category in fields.values()}
        mask = masked(*(rule(role, object_, subject) for object_ in sorted(objects)))
        assert cells(mask) <= cells(PLATFORM)
        assert {cell for cell in cells(PLATFORM) if cell[0] != role} <= cells(mask)


def test_an_allow_lifts_what_is_grantable_and_granted_and_nothing_else() -> None:
    mask = masked(rule(Role.SEAT_MANAGER, "Enrollment.averageScore", allow=True), grants=[SCORES])
    assert cells(mask) - cells(PLATFORM) == {
        ("SEAT_MANAGER", "Enrollment.averageScore", "adult", "SEAT_MANAGEMENT")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "grants"),
    [
        (rule(Role.SEAT_MANAGER, "Enrollment.averageScore", allow=True), []),
        (rule(Role.SEAT_MANAGER, "Enrollment.averageScore", "MINOR", allow=True), [SCORES]),
        (rule(Role.SEAT_MANAGER, "Enrollment.averageScore", "RESTRICTED", allow=True), [SCORES]),
        (rule(Role.INSTRUCTOR, "Enrollment.averageScore", allow=True), [SCORES]),
        (rule(Role.SEAT_MANAGER, "Learner.phone", allow=True), [Grant(Role.SEAT_MANAGER, "Learner.phone")]),
        (rule(Role.ENTERPRISE_ADMIN, "Learner#ACCESS", allow=True), [Grant(Role.SEAT_MANAGER, "Learner#ACCESS")]),
    ],
)
def test_what_the_policy_or_the_agreement_does_not_grant_is_not_lifted(asked: TenantRule, grants: list[Grant]) -> None:
    wrong = problem(POLICY, asked, grants)
    told = "The policy does not let that be granted, or the tenant's agreement does not grant it."
    assert wrong == ("allow", told)
    assert cells(masked(asked, grants=grants)) == cells(PLATFORM)


def test_a_grant_of_a_category_grants_its_fields() -> None:
    asked = rule(Role.ENTERPRISE_ADMIN, "Learner.accessLog", allow=True)
    grants = [Grant(Role.ENTERPRISE_ADMIN, "Learner#ACCESS")]
    assert problem(POLICY, asked, grants) is None
    mask = masked(asked, grants=grants)
    assert mask.decide(Role.ENTERPRISE_ADMIN, "Learner.accessLog", ADULT, Purpose.SEAT_MANAGEMENT).allowed


@pytest.mark.parametrize("subject", ["MINOR", "ADULT"])
def test_an_allow_for_a_kind_of_subject_lifts_what_is_grantable_of_everybody_for_those_alone(subject: str) -> None:
    asked = rule(Role.ENTERPRISE_ADMIN, "Learner.accessLog", subject, allow=True)
    mask = masked(asked, grants=[Grant(Role.ENTERPRISE_ADMIN, "Learner.accessLog")])
    assert cells(mask) - cells(PLATFORM) == {
        ("ENTERPRISE_ADMIN", "Learner.accessLog", subject.lower(), "SEAT_MANAGEMENT")
    }  # fmt: skip


def test_a_denial_beats_an_allow_of_the_same_tenant() -> None:
    lifted = rule(Role.SEAT_MANAGER, "Enrollment.averageScore", allow=True)
    mask = masked(lifted, rule(Role.SEAT_MANAGER, "Enrollment#LEARNING"), grants=[SCORES])
    assert not mask.decide(Role.SEAT_MANAGER, "Enrollment.averageScore", ADULT, Purpose.SEAT_MANAGEMENT).allowed


@pytest.mark.parametrize("role", [role for role in Role if role not in NARROWED])
def test_a_tenant_makes_no_rules_for_the_subjects_themselves_nor_for_those_who_watch(role: Role) -> None:
    wrong = problem(POLICY, rule(role, "Learner.name"), [])
    told = f"A tenant makes rules for INSTRUCTOR, ENTERPRISE_ADMIN, SEAT_MANAGER, SUPPORT, and not for {role}."
    assert wrong == ("role", told)


@pytest.mark.parametrize("object_", ["Mutation.addTenantRule", "Mutation.removeTenantRule", "Mutation#ACCESS"])
def test_who_may_change_rules_is_no_tenants_to_say(object_: str) -> None:
    wrong = problem(POLICY, rule(Role.ENTERPRISE_ADMIN, object_), [])
    assert wrong == ("object", "Who may change the tenant's rules is the platform's to say.")


@pytest.mark.parametrize(
    "object_",
    ["", "Learner", "Learner.", "Learner#", ".name", "#IDENTITY", "Learner.names", "Learner#NOTHING", "learner.name",
     "Learner#identity", "Learner.name ", "*", "Learner.*", "Learner#*", "Nobody.name", "Learner.viewerAccess",
     "Learner.id.id", "Learner#IDENTITY#CONTACT", "Instructor#CONTACT"],
)  # fmt: skip
def test_an_object_that_names_nothing_is_refused(object_: str) -> None:
    assert fields_of(POLICY, object_) == []
    wrong = problem(POLICY, rule(Role.INSTRUCTOR, object_), [])
    told = "Name a field that the policy decides about as Type.field, or a category as Type#CATEGORY."
    assert wrong == ("object", told)


def test_a_mask_of_a_tenant_says_what_casbin_says_of_all_lines_together() -> None:
    """Every cell, asked of one enforcer that knows all lines of the platform and of two tenants."""
    own = [
        rule(Role.INSTRUCTOR, "Learner#IDENTITY", "MINOR"),
        rule(Role.INSTRUCTOR, "Enrollment.progress"),
        rule(Role.SUPPORT, "Learner#CONTACT"),
        rule(Role.ENTERPRISE_ADMIN, "Learner.id", "RESTRICTED"),
        rule(Role.SEAT_MANAGER, "Enrollment.averageScore", allow=True),
    ]
    others = [rule(Role.INSTRUCTOR, "Learner.title"), rule(Role.SUPPORT, "Seat.email")]
    lines = [*POLICY.rules, *bound(POLICY, TENANT, own, [SCORES]), *bound(POLICY, OTHER, others, [])]
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=POLICY.model))
    for line in lines:
        enforcer.get_model().add_policy("p", "p", list(line.said))
    for heir, ancestors in POLICY.words.parents.items():
        for ancestor in ancestors:
            enforcer.get_model().add_policy("g", "g", [heir, ancestor])
    for role in Role:
        for purpose in POLICY.words.purposes_of(spelled(role)):
            enforcer.get_model().add_policy("g", "g2", [spelled(role), purpose])
    enforcer.build_role_links()
    mask = masked(*own, grants=[SCORES])
    concerned = sorted({line.said.object for line in lines if line.said.tenant != "*"})
    asked = 0
    for role in Role:
        for field in concerned:
            for subject in SubjectClass:
                for purpose in mask.purposes(role):
                    question = (spelled(role), str(TENANT), field, "read", subject.value, purpose.value)
                    assert mask.decide(role, field, subject, purpose).allowed is enforcer.enforce(*question)
                    asked += 1
    assert asked > 300


def test_the_lines_about_a_field_are_the_platforms_with_the_tenants_last() -> None:
    denied = rule(Role.INSTRUCTOR, "Learner.title")
    mask = masked(denied)
    assert [line.place for line in mask.rules_of("Learner.title")][-2:] == [denied.place] * 2
    for field in CATALOGUE["Seat"]:
        assert list(mask.rules_of(f"Seat.{field}")) == list(PLATFORM.rules_of(f"Seat.{field}")) != []


def test_a_place_names_the_rule_that_it_was_made_of_and_nothing_else_does() -> None:
    one = rule(Role.INSTRUCTOR, "Learner.title")
    assert rule_id_of(one.place) == one.id
    for other in (
        "",
        "tenant:",
        str(one.id),
        one.place.upper(),
        f"{one.place} ",
        f"tenant:{one.place}",
        "learner.csv:7",
    ):
        assert rule_id_of(other) is None


def test_the_version_follows_the_rules_and_not_their_order() -> None:
    one, two = rule(Role.INSTRUCTOR, "Learner.title"), rule(Role.SUPPORT, "Learner.name")
    assert masked().version == PLATFORM.version
    assert masked(one, two).version == masked(two, one).version
    versions = {masked().version, masked(one).version, masked(two).version, masked(one, two).version}
    assert len(versions) == 4
    assert all(len(version) == 32 for version in versions)


def test_the_version_is_of_this_tenant_and_of_these_very_rules() -> None:
    """A rule that is removed and made again is another one, although it says the same: decisions name it."""
    one, again = rule(Role.INSTRUCTOR, "Learner.title"), rule(Role.INSTRUCTOR, "Learner.title")
    assert masked(one).version != masked(again).version
    assert masked(one).version != mask_of(OTHER, PLATFORM, [one], []).version


def test_each_line_is_of_the_tenant_and_remembers_what_the_rule_named() -> None:
    denied = rule(Role.INSTRUCTOR, "Learner#IDENTITY")
    lines = bound(POLICY, TENANT, [denied], [])
    assert {(line.said.tenant, line.place, line.written) for line in lines} == {
        (str(TENANT), denied.place, "Learner#IDENTITY")
    }


def test_tenants_with_the_same_rules_for_a_role_share_what_rests_on_them() -> None:
    here = masked(rule(Role.INSTRUCTOR, "Learner.title"), rule(Role.SUPPORT, "Learner.name"))
    there = mask_of(OTHER, PLATFORM, [rule(Role.INSTRUCTOR, "Learner.title")], [])
    assert here.signature([Role.LEARNER, Role.INSTRUCTOR]) == there.signature([Role.LEARNER, Role.INSTRUCTOR])
    assert here.signature([Role.SUPPORT]) != there.signature([Role.SUPPORT])
    assert here.signature([Role.LEARNER]) == PLATFORM.signature([Role.LEARNER])
    assert here.version != there.version


def test_cells_of_which_no_rule_speaks_are_the_platforms_own(monkeypatch: pytest.MonkeyPatch) -> None:
    cells(PLATFORM)
    mask = masked(rule(Role.INSTRUCTOR, "Learner.title"))
    asked: list[tuple[str, ...]] = []

    def ask(_: object, *question: str) -> tuple[bool, None]:
        asked.append(question)
        return False, None

    monkeypatch.setattr("authz.decider.Decider.ask", ask)
    cells(mask)
    assert {(question[0], question[2]) for question in asked} == {("role:instructor", "Learner.title")}


@pytest.mark.parametrize(("field", "action"), [("Mutation.enroll", "call"), ("Learner.name", "write")])
def test_what_no_rule_speaks_of_is_done_as_the_platform_says(field: str, action: str) -> None:
    mask = masked(rule(Role.INSTRUCTOR, "Learner.title"))
    assert cells(mask, [field], action) == cells(PLATFORM, [field], action)
    assert action != "call" or cells(mask, [field], action)
