"""Answers known by hand: what each sees of the trail, whole or as their own part of it, and what finds it."""

from typing import Any
from uuid import UUID

import pytest

from tests.oracle.arguments import encode
from tests.oracle.events import EXPORT, FAILED, HELP, QUIET, REVIEW, ROSTER, WARD, found, look
from tests.oracle.small import ADA, BEN, EVE, GUS, IVY, MIA, PRIVACY, SECURITY, STAFF, SUPPORT_MIA, learner

EVERY = [ROSTER, EXPORT, HELP, WARD, FAILED, REVIEW, QUIET]
PART = """id outcome subjectCount case subjects { nodes { id } } actor { id name roles }
    disclosures { field category subjects } denials { field reason subjects }"""


def ids(events: list[dict[str, Any]]) -> list[UUID]:
    """Return the keys of events, in their order."""
    return [key for event in events for key in EVERY if event["id"] == encode("AccessEvent", key)]


def log(who: UUID, about: UUID, fields: str = "id", given: str = "") -> list[dict[str, Any]]:
    """Return the events that somebody sees in a person's log."""
    answer = look(who, f"{{ learner(id: {learner(about)}) {{ accessLog{given} {{ nodes {{ {fields} }} }} }} }}")
    assert answer.data is not None
    nodes: list[dict[str, Any]] = answer.data["learner"]["accessLog"]["nodes"]
    return nodes


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (SECURITY, EVERY),
        (PRIVACY, EVERY),
        (ADA, [REVIEW]),
        (IVY, [ROSTER]),
        (EVE, [FAILED]),
        (GUS, [WARD]),
        (MIA, []),
        (SUPPORT_MIA, []),
    ],
)
def test_members_find_their_own_requests_and_security_and_privacy_everybodys(who: UUID, expected: list[UUID]) -> None:
    assert ids(found(who)) == expected
    for key in EVERY:
        answer = look(who, f'{{ node(id: "{encode("AccessEvent", key)}") {{ id }} }}')
        assert (answer.data != {"node": None}) is (key in expected)


@pytest.mark.parametrize(
    ("who", "about", "expected"),
    [
        (ADA, ADA, [ROSTER, EXPORT, REVIEW, QUIET]),
        (MIA, MIA, [ROSTER, EXPORT, HELP, WARD]),
        (GUS, MIA, [ROSTER, EXPORT, HELP, WARD]),
        (BEN, BEN, [ROSTER, QUIET]),
        (IVY, IVY, [EXPORT, REVIEW]),
        (SECURITY, MIA, [ROSTER, EXPORT, HELP, WARD]),
        (EVE, EVE, []),
    ],
)
def test_a_log_holds_the_requests_that_read_or_asked_for_somebodys_data(
    who: UUID, about: UUID, expected: list[UUID]
) -> None:
    assert ids(log(who, about)) == expected


@pytest.mark.parametrize("who", [MIA, GUS, SECURITY, PRIVACY])
def test_a_log_tells_of_one_person_alone_whoever_looks(who: UUID) -> None:
    events = log(who, MIA, PART)
    assert [event["outcome"] for event in events] == ["DENIED", "RELEASED", "DENIED", "RELEASED"]
    assert {event["subjectCount"] for event in events} == {1}
    assert all(event["subjects"] == {"nodes": [{"id": encode("Learner", MIA)}]} for event in events)
    assert events[0]["disclosures"] == [{"field": "Learner.name", "category": "IDENTITY", "subjects": 1}]
    assert events[0]["denials"] == [{"field": "Learner.pictureUrl", "reason": "MINOR_PROTECTED", "subjects": 1}]


def test_the_whole_event_counts_everybody() -> None:
    (event, *_) = found(SECURITY, fields=PART)
    assert (event["outcome"], event["subjectCount"]) == ("DENIED", 3)
    assert [each["subjects"] for each in event["disclosures"]] == [2, 1]
    # Mia's picture, and Ben's name with the reason that was told.
    assert [each["reason"] for each in event["denials"]] == ["NOT_IN_ROLE", "MINOR_PROTECTED"]
    assert event["subjects"]["nodes"] == [{"id": encode("Learner", key)} for key in (ADA, MIA, BEN)]
    (own,) = found(IVY, fields="subjects { nodes { id } }")
    assert own == {"subjects": event["subjects"]}


def test_a_member_is_named_in_a_log_and_the_platforms_staff_by_role_and_case_only() -> None:
    roster, export, help_, ward = log(MIA, MIA, PART)
    assert roster["actor"] == {"id": encode("Learner", IVY), "name": "Ivy", "roles": ["LEARNER", "INSTRUCTOR"]}
    assert (roster["case"], ward["actor"]["name"]) == (None, "Gus")
    assert [event["actor"] for event in (export, help_)] == [
        {"id": None, "name": None, "roles": [role]} for role in ("PRIVACY", "SUPPORT")
    ]
    assert [event["case"] for event in (export, help_)] == ["CASE-702", "CASE-703"]
    assert found(SECURITY, fields="actor { id }")[1] == {"actor": {"id": encode("Learner", STAFF)}}


