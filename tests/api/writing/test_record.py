"""What a change leaves behind: who changed which field of whom, and hashes that the installation's secret makes."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from api.ids import encode_id
from tests.api.people import ago
from tests.api.writing.conftest import ENROLL, UPDATE, WITHDRAW, Call, School, Send, Tables
from tests.oracle.hashes import hashed


async def events(tables: Tables) -> list[dict[str, Any]]:
    """Return the tenant's change events in their order, with what changed by field."""
    return [
        {**row, "changes": {one["field"]: (one["old"], one["new"]) for one in orjson.loads(row["changes"])}}
        for row in await tables.rows("change_event")
    ]


async def test_a_changed_profile_is_on_record_with_hashes_of_what_was_and_what_is(
    school: School, real: Any, tables: Tables, secret: bytes
) -> None:
    key, tenant_id = school.ids["adult"], school.people.tenant_id
    headers = {"authorization": f"Bearer {school.tokens['adult']}", "x-request-id": "request-of-the-change"}
    for given in ({"title": "canary-1", "phone": "+49 30 901820"}, {"title": "canary-2", "phone": "+4930901820"}):
        body = {"query": UPDATE, "variables": {"input": given}}
        assert (await real.post("/graphql", json=body, headers=headers)).status_code == 200

    def of(field: str, *values: object) -> tuple[str, ...]:
        return tuple(hashed(secret, (tenant_id, "Learner", key), field, value) for value in values)

    first, second = await events(tables)
    assert first["changes"] == {
        "Learner.title": of("Learner.title", None, "canary-1"),
        "Learner.phone": of("Learner.phone", None, "+4930901820"),
    }
    assert second["changes"] == {"Learner.title": of("Learner.title", "canary-1", "canary-2")}
    for event in (first, second):
        assert (event["mutation"], event["object_type"], event["object_id"]) == ("updateProfile", "Learner", key)
        assert (event["subject_id"], event["actor_id"], event["case_id"]) == (key, key, None)
        assert (event["roles"], event["capacities"]) == (["LEARNER"], ["LEARNER"])
        assert event["request_id"] == "request-of-the-change"
        assert event["at"] > ago(minutes=5)
    [access, _] = await tables.rows("access_event")
    assert first["policy_version"] == access["policy_version"]
    assert first["session_id"] == access["session_id"]
    assert access["request_id"] == first["request_id"]
    told = str(await tables.rows("change_event"))
    assert not any(value in told for value in ("canary-1", "canary-2", "901820"))


async def test_an_enrolment_is_on_record_from_nothing_to_its_end(
    school: School, call: Call, tables: Tables, secret: bytes
) -> None:
    tenant_id = school.people.tenant_id
    given = {"courseId": school.course, "learnerId": school.learner("minor")}
    payload = await call("guardian", ENROLL, **given)
    [begun] = await tables.rows("enrollment")
    await call("guardian", WITHDRAW, enrollmentId=payload["enrollment"]["id"])
    [ended] = await tables.rows("enrollment")
    await call("guardian", WITHDRAW, enrollmentId=payload["enrollment"]["id"])

    def of(field: str, *values: object) -> tuple[str, ...]:
        return tuple(hashed(secret, (tenant_id, "Enrollment", begun["id"]), field, value) for value in values)

    enrolled, withdrawn, again = await events(tables)
    assert enrolled["changes"] == {
        "Enrollment.status": of("Enrollment.status", None, "ACTIVE"),
        "Enrollment.enrolledAt": of(
            "Enrollment.enrolledAt", None, begun["enrolled_at"].isoformat(timespec="microseconds")
        ),
        "Enrollment.progress": of("Enrollment.progress", None, 0),
    }
    assert withdrawn["changes"] == {
        "Enrollment.status": of("Enrollment.status", "ACTIVE", "WITHDRAWN"),
        "Enrollment.withdrawnAt": of(
            "Enrollment.withdrawnAt", None, ended["withdrawn_at"].isoformat(timespec="microseconds")
        ),
        "Enrollment.finalResult": of("Enrollment.finalResult", None, "WITHDRAWN"),
    }
    assert again["changes"] == {}
    for event in (enrolled, withdrawn, again):
        assert (event["object_type"], event["object_id"]) == ("Enrollment", begun["id"])
        assert (event["actor_id"], event["subject_id"]) == (school.ids["guardian"], school.ids["minor"])
        assert (event["roles"], event["capacities"]) == (["LEARNER", "GUARDIAN"], ["GUARDIAN"])
    assert [event["mutation"] for event in (enrolled, withdrawn, again)] == ["enroll", "withdraw", "withdraw"]


