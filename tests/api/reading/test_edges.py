"""Whatever a client sends, the answer is a GraphQL answer with the contract's codes, and the next one is well."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx2
import pytest

from api.ids import encode_id
from tests.api.reading.conftest import Ask, Demo

Tokens = dict[str, dict[str, str]]

ROLES = ("learner", "minor", "guardian", "instructor", "enterprise_admin", "support", "security", "privacy")
NOBODY = UUID("01900000-0000-7000-8000-000000000000")
BAD, COSTLY, SYNTAX = "BAD_USER_INPUT", "DOCUMENT_TOO_COSTLY", "SYNTAX"
INVALID = "INVALID_DOCUMENT"
HANG = 120.0  # seconds

BY_NAME = "query($f: LearnerFilter) { learners(filter: $f) { nodes { id } } }"
BY_EVENT = "query($f: AccessEventFilter) { accessEvents(filter: $f) { nodes { id } } }"
BY_PROGRESS = "query($f: EnrollmentFilter) { courses(first: 2) { nodes { enrollments(filter: $f) { nodes { id } } } } }"
FIRST = "query($n: Int) { courses(first: $n) { nodes { id } } }"
AFTER = "query($c: String) { courses(after: $c) { nodes { id } } }"
NODES = "query($i: [ID!]!) { nodes(ids: $i) { id } }"


async def post(
    client: httpx2.AsyncClient, token: str, query: str, variables: Mapping[str, object] | None = None
) -> httpx2.Response:
    body = {"query": query, "variables": variables or {}}
    return await client.post("/graphql", json=body, headers={"authorization": f"Bearer {token}"})


def told(answer: httpx2.Response) -> list[tuple[str, Any]]:
    """Return the code and path of each error, having checked that the whole is a GraphQL answer of the contract."""
    assert answer.headers["content-type"].startswith("application/graphql-response+json")
    body = answer.json()
    assert set(body) <= {"data", "errors"}
    assert answer.status_code in (200, 400)
    assert ("data" in body) is (answer.status_code == 200)
    for error in body.get("errors", []):
        assert set(error) <= {"message", "path", "locations", "extensions"}
        assert error["message"]
        assert error["extensions"]["code"] in {BAD, COSTLY, SYNTAX, INVALID, "FIELD_FORBIDDEN"}
    return [(error["extensions"]["code"], error.get("path")) for error in body.get("errors", [])]


USELESS: list[tuple[str, Mapping[str, object], list[str]]] = [
    *[(FIRST, {"n": number}, ["courses"]) for number in (101, 0, -1, 2**31 - 1, -(2**31))],
    *[(f"{{ courses({end}: {number}) {{ nodes {{ id }} }} }}", {}, ["courses"])
      for end in ("first", "last") for number in (101, 0, -1)],
    ("{ courses(first: 3, last: 3) { nodes { id } } }", {}, ["courses"]),
    ("{ viewer { id teaches(first: 0) { nodes { id } } } }", {}, ["viewer", "teaches"]),
    ("{ tenant { members(last: 101) { nodes { id } } } }", {}, ["tenant", "members"]),
    *[(AFTER, {"c": cursor}, ["courses"])
      for cursor in ("", "x", "=", "é" * 20, "\0", "A" * 5000, "A" * 100_000, "AAAA")],
    ('{ courses(before: "x") { nodes { id } } }', {}, ["courses"]),
    ('{ viewer { teaches(after: "AAAA") { nodes { id } } } }', {}, ["viewer", "teaches"]),
    *[(f"query($i: ID!) {{ {field}(id: $i) {{ id }} }}", {"i": text}, [field])
      for field in ("node", "learner", "course")
      for text in ("", "x", "\0", 5, "é", "TGVhcm5lcjo=", "A" * 10_000, f"Learner:{NOBODY}")],
    (NODES, {"i": ["x"] * 1000}, ["nodes"]),
    ("{ nodes(ids: [" + '"x", ' * 1000 + "]) { id } }", {}, ["nodes"]),
    (BY_NAME, {"f": {"course": "x"}}, ["learners"]),
    (BY_EVENT, {"f": {"actor": "x"}}, ["accessEvents"]),
    (BY_EVENT, {"f": {"subject": "\0"}}, ["accessEvents"]),
    *[(BY_EVENT, {"f": {name: "a\0b"}}, ["accessEvents"]) for name in ("operation", "case", "field")],
    *[(BY_NAME, {"f": {"name": part}}, ["learners"])
      for part in ({"eq": "\0"}, {"in": ["a", "\0"]}, {"startsWith": "a\0"}, {"eq": "a", "startsWith": "\0"})],
    (BY_NAME, {"f": {"email": "a\0@b"}}, ["learners"]),
    *[(BY_EVENT, {"f": {"at": {end: text}}}, ["accessEvents"])
      for end in ("from", "to") for text in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")],
]  # fmt: skip


@pytest.mark.parametrize("role", ["privacy", "learner"])
async def test_an_argument_of_no_use_is_said_at_its_field_and_the_answer_is_200(
    demo_client: httpx2.AsyncClient, tokens: Tokens, role: str
) -> None:
    for query, variables, path in USELESS:
        answer = await post(demo_client, tokens["northwind"][role], query, variables)
        assert (answer.status_code, told(answer)) == (200, [(BAD, path)]), (query, str(variables)[:100])


UNFIT: list[tuple[str, Mapping[str, object]]] = [
    *[(FIRST, {"n": value}) for value in (True, "3", 1.5, 2**31, 2**70, [1], {"a": 1})],
    *[(BY_NAME, {"f": value}) for value in (
        1, "x", ["x"], {"nobody": 1}, {"name": "x"}, {"name": {"in": [None]}}, {"minor": 1}, {"minor": "true"},
        {"seatStatus": "NOPE"}, {"seatStatus": 1}, {"email": ["a"]})],
    *[(BY_PROGRESS, {"f": value}) for value in (
        {"status": ["NOPE"]}, {"status": [None]}, {"progress": {"min": "1"}}, {"progress": {"min": True}},
        {"lastActivityAt": {"from": 5}})],
    *[(BY_EVENT, {"f": {"at": {"from": text}}})
      for text in ("", "x", "\0", "99999-01-01T00:00:00Z", "2020-13-01", 1e300)],
    ("query($o: LearnerOrder) { learners(orderBy: $o) { nodes { id } } }", {"o": "NOPE"}),
    ("query($o: LearnerOrder) { learners(orderBy: $o) { nodes { id } } }", {"o": "name_asc"}),
    *[(NODES, {"i": value}) for value in (None, [None], {"a": 1}, [["x"]])],
    (NODES, {}),
    ("query($i: ID!) { node(id: $i) { id } }", {"i": None}),
    ("query($i: ID!) { node(id: $i) { id } }", {"i": 1.5}),
]  # fmt: skip


async def test_a_variable_that_does_not_fit_its_type_is_refused_before_anything_is_read(
    demo_client: httpx2.AsyncClient, tokens: Tokens
) -> None:
    for query, variables in UNFIT:
        answer = await post(demo_client, tokens["northwind"]["privacy"], query, variables)
        assert answer.status_code == 400, (query, variables)
        assert {code for code, _ in told(answer)} == {BAD}, (query, variables)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ learners(filter: {name: {startsWith: "\\uD800"}}) { nodes { id } } }', SYNTAX),
        ('{ learners(filter: {name: {eq: "\\u{110000}"}}) { nodes { id } } }', SYNTAX),
        ("{ learners(filter: {seatStatus: NOPE}) { nodes { id } } }", INVALID),
        ("{ courses(first: 99999999999) { nodes { id } } }", INVALID),
        ("{ accessEvents(filter: {at: {from: 5}}) { nodes { id } } }", INVALID),
        ("{ nodes(ids: null) { id } }", INVALID),
        (f"{{ courses(first: {'9' * 300}) {{ nodes {{ id }} }} }}", COSTLY),
    ],
    ids=lambda value: value[:40],
)
async def test_a_literal_that_cannot_be_is_refused_with_its_code(
    demo_client: httpx2.AsyncClient, tokens: Tokens, query: str, code: str
) -> None:
    answer = await post(demo_client, tokens["northwind"]["privacy"], query)
    assert answer.status_code == 400
    assert {found for found, _ in told(answer)} == {code}


@pytest.mark.parametrize("value", [b'"\\ud800"', b'"\\udc00"', b'"\\ud800x"', b"NaN", b"Infinity", b"1e400", b'"\xff"'])
async def test_json_that_is_none_is_refused(demo_client: httpx2.AsyncClient, tokens: Tokens, value: bytes) -> None:
    query = json.dumps(BY_NAME).encode()
    body = b'{"query": ' + query + b', "variables": {"f": {"name": {"eq": ' + value + b"}}}}"
    headers = {"authorization": f"Bearer {tokens['northwind']['privacy']}", "content-type": "application/json"}
    answer = await demo_client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == 400
    assert told(answer) == [(BAD, None)]


FITTING: list[tuple[str, Mapping[str, object], bool | None]] = [
    (BY_NAME, {"f": None}, True), (BY_NAME, {"f": {}}, True), (BY_NAME, {"f": {"name": None}}, True),
    (BY_NAME, {"f": {"name": {}}}, True), (BY_NAME, {"f": {"name": {"eq": None, "in": None}}}, True),
    (BY_NAME, {"f": {"name": {"in": []}}}, False),
    (BY_NAME, {"f": {"name": {"in": ["x"] * 10_000}}}, False),
    (BY_NAME, {"f": {"name": {"eq": "x" * 10_000, "startsWith": "x" * 10_000}}}, False),
    (BY_NAME, {"f": {"email": "\u0130" * 10_000}}, False),
    *[(BY_NAME, {"f": {"name": {"startsWith": text}}}, False)
      for text in ("\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "\U0010ffff" * 50, "a\U0010ffff")],
    (BY_NAME, {"f": {"name": {"startsWith": ""}}}, True),
    (BY_NAME, {"f": {"course": encode_id("Learner", NOBODY)}}, False),
    (BY_NAME, {"f": {"course": encode_id("Course", NOBODY)}}, False),
    (BY_EVENT, {"f": {"actor": encode_id("Course", NOBODY)}}, False),
    (BY_EVENT, {"f": {"role": [], "purpose": []}}, False),
    (BY_EVENT, {"f": {"at": {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59.999999Z"}}}, None),
    (BY_EVENT, {"f": {"at": {"from": "9999-12-31T00:00:00Z"}}}, False),
    (BY_EVENT, {"f": {"operation": "\U0010ffff" * 1000}}, False),
    *[(BY_PROGRESS, {"f": {"progress": part}}, None) for part in ({"min": 1e300}, {"max": -1e-320})],
    (BY_PROGRESS, {"f": {"progress": {"min": 2**63}}}, None), (BY_PROGRESS, {"f": {"status": []}}, None),
    ("{ courses(first: 1) { nodes { enrollments(filter: {progress: {min: 1e400, max: -1e400}}) { nodes { id } } } } }",
     {}, None),
    (FIRST, {"n": None}, True), (FIRST, {}, True), (AFTER, {"c": None}, True),
    ("query($o: LearnerOrder) { learners(orderBy: $o) { nodes { id } } }", {"o": None}, True),
]  # fmt: skip


async def test_an_odd_value_that_fits_is_answered(demo_client: httpx2.AsyncClient, tokens: Tokens) -> None:
    for query, variables, found in FITTING:
        answer = await post(demo_client, tokens["northwind"]["privacy"], query, variables)
        assert (answer.status_code, told(answer)) == (200, []), (query, str(variables)[:100])
        if found is not None:
            (rows,) = answer.json()["data"].values()
            assert bool(rows["nodes"]) is found, (query, str(variables)[:100])


async def test_a_prefix_holds_by_code_points_whatever_follows_it(
    demo_client: httpx2.AsyncClient, tokens: Tokens, ask: Ask
) -> None:
    names = "query($s: String!) { learners(first: 100, filter: {name: {startsWith: $s}}) { nodes { name } } }"
    everybody = (await ask("privacy", "{ learners(first: 100) { nodes { name } } }"))["data"]["learners"]["nodes"]
    known = next(row["name"] for row in everybody if row["name"])
    for length in range(len(known) + 1):
        found = (await ask("privacy", names, s=known[:length]))["data"]["learners"]["nodes"]
        assert found
        assert all(row["name"].startswith(known[:length]) for row in found)
    assert not (await ask("privacy", names, s=known + "\0x".replace("\0", "\x01")))["data"]["learners"]["nodes"]


async def test_ids_that_cannot_be_are_said_one_by_one_beside_those_that_are(ask: Ask) -> None:
    course = (await ask("learner", "{ courses(first: 1) { nodes { id } } }"))["data"]["courses"]["nodes"][0]["id"]
    gone, unknown = encode_id("Course", NOBODY), encode_id("Nothing", NOBODY)
    answer = await ask("learner", NODES, i=["x", course, gone, unknown, "\0", course])
    assert answer["data"] == {"nodes": [None, {"id": course}, None, None, None, {"id": course}]}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["nodes", 0], BAD), (["nodes", 4], BAD),
    ]  # fmt: skip
    assert await ask("learner", NODES, i=[]) == {"data": {"nodes": []}}


def seen(answer: httpx2.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return everything that a client gets but when it was and the request's id."""
    kept = [(name, value) for name, value in answer.headers.multi_items() if name not in ("date", "x-request-id")]
    return answer.status_code, sorted(kept), answer.content