def test_an_address_is_the_actors_own() -> None:
    answer = look(ADA, "{ viewer { learner { accessLog { nodes { ip } } } } }")
    assert answer.data is not None
    shown = [event["ip"] for event in answer.data["viewer"]["learner"]["accessLog"]["nodes"]]
    assert shown == [None, None, "192.0.2.6", None]
    (error,) = answer.errors
    assert (error["extensions"]["reason"], error["extensions"]["denied"]) == ("NO_RELATION", 3)
    assert ("AccessEvent.ip", ADA) in answer.disclosures
    assert ("AccessEvent.ip", "NO_RELATION", STAFF) in answer.denials
    assert [event["ip"] for event in log(SECURITY, ADA, "ip")] == [
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.6",
        None,  # Ben asked, and has restricted the processing of his data.
    ]
    assert [event["ip"] for event in log(GUS, MIA, "ip")] == [None] * 3 + ["192.0.2.4"]


def test_who_restricted_processing_does_not_vanish_from_the_trail_but_who_they_are_does() -> None:
    document = "{ accessEvents(last: 1) { nodes { id actor { name } ip } } }"
    for query in (
        document,
        f"{{ learner(id: {learner(ADA)}) {{ accessLog(last: 1) {{ nodes {{ actor {{ name }} }} }} }} }}",
    ):
        answer = look(SECURITY, query)
        assert "Ben" not in str(answer.data)
        assert ("AccessEvent.actor", "RESTRICTED_BY_SUBJECT", BEN) in answer.denials
        assert answer.errors[0]["extensions"]["reason"] == "NOT_IN_ROLE"
    assert found(PRIVACY, "last: 1", "actor { name }") == [{"actor": {"name": "Ben"}}]
    assert log(ADA, ADA, "actor { name }")[-1] == {"actor": {"name": "Ben"}}


def test_what_a_look_at_the_trail_releases_is_about_who_asked() -> None:
    answer = look(MIA, "{ viewer { learner { accessLog { nodes { id at actor { id name } } } } } }")
    actors = {IVY, STAFF, GUS}
    released = {(field, who) for field in ("AccessEvent.actor", "Actor.id", "Actor.name") for who in actors}
    assert answer.disclosures == released | {("Learner.accessLog", MIA)}
    assert not look(SECURITY, "{ accessEvents { nodes { id at purpose outcome disclosures { field } } } }").recorded


def test_the_newest_come_first_from_either_end() -> None:
    assert ids(found(SECURITY, "first: 2")) == [ROSTER, EXPORT]
    assert ids(found(SECURITY, "last: 2")) == [REVIEW, QUIET]


CONDITIONS = [
    (f"actor: {learner(IVY)}", [ROSTER]),
    (f"actor: {learner(STAFF)}", [EXPORT, HELP]),
    (f"actor: {learner(BEN)}", []),  # It is not told to security that he was the actor.
    (f"subject: {learner(MIA)}", [ROSTER, EXPORT, HELP, WARD]),
    (f"subject: {learner(STAFF)}", [REVIEW]),
    ('field: "Learner.pictureUrl"', [ROSTER]),
    ('field: "Learner"', []),
    ("category: [CONTACT]", [EXPORT, HELP]),
    ("category: [TECHNICAL, ACCESS]", [EXPORT, REVIEW]),
    ("category: []", []),
    ("purpose: [TEACHING, SELF_SERVICE]", [ROSTER, REVIEW, QUIET]),
    ("role: [INSTRUCTOR, SUPPORT]", [ROSTER, HELP]),
    ("role: [LEARNER]", [ROSTER, WARD, FAILED, REVIEW]),
    ('case: "CASE-702"', [EXPORT]),
    ("outcome: [DENIED, REFUSED]", [ROSTER, HELP, FAILED]),
    ('operation: "Op803"', [WARD]),
    ('at: {from: "2026-03-01T11:55:00Z", to: "2026-03-01T11:58:00"}', [HELP, WARD, FAILED]),
    ("outcome: null, at: {}, case: null, category: [IDENTITY]", [ROSTER, WARD, QUIET]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), CONDITIONS)
def test_conditions_find_events_of_the_trail(given: str, expected: list[UUID]) -> None:
    assert ids(found(SECURITY, f"filter: {{{given}}}")) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (f"actor: {learner(IVY)}", [ROSTER]),
        (f"actor: {learner(STAFF)}", []),
        (f"subject: {learner(MIA)}", [ROSTER, EXPORT, HELP, WARD]),
        (f"subject: {learner(ADA)}", []),
        (f"subject: {learner(GUS)}", []),
        ('field: "Learner.lastIp"', []),
        ("category: [IDENTITY]", [ROSTER, WARD]),
        ("outcome: [RELEASED]", [EXPORT, WARD]),
        ("role: [PRIVACY]", [EXPORT]),
    ],
)
def test_conditions_in_a_log_look_at_that_persons_part_alone(given: str, expected: list[UUID]) -> None:
    assert ids(log(MIA, MIA, given=f"(filter: {{{given}}})")) == expected


def test_a_subject_whom_the_viewer_does_not_see_is_nobody() -> None:
    # Ada looked at who read her, and does not see Ivy as a learner; nor may she try out who of the staff it was.
    for other in (IVY, STAFF, MIA):
        assert found(ADA, f"filter: {{subject: {learner(other)}}}") == []
    assert ids(found(ADA, f"filter: {{subject: {learner(ADA)}}}")) == [REVIEW]


def test_what_a_condition_used_is_released_of_who_asked() -> None:
    given = f"actor: {learner(IVY)}, subject: {learner(ADA)}, role: [INSTRUCTOR], purpose: [TEACHING]"
    answer = look(SECURITY, f"{{ accessEvents(filter: {{{given}}}) {{ nodes {{ at }} }} }}")
    assert answer.disclosures == {("AccessEvent.actor", IVY), ("AccessEvent.subjects", IVY)}
