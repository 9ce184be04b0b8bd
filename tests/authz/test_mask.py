"""What a mask decides of small policies, and that its answers are kept, shared and never guessed."""

import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from authz.loading import POLICY_FOLDER, load
from authz.mask import Decision, Mask
from authz.tenant_rules.masks import mask_of as tenants_mask
from authz.viewer import Purpose, Role, SubjectClass
from tests.authz.example import CATALOGUE, appended, cells, copy_of_the_policy, replaced

TENANT = UUID("018f0000-0000-7000-8000-000000000001")
OTHER = UUID("018f0000-0000-7000-8000-000000000002")

ADULT, MINOR, RESTRICTED = SubjectClass.ADULT, SubjectClass.MINOR, SubjectClass.RESTRICTED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


def mask_of(folder: Path = POLICY_FOLDER) -> Mask:
    return Mask(load(folder, CATALOGUE))


def teaching(mask: Mask, field: str, subject: SubjectClass = ADULT) -> Decision:
    return mask.decide(Role.INSTRUCTOR, field, subject, Purpose.TEACHING)


def test_a_decision_names_the_line_that_allowed(folder: Path) -> None:
    place = appended(folder, "learner.csv", "p, role:instructor, *, Learner.phone, read, adult, *, allow")
    assert teaching(mask_of(folder), "Learner.phone") == Decision(True, place)


def test_where_nothing_was_said_the_answer_is_no_and_names_no_line() -> None:
    assert teaching(mask_of(), "Learner.phone") == Decision(False, None)


def test_deny_beats_allow_within_a_capacity_and_names_its_line(folder: Path) -> None:
    place = appended(folder, "learner.csv", "p, role:instructor, *, Learner.name, read, any, *, deny")
    assert teaching(mask_of(folder), "Learner.name") == Decision(False, place)
    assert teaching(mask_of(folder), "Learner.name", MINOR) == Decision(False, place)