BY_ID = [
    "query($i: ID!) { node(id: $i) { __typename id ... on Learner { email enrollments { nodes { id } } } } }",
    "query($i: ID!) { nodes(ids: [$i]) { id ... on Seat { status } } }",
    "query($i: ID!) { learner(id: $i) { id email } }",
    "query($i: ID!) { course(id: $i) { id code } }",
]
STRANGERS = "{ courses(first: 1) { nodes { enrollments(first: 20) { nodes { id learner { id } } } } } }"
SEATS = "{ tenant { seatPools { nodes { id seats(last: 1) { nodes { id } } } } } }"


async def forbidden(ask: Ask, demo: Demo, role: str) -> list[str]:
    """Return ids of rows that are there, in the very tenant, and not for `role`."""
    cast = {encode_id("Learner", one.person_id) for one in demo.casts["northwind"].values()}
    (course,) = (await ask("privacy", STRANGERS))["data"]["courses"]["nodes"]
    stranger = next(row for row in course["enrollments"]["nodes"] if row["learner"]["id"] not in cast)
    pool = (await ask("privacy", SEATS))["data"]["tenant"]["seatPools"]["nodes"][0]
    person, enrollment, seat = stranger["learner"]["id"], stranger["id"], pool["seats"]["nodes"][0]["id"]
    member = [person, enrollment, seat, pool["id"]]
    return {
        "learner": member,
        "minor": member,
        "guardian": member,
        "support": [person, enrollment, seat],
        "instructor": [seat, pool["id"]],
        "security": [enrollment, seat, pool["id"]],
    }.get(role, [])


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_missing_foreign_or_forbidden_is_the_same_bytes(
    demo_client: httpx2.AsyncClient, tokens: Tokens, ask: Ask, demo: Demo, role: str
) -> None:
    other = next(slug for slug in demo.casts if slug != "northwind")
    foreign = {
        "Learner": demo.casts[other]["learner"].person_id,
        "Instructor": demo.casts[other]["instructor"].person_id,
        "Tenant": UUID(base64.b64decode((await ask("learner", "{ tenant { id } }", other))["data"]["tenant"]["id"])
                       .decode().partition(":")[2]),
    }  # fmt: skip
    courses = (await ask("learner", "{ courses(first: 1) { nodes { id } } }", other))["data"]["courses"]["nodes"]
    ids = [encode_id(kind, key) for kind, key in foreign.items()] + [row["id"] for row in courses]
    ids += await forbidden(ask, demo, role)
    for asked in ids:
        kind = base64.b64decode(asked).decode().partition(":")[0]
        missing = encode_id(kind, NOBODY)
        for query in BY_ID:
            token = tokens["northwind"][role]
            one, two = [await post(demo_client, token, query, {"i": each}) for each in (asked, missing)]
            assert seen(one) == seen(two)
            assert told(one) == []
            assert list(one.json()["data"].values()) in ([None], [[None]])


