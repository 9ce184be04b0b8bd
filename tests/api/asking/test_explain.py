"""explain: which fields a document asks, for which roles, kinds of people and purposes."""

from dataclasses import fields
from typing import Any

import httpx2
import pytest

from api.context import Context
from api.document.documents import Documents
from api.reading.foresight import Foreseeing
from api.schema.build import build_schema
from tests.api.asking.conftest import EXPLAIN, Explain, fields_of
from tests.api.reading.conftest import Ask
from tests.api.reading.overheard import Overheard

KINDS = [[], ["MINOR"], ["RESTRICTED"]]
ROLES = {
    "learner": ["LEARNER"],
    "minor": ["MINOR", "WARD"],
    "guardian": ["LEARNER", "GUARDIAN"],
    "instructor": ["LEARNER", "INSTRUCTOR"],
    "enterprise_admin": ["LEARNER", "ENTERPRISE_ADMIN", "SEAT_MANAGER"],
    "support": ["SUPPORT"],
}
NAMES = "{ learners { nodes { name } } }"

ORDERS: list[tuple[str, list[str]]] = [
    ("{ viewer { id roles tenant { slug } } courses { nodes { id title } } }", []),
    ("{ viewer { learner { email name email } } }", ["Learner.email", "Learner.name"]),
    (
        "{ a: viewer { wards { edges { node { guardians { phone } } } } } b: tenant { members { nodes { phone } } } }",
        ["Learner.guardians", "Learner.phone"],
    ),
    (
        "{ tenant { seatPools { nodes { id seats { nodes { status learner { id } } } } } } }",
        ["Tenant.seatPools", "SeatPool.id", "Seat.status", "Seat.learner", "Learner.id"],
    ),
    ("{ viewer { teaches { nodes { instructors { title } } } } }", ["Instructor.title"]),
    ("{ viewer { learner { viewerAccess { field } __typename } } }", []),
    (
        "{ viewer { learner { enrollments { pageInfo { endCursor } edges { cursor } } } } }",
        ["Learner.enrollments"],
    ),
    (
        "{ accessEvents { nodes { at actor { name roles } subjects { nodes { id } } disclosures { field } } } }",
        ["AccessEvent.actor", "Actor.name", "AccessEvent.subjects", "Learner.id"],
    ),
    ("{ __typename accessMatrix(role: WARD) { field rule } }", []),
]

INTERFACES: list[tuple[str, list[str]]] = [
    (
        "{ node(id: $id) { id } }",
        [
            f"{kind}.id"
            for kind in ("Learner", "Enrollment", "Instructor", "AssessmentResult", "AccessEvent", "SeatPool", "Seat")
        ],
    ),
    (
        "{ node(id: $id) { ... on Seat { email } ...Person ... { ... on Enrollment { progress learner { name } } } } }",
        ["Seat.email", "Learner.name", "Instructor.name", "Enrollment.progress", "Enrollment.learner"],
    ),
    (
        "{ nodes(ids: [$id]) { ...Person ... on Node { ... on Learner { minor } } ... on Course { id title } } }",
        ["Learner.name", "Instructor.name", "Learner.minor"],
    ),
]
PERSON = " fragment Person on Node { ... on Learner { name } ... on Instructor { name } }"


async def test_each_field_decided_comes_once_in_the_order_of_the_document(explain: Explain) -> None:
    for document, expected in ORDERS:
        assert fields_of(await explain("enterprise_admin", document)) == expected, document


async def test_an_interface_leads_to_every_type_that_can_be_met_there_whatever_the_id(explain: Explain) -> None:
    for id_ in ("TGVhcm5lcjowMTliNzZkYS1hODA0LTc0NmYtYTg4YS0wOTE1NDE1Y2I5N2Y=", "no id"):
        for selection, expected in INTERFACES:
            spread = PERSON if "...Person" in selection else ""
            told = await explain("privacy", f"query Q($id: ID!) {selection}{spread}", {"id": id_})
            assert set(fields_of(told)) == set(expected)
            assert fields_of(told) == expected or selection == INTERFACES[0][0]


async def test_skipped_fields_are_not_asked_and_variables_have_their_defaults(explain: Explain) -> None:
    document = """query Q($full: Boolean! = false, $no: Boolean!) { viewer { learner {
        name phone @include(if: $full) ...More @skip(if: $no) ... @include(if: $full) { gender }
        email @skip(if: true) } } } fragment More on Learner { title education @include(if: $full) }"""
    expected = {
        (False, False): ["Learner.name", "Learner.title"],
        (False, True): ["Learner.name"],
        (True, False): ["Learner.name", "Learner.phone", "Learner.title", "Learner.education", "Learner.gender"],
        (True, True): ["Learner.name", "Learner.phone", "Learner.gender"],
    }
    for (full, no), asked in expected.items():
        assert fields_of(await explain("learner", document, {"full": full, "no": no})) == asked
    assert fields_of(await explain("learner", document, {"no": False})) == expected[False, False]