def test_a_deny_written_before_the_allow_beats_it_too(folder: Path) -> None:
    deny = "p, role:instructor, *, Learner.name, read, any, *, deny"
    path = folder / "learner.csv"
    path.write_text(f"{deny}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    assert teaching(mask_of(folder), "Learner.name") == Decision(False, "learner.csv:1")


def test_a_deny_of_one_role_leaves_another_alone(folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:instructor, *, Learner.name, read, any, *, deny")
    allowed = mask_of(folder).decide(Role.ENTERPRISE_ADMIN, "Learner.name", ADULT, Purpose.SEAT_MANAGEMENT)
    assert allowed.allowed


def test_heirs_get_what_their_ancestors_are_allowed_and_denied(folder: Path) -> None:
    mask = mask_of(folder)
    assert mask.decide(Role.SECURITY, "Learner.name", ADULT, Purpose.SECURITY_REVIEW).allowed
    place = appended(folder, "learner.csv", "p, role:staff, *, Learner.lastIp, read, any, *, deny")
    mask = mask_of(folder)
    assert mask.decide(Role.SECURITY, "Learner.lastIp", ADULT, Purpose.SECURITY_REVIEW) == Decision(False, place)
    assert mask.decide(Role.LEARNER, "Learner.lastIp", ADULT, Purpose.SELF_SERVICE).allowed


def test_inheritance_reaches_over_two_steps(folder: Path) -> None:
    place = appended(folder, "learner.csv", "p, role:anybody, *, Learner.pictureUrl, read, any, *, deny")
    for role, purpose in ((Role.LEARNER, Purpose.SELF_SERVICE), (Role.PRIVACY, Purpose.LEGAL_REQUEST)):
        assert mask_of(folder).decide(role, "Learner.pictureUrl", ADULT, purpose) == Decision(False, place)


def test_any_reaches_adults_and_minors_but_no_restricted_subject(folder: Path) -> None:
    appended(folder, "learner.csv", "p, role:instructor, *, Learner.phone, read, any, *, allow")
    mask = mask_of(folder)
    assert [teaching(mask, "Learner.phone", it).allowed for it in (ADULT, MINOR, RESTRICTED)] == [True, True, False]


def test_a_line_for_a_purpose_counts_for_that_purpose_only() -> None:
    mask = mask_of()
    asked = (Role.SUPPORT, "Learner.lastIp", ADULT)
    assert mask.decide(*asked, Purpose.FRAUD_PREVENTION).allowed
    assert not mask.decide(*asked, Purpose.SUPPORT_CASE).allowed


def test_a_purpose_that_a_role_may_not_name_releases_nothing() -> None:
    released = cells(mask_of(), ["Learner.id", "Instructor.name"])
    assert {purpose for role, _, _, purpose in released if role == "INSTRUCTOR"} == {"TEACHING"}
    assert {purpose for role, _, _, purpose in released if role == "LEARNER"} == {"SELF_SERVICE"}


def test_a_purpose_taken_from_a_role_takes_its_cells(folder: Path) -> None:
    replaced(folder, "purposes.csv", "role:support role:security, ", "role:security, ")
    replaced(
        folder, "learner.csv", "role:support,          *, Learner#TECHNICAL", "role:security, *, Learner#TECHNICAL"
    )
    mask = mask_of(folder)
    assert not mask.decide(Role.SUPPORT, "Learner.name", ADULT, Purpose.FRAUD_PREVENTION).allowed
    assert mask.decide(Role.SUPPORT, "Learner.name", ADULT, Purpose.SUPPORT_CASE).allowed


def test_a_grantable_line_lifts_nothing() -> None:
    mask = mask_of()
    grantable = {(rule.said.role, rule.said.object) for rule in mask.policy.grantable}
    assert ("role:seat_manager", "Enrollment.averageScore") in grantable
    asked = (Role.SEAT_MANAGER, "Enrollment.averageScore", ADULT, Purpose.SEAT_MANAGEMENT)
    assert mask.decide(*asked) == Decision(False, None)


def test_reading_is_not_writing() -> None:
    asked = (Role.LEARNER, "Learner.name", ADULT, Purpose.SELF_SERVICE)
    assert mask_of().decide(*asked).allowed
    assert mask_of().decide(*asked, action="write") == Decision(False, None)


def test_writing_a_field_is_not_calling_a_mutation() -> None:
    asked = (Role.ENTERPRISE_ADMIN, "Mutation.enroll", ADULT, Purpose.SEAT_MANAGEMENT)
    assert mask_of().decide(*asked, action="call").allowed
    assert not any(mask_of().decide(*asked, action=action).allowed for action in ("read", "write"))


def test_a_line_for_one_tenant_denies_there_and_nowhere_else(folder: Path) -> None:
    place = appended(folder, "learner.csv", f"p, role:instructor, {TENANT}, Learner.name, read, any, *, deny")
    mask = mask_of(folder)
    assert mask.has_lines_for(TENANT)
    assert not mask.has_lines_for(OTHER)
    assert teaching(tenants_mask(TENANT, mask, [], []), "Learner.name") == Decision(False, place)
    assert teaching(tenants_mask(OTHER, mask, [], []), "Learner.name").allowed
    assert teaching(mask, "Learner.name").allowed


@pytest.mark.parametrize(
    "field", ["Learner.emial", "Learner.viewerAccess", "Learner", "", "Learner#CONTACT", "Nobody.id"]
)
def test_a_field_that_the_schema_does_not_know_is_no_question(field: str) -> None:
    with pytest.raises(KeyError, match="the schema does not name it"):
        teaching(mask_of(), field)


@pytest.mark.parametrize(
    ("role", "subject", "purpose", "action"),
    [
        ("role:instructor", "adult", "TEACHING", "read"),
        ("alice", "adult", "TEACHING", "read"),
        ("INSTRUCTOR", "any", "TEACHING", "read"),
        ("INSTRUCTOR", "ADULT", "TEACHING", "read"),
        ("INSTRUCTOR", "adult", "*", "read"),
        ("INSTRUCTOR", "adult", "TEACHING", "*"),
        ("INSTRUCTOR", "adult", "TEACHING", "Read"),
        (None, "adult", "TEACHING", "read"),
    ],
)
def test_a_question_in_unknown_words_is_no_question(role: Any, subject: Any, purpose: Any, action: str) -> None:
    with pytest.raises(ValueError):
        mask_of().decide(role, "Learner.name", subject, purpose, action=action)


def test_an_unknown_action_is_named() -> None:
    with pytest.raises(ValueError, match="Read is no action"):
        mask_of().decide(Role.INSTRUCTOR, "Learner.name", ADULT, Purpose.TEACHING, action="Read")


def test_casbin_is_asked_once_for_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def ask(_: object, *question: str) -> tuple[bool, None]:
        asked.append(question)
        return False, None

    monkeypatch.setattr("authz.decider.Decider.ask", ask)
    mask = mask_of()
    for asked_mask in (mask, tenants_mask(TENANT, mask, [], []), tenants_mask(OTHER, mask, [], [])):
        for _ in range(3):
            teaching(asked_mask, "Learner.name")
    assert asked == [("role:instructor", "*", "Learner.name", "read", "adult", "TEACHING")]


def test_threads_that_ask_a_cold_mask_get_the_same_answers_as_one() -> None:
    fields = ["Learner.name", "Learner.lastIp", "Seat.email", "Actor.name"]
    alone, shared = cells(mask_of(), fields), mask_of()
    gathered: list[bool] = []
    start = threading.Barrier(4)

    def gather() -> None:
        start.wait(timeout=60)
        gathered.append(cells(shared, fields) == alone)

    threads = [threading.Thread(target=gather) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert gathered == [True] * 4


def test_a_mask_names_its_fields_categories_and_purposes() -> None:
    mask = mask_of()
    assert mask.fields[0] == "Learner.id"
    assert mask.category("Seat.email") == "CONTACT"
    assert mask.purposes(Role.SUPPORT) == (Purpose.SUPPORT_CASE, Purpose.FRAUD_PREVENTION)
    with pytest.raises(KeyError):
        mask.category("Seat.nothing")