async def test_the_same_value_of_two_people_and_of_two_fields_has_different_hashes(
    school: School, call: Call, tables: Tables
) -> None:
    for who in ("adult", "guardian"):
        await call(who, UPDATE, title="the same", education="the same")
    hashes = [new for event in await events(tables) for _, new in event["changes"].values()]
    assert len(set(hashes)) == 4
    assert {len(one) for one in hashes} == {64}


@pytest.mark.parametrize(
    ("query", "given"),
    [
        (UPDATE, {"phone": "x"}),
        (ENROLL, {"courseId": "x"}),
        (ENROLL, {"courseId": None}),
        (WITHDRAW, {"enrollmentId": encode_id("Enrollment", UUID(int=7))}),
    ],
)
async def test_a_refused_call_leaves_no_change_on_record(
    school: School, call: Call, tables: Tables, query: str, given: dict[str, str | None]
) -> None:
    # A minor may not enrol: that course is there.
    payload = await call("minor", query, **{name: value or school.course for name, value in given.items()})
    assert len(payload["userErrors"]) == 1
    assert await events(tables) == []


async def test_a_forbidden_call_is_on_record_as_denied_with_its_reason_and_the_one_concerned(
    school: School, call: Call, tables: Tables, send: Send
) -> None:
    await school.enrolled("adult")
    await call("instructor", ENROLL, courseId=school.course, learnerId=school.learner("adult"))
    await call("admin", ENROLL, courseId=school.course, learnerId=school.learner("restricted"))
    await call("minor", ENROLL, courseId=school.course)
    found = await tables.rows("access_event")
    assert [(event["outcome"], event["subject_count"], event["disclosures"]) for event in found] == [
        ("DENIED", 1, "[]")
    ] * 3
    denials = [orjson.loads(event["denials"]) for event in found]
    assert [[(one["field"], one["category"]) for one in each] for each in denials] == [
        [("Mutation.enroll", "LEARNING")]
    ] * 3
    # The instructor is a learner too, but of themselves. Of a restriction, the record alone says.
    assert [(each[0]["reason"], each[0]["told"], each[0]["subjects"]) for each in denials] == [
        ("NO_RELATION", "NO_RELATION", [str(school.ids["adult"])]),
        ("RESTRICTED_BY_SUBJECT", "NOT_IN_ROLE", [str(school.ids["restricted"])]),
        ("NOT_IN_ROLE", "NOT_IN_ROLE", [str(school.ids["minor"])]),
    ]
    assert [event["capacities"] for event in found] == [["INSTRUCTOR"], ["ENTERPRISE_ADMIN"], ["MINOR"]]
    log = """{ viewer { learner { accessLog { nodes { operation denials { field reason } } } } } }"""
    answer = (await send(school.tokens["restricted"], log)).json()
    [event] = answer["data"]["viewer"]["learner"]["accessLog"]["nodes"]
    assert event == {"operation": "Enroll", "denials": [{"field": "Mutation.enroll", "reason": "NOT_IN_ROLE"}]}


async def test_what_is_not_there_leaves_nothing_on_record(school: School, call: Call, tables: Tables) -> None:
    await call("adult", ENROLL, courseId=school.course, learnerId=school.learner("guardian"))
    await call("adult", WITHDRAW, enrollmentId=encode_id("Enrollment", UUID(int=7)))
    assert await tables.rows("access_event") == []