async def test_a_skipped_list_is_no_statement(explain: Explain) -> None:
    document = """query Q($with: Boolean!) { viewer { learner { name
        enrollments @include(if: $with) { nodes { id results @include(if: $with) { nodes { score } } } } } } }"""
    assert [(await explain("learner", document, {"with": one}))["statements"] for one in (True, False)] == [5, 3]


@pytest.mark.parametrize("who", ROLES)
async def test_there_is_an_entry_for_each_role_of_the_viewer_and_each_kind_of_person(
    explain: Explain, who: str
) -> None:
    told = (await explain(who, NAMES))["fields"]
    assert [(one["role"], one["subject"]) for one in told] == [(role, kind) for role in ROLES[who] for kind in KINDS]
    assert {one["field"] for one in told} == {"Learner.name"}
    purposes = {one["role"]: one["purpose"] for one in told}
    assert purposes.get("LEARNER", "SELF_SERVICE") == "SELF_SERVICE"
    assert purposes.get("INSTRUCTOR", "TEACHING") == "TEACHING"
    assert purposes.get("SUPPORT", "SUPPORT_CASE") == "SUPPORT_CASE"


async def test_as_a_role_tells_of_that_role_alone_under_each_of_its_purposes(explain: Explain) -> None:
    told = (await explain("learner", "{ learners { nodes { lastIp } } }", role="SUPPORT"))["fields"]
    assert [(one["subject"], one["purpose"], one["readable"], one["reason"]) for one in told] == [
        ([], "SUPPORT_CASE", False, "PURPOSE_NOT_ALLOWED"),
        ([], "FRAUD_PREVENTION", True, None),
        (["MINOR"], "SUPPORT_CASE", False, "PURPOSE_NOT_ALLOWED"),
        (["MINOR"], "FRAUD_PREVENTION", True, None),
        (["RESTRICTED"], "SUPPORT_CASE", False, "NOT_IN_ROLE"),
        (["RESTRICTED"], "FRAUD_PREVENTION", False, "RESTRICTED_BY_SUBJECT"),
    ]
    assert {one["role"] for one in told} == {"SUPPORT"}
    # Their own case's purpose, for those who have one.
    own = (await explain("support", "{ learners { nodes { lastIp } } }", role="SUPPORT"))["fields"]
    assert [one["purpose"] for one in own] == ["SUPPORT_CASE"] * 3


async def test_reasons_are_those_of_the_policy(explain: Explain) -> None:
    document = "{ learners { nodes { email gender } } tenant { seatPools { nodes { id } } } }"
    told = (await explain("enterprise_admin", document))["fields"]
    reasons = {(one["field"], one["role"], *one["subject"]): one["reason"] for one in told}
    assert reasons["Learner.email", "ENTERPRISE_ADMIN"] is None
    assert reasons["Learner.email", "ENTERPRISE_ADMIN", "MINOR"] == "MINOR_PROTECTED"
    assert reasons["Learner.email", "ENTERPRISE_ADMIN", "RESTRICTED"] == "RESTRICTED_BY_SUBJECT"
    # As a learner the admin reads their own: the role is there, and meets other rows.
    assert reasons["Learner.gender", "ENTERPRISE_ADMIN"] == "NO_RELATION"
    # A list of pools describes nobody: there is one kind of it, and every role meets it.
    assert [key for key in reasons if key[0] == "Tenant.seatPools"] == [
        ("Tenant.seatPools", role) for role in ROLES["enterprise_admin"]
    ]
    assert reasons["Tenant.seatPools", "LEARNER"] == "NOT_IN_ROLE"
    alone = (await explain("enterprise_admin", document, role="ENTERPRISE_ADMIN"))["fields"]
    assert {one["reason"] for one in alone if one["field"] == "Learner.gender"} == {"NOT_IN_ROLE"}
    for one in told:
        assert one["readable"] == (one["reason"] is None)
        assert not one["readable"] or one["rule"] is not None


async def test_a_field_asked_at_two_places_is_told_once(explain: Explain) -> None:
    log = "viewer { learner { accessLog { nodes { ip } } } }"
    told = await explain("learner", f"{{ {log} accessEvents {{ nodes {{ ip }} }} }}")
    assert [one["readable"] for one in told["fields"] if one["field"] == "AccessEvent.ip"] == [True] * 3