CURSOR = "query($o: CourseOrder, $c: String) { courses(orderBy: $o, first: 2, after: $c) { pageInfo { endCursor } } }"


async def test_a_cursor_serves_one_list_order_viewer_and_tenant(
    demo_client: httpx2.AsyncClient, tokens: Tokens, ask: Ask, demo: Demo
) -> None:
    other = next(slug for slug in demo.casts if slug != "northwind")
    asked = await ask("learner", CURSOR, o="CODE_ASC")
    cursor = asked["data"]["courses"]["pageInfo"]["endCursor"]
    assert "errors" not in await ask("learner", CURSOR, o="CODE_ASC", c=cursor)
    refused = [
        await ask("learner", CURSOR, o="TITLE_ASC", c=cursor),
        await ask("learner", CURSOR, c=cursor),
        await ask("minor", CURSOR, o="CODE_ASC", c=cursor),
        await ask("learner", CURSOR, other, o="CODE_ASC", c=cursor),
        await ask("learner", CURSOR, o="CODE_ASC", c=cursor[:-1]),
        await ask("learner", CURSOR, o="CODE_ASC", c=cursor + "A"),
        await ask("learner", CURSOR, o="CODE_ASC", c=("B" if cursor[0] == "A" else "A") + cursor[1:]),
        await ask("learner", "query($c: String) { learners(after: $c) { nodes { id } } }", c=cursor),
        await ask("learner", "query($c: String) { viewer { teaches(after: $c) { nodes { id } } } }", c=cursor),
    ]
    for answer in refused:
        assert answer["data"] is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == [BAD]