async def test_the_cost_is_what_the_gate_counts(explain: Explain) -> None:
    documents = Documents(build_schema())
    document = "query Q($n: Int = 7) { learners(first: $n) { nodes { id enrollments(first: 3) { nodes { id } } } } }"
    variables: dict[str, Any]
    for variables in ({}, {"n": 50}, {"n": None}):
        told = await explain("learner", document, variables)
        assert told["cost"] == documents.prepare(document, None, variables).cost


async def test_statements_follow_what_the_role_may_release(explain: Explain) -> None:
    document = "{ learners { nodes { name enrollments { nodes { id results { nodes { score } } } } } } }"
    # Who asks, the people, their enrolments, the results, the record.
    assert (await explain("privacy", document))["statements"] == 5
    # Security reads no enrolment of anybody, a seat manager no single result: those lists have no parents.
    assert (await explain("privacy", document, role="SECURITY"))["statements"] == 3
    assert (await explain("privacy", document, role="SEAT_MANAGER"))["statements"] == 4
    assert (await explain("privacy", "{ courses { nodes { title } } }"))["statements"] == 2
    assert (await explain("privacy", "{ viewer { id } }"))["statements"] == 1


async def test_the_platforms_staff_have_no_record_of_their_own_to_read(explain: Explain) -> None:
    document = "{ viewer { learner { name } } }"
    for who, role, statements in (
        ("learner", None, 3), ("support", None, 1), ("learner", "SUPPORT", 1), ("support", "LEARNER", 3),
    ):  # fmt: skip
        told = await explain(who, document, role=role)
        assert (fields_of(told), told["statements"]) == (["Learner.name"], statements)


async def test_nothing_is_read_and_nothing_recorded_whatever_stands_beside_it(ask: Ask, overheard: Overheard) -> None:
    document = """{ viewer { learner { name accessLog { nodes { id } } } } learners { nodes { email } }
        accessEvents { nodes { ip } }
        node(id: "TGVhcm5lcjowMTliNzZkYS1hODA0LTc0NmYtYTg4YS0wOTE1NDE1Y2I5N2Y=") { id } }"""
    # Who asks, three lists or objects, the record: the platform's staff have no learner's record of their own.
    overheard.clear()
    assert "errors" not in await ask("privacy", EXPLAIN, document=document)
    assert (overheard.statements, overheard.count) == ([], 1)
    beside = "query Q($d: String!) { explain(document: $d) { statements } viewer { tenant { slug } } }"
    overheard.clear()
    answer = await ask("privacy", beside, d=document)
    assert answer["data"] == {"explain": {"statements": 5}, "viewer": {"tenant": {"slug": "northwind"}}}
    assert (len(overheard.statements), overheard.count) == (1, 2)


def test_a_resolver_that_is_explained_finds_nothing_to_read_or_write_with() -> None:
    assert {field.name for field in fields(Foreseeing)} == {"viewer", "reading", "foresight"}
    assert {field.name for field in fields(Context)} > {"viewer", "reading", "session", "reader", "writer"}


async def test_fragments_aliases_and_the_types_name_work_in_the_explanation(ask: Ask) -> None:
    query = """query Q($d: String!) { e: explain(document: $d, as: WARD) { __typename price: cost ...What } }
        fragment What on Explanation { fields { __typename f: field f2: field subject ... { readable } } }"""
    answer = await ask("learner", query, d="{ viewer { learner { name } } }")
    assert answer["data"]["e"] == {
        "__typename": "Explanation",
        "price": 3,
        "fields": [
            {"__typename": "FieldAccess", "f": "Learner.name", "f2": "Learner.name", "subject": kind, "readable": one}
            for kind, one in zip(KINDS, (True, True, False), strict=True)
        ],
    }


async def test_it_can_be_asked_by_get(demo_client: httpx2.AsyncClient, tokens: dict[str, dict[str, str]]) -> None:
    query = '{ explain(document: "{ viewer { learner { name } } }", variables: {a: [1, 2.5, null]}) { cost } }'
    headers = {"authorization": f"Bearer {tokens['northwind']['learner']}"}
    answer = await demo_client.get("/graphql", params={"query": query}, headers=headers)
    assert answer.json() == {"data": {"explain": {"cost": 3}}}


async def test_its_variables_may_hold_variables(ask: Ask) -> None:
    inner = "query($n: Int) { learners(first: $n) { nodes { id } } }"
    outer = "query($d: String!, $n: Int) { explain(document: $d, variables: {n: $n}) { cost } }"
    assert (await ask("learner", outer, d=inner, n=3))["data"] == {"explain": {"cost": 5}}