GOOD = (
    "a: learners(first: 5) { nodes { id name } } "
    "b: courses(first: 3) { nodes { id enrollments(first: 2) { nodes { id } } } }"
)
MIXED = [
    f"{{ {GOOD} bad: courses(first: 0) {{ nodes {{ id }} }} }}",
    f'{{ bad: learners(after: "x") {{ nodes {{ id }} }} {GOOD} }}',
    f'{{ {GOOD} bad: node(id: "x") {{ id }} c: accessEvents(first: 2) {{ nodes {{ id }} }} }}',
    f"{{ {GOOD} v: viewer {{ learner {{ enrollments(last: 0) {{ nodes {{ id }} }} }} }} }}",
    f"{{ {GOOD} v: viewer {{ id teaches(first: 101) {{ nodes {{ id }} }} }} }}",
    f'{{ {GOOD} bad: nodes(ids: ["x", "y"]) {{ id }} }}',
]  # fmt: skip


async def test_a_bad_field_beside_good_ones_leaves_the_pool_in_order(
    demo_client: httpx2.AsyncClient, tokens: Tokens
) -> None:
    names = list(tokens["northwind"].values())
    expected = [seen(await post(demo_client, token, f"{{ {GOOD} }}"))[2] for token in names]

    async def one(number: int) -> None:
        at = number % len(names)
        answer = await post(demo_client, names[at], MIXED[number % len(MIXED)])
        assert answer.status_code == 200
        codes = [code for code, _ in told(answer)]
        # Of the staff nobody has enrolments; the field is not reached.
        assert BAD in codes or answer.json()["data"]["v"] == {"learner": None}
        after = await post(demo_client, names[at], f"{{ {GOOD} }}")
        assert (after.status_code, after.content) == (200, expected[at])

    async def client(first: int) -> None:
        for number in range(first, 200, 16):
            await one(number)

    async with asyncio.timeout(HANG), asyncio.TaskGroup() as clients:
        for first in range(16):
            clients.create_task(client(first))


async def test_a_refused_list_that_may_be_null_leaves_its_neighbours(ask: Ask) -> None:
    answer = await ask(
        "learner",
        "{ viewer { learner { name enrollments(first: 0) { nodes { id } } accessLog(first: 1) { nodes { id } } } } }",
    )
    learner = answer["data"]["viewer"]["learner"]
    assert learner["name"]
    assert learner["enrollments"] is None
    assert learner["accessLog"] is not None
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["viewer", "learner", "enrollments"], BAD)
    ]
