"""However a document is written, it means the same: each is compared with the same asked plainly."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from tests.api.reading.conftest import Ask

ROLES = ["learner", "instructor", "enterprise_admin", "privacy"]
PLAIN = """{ courses(first: 2) { nodes { id code
    enrollments(first: 3) { nodes { id status learner { id name email } } } } } }"""
WRITTEN = {
    "named fragments": """{ courses(first: 2) { nodes { ...C } } }
        fragment C on Course { id code enrollments(first: 3) { nodes { ...E } } }
        fragment E on Enrollment { id status learner { ...L } } fragment L on Learner { id name email }""",
    "inline fragments": """{ ... on Query { courses(first: 2) { ... { nodes { ... on Course { id code
        enrollments(first: 3) { nodes { ... on Node { id } ... on Enrollment { status
        learner { ... on Node { id } ... { name email } } } } } } } } } } }""",
    "fields asked in parts": """{ courses(first: 2) { nodes { id } nodes { code
        enrollments(first: 3) { nodes { id } } } } courses(first: 2) { nodes {
        enrollments(first: 3) { nodes { status learner { id } learner { name email } } } } } }""",
    "fields asked twice": """{ courses(first: 2) { nodes { id id code code enrollments(first: 3) { nodes { id status
        learner { id name email name } learner { id } } } } } }""",
    "variables with defaults": """query Q($n: Int = 2, $m: Int! = 3) { courses(first: $n) { nodes { id code
        enrollments(first: $m) { nodes { id status learner { id name email } } } } } }""",
    "directives": """query Q($yes: Boolean! = true, $no: Boolean = false) { courses(first: 2) @include(if: $yes) {
        nodes @skip(if: $no) { id code title @skip(if: $yes) description @include(if: $no)
        enrollments(first: 3) { nodes { id status learner { id ...P @include(if: $yes) ...Q @skip(if: $yes) } } } } } }
        fragment P on Learner { name email } fragment Q on Learner { phone }""",
}


def told(answer: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return [(error["path"], error["extensions"]) for error in answer.get("errors", [])]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("way", WRITTEN)
async def test_a_document_written_otherwise_is_answered_the_same(ask: Ask, role: str, way: str) -> None:
    plain, other = await ask(role, PLAIN), await ask(role, WRITTEN[way])
    assert plain["data"]["courses"]["nodes"]
    assert other["data"] == plain["data"]
    assert told(other) == told(plain)


def renamed(data: Any, names: Mapping[str, str]) -> Any:
    if isinstance(data, dict):
        return {names.get(key, key): renamed(value, names) for key, value in data.items()}
    return [renamed(each, names) for each in data] if isinstance(data, list) else data


@pytest.mark.parametrize("role", ROLES)
async def test_aliases_rename_what_is_answered_and_the_places_of_errors(ask: Ask, role: str) -> None:
    query = """{ id: courses(first: 2) { n: nodes { code: id id: code e: enrollments(first: 3) { nodes: nodes {
        id s: status l: learner { name: id id: name email: email } } } } } }"""
    plain, other = await ask(role, PLAIN), await ask(role, query)
    expected = {
        "id": {
            "n": [
                {
                    "code": course["id"],
                    "id": course["code"],
                    "e": {
                        "nodes": [
                            {"id": row["id"], "s": row["status"], "l": row["learner"] and {
                                "name": row["learner"]["id"], "id": row["learner"]["name"],
                                "email": row["learner"]["email"],
                            }}
                            for row in course["enrollments"]["nodes"]
                        ]
                    },
                }
                for course in plain["data"]["courses"]["nodes"]
            ]
        }
    }  # fmt: skip
    assert other["data"] == expected
    assert sorted(extensions["field"] for _, extensions in told(other)) == sorted(
        extensions["field"] for _, extensions in told(plain)
    )
    for path, extensions in told(other):
        assert path[:2] == ["id", "n"]
        assert extensions["pattern"] == ".".join("@" if isinstance(step, int) else step for step in path)


@pytest.mark.parametrize(
    ("role", "document", "path"),
    [
        ("instructor", "{ learners { edges { n: node { p: phone } } } }", ["learners", "edges", "@", "n", "p"]),
        ("instructor", "{ l: learners { nodes { phone } } }", ["l", "nodes", "@", "phone"]),
        ("minor", "{ viewer { learner { g: guardians { email } } } }", ["viewer", "learner", "g", "@", "email"]),
    ],
)
async def test_an_error_has_the_path_down_to_the_first_field_that_was_denied(
    ask: Ask, role: str, document: str, path: list[str]
) -> None:
    [(found, extensions)] = told(await ask(role, document))
    assert ["@" if isinstance(step, int) else step for step in found] == path
    assert extensions["pattern"] == ".".join(path)


async def test_an_error_of_an_object_asked_by_its_id_has_the_path_and_the_pattern_of_its_place(ask: Ask) -> None:
    seen = (await ask("instructor", "{ learners(first: 100) { nodes { id phone } } }"))["data"]["learners"]["nodes"]
    other = next(one["id"] for one in seen if one["phone"] is None)
    query = "query($ids: [ID!]!) { n: nodes(ids: $ids) { ... on Learner { phone } } }"
    [(path, extensions)] = told(await ask("instructor", query, ids=[other]))
    assert (path, extensions["pattern"]) == (["n", 0, "phone"], "n.@.phone")


async def test_an_error_names_the_line_that_denied_where_it_is_one_alone(ask: Ask) -> None:
    seen = (await ask("instructor", "{ learners(first: 100) { nodes { id minor } } }"))["data"]["learners"]["nodes"]
    minor = next(one["id"] for one in seen if one["minor"])
    query = "query($id: ID!) { learner(id: $id) { pictureUrl phone } }"
    rules = {
        extensions["field"]: extensions["rule"] for _, extensions in told(await ask("instructor", query, id=minor))
    }
    assert set(rules) == {"Learner.pictureUrl", "Learner.phone"}
    assert rules["Learner.pictureUrl"].startswith("learner.csv:")
    assert rules["Learner.phone"] is None


async def test_what_may_be_read_of_an_object_is_of_no_one_role_subject_or_purpose(ask: Ask) -> None:
    query = """{ viewer { learner { viewerAccess {
        __typename field readable reason rule role subject purpose } } } }"""
    found = (await ask("learner", query))["data"]["viewer"]["learner"]["viewerAccess"]
    assert [one["field"] for one in found[:2]] == ["Learner.id", "Learner.name"]
    for one in found:
        assert (one["__typename"], one["role"], one["subject"], one["purpose"]) == ("FieldAccess", None, None, None)
        assert (one["reason"] is None) == one["readable"]


@pytest.mark.parametrize("role", ROLES)
async def test_nodes_beside_edges_hold_the_same_objects_each_as_it_was_asked(ask: Ask, role: str) -> None:
    query = """{ learners(first: 5) { nodes { id email } edges { cursor node { name } } edges { node { id } }
        pageInfo { endCursor } more: nodes { phone } } }"""
    both = await ask(role, query)
    found = both["data"]["learners"]
    alone = [
        (await ask(role, f"{{ learners(first: 5) {{ nodes {{ {fields} }} }} }}"))["data"]["learners"]["nodes"]
        for fields in ("id email", "name id", "phone")
    ]
    assert found["nodes"] == alone[0]
    assert [edge["node"] for edge in found["edges"]] == alone[1]
    assert found["more"] == alone[2]
    assert found["pageInfo"]["endCursor"] == found["edges"][-1]["cursor"]


@pytest.mark.parametrize("role", ROLES)
async def test_one_field_with_different_arguments_is_several_lists(ask: Ask, role: str) -> None:
    query = """{ a: courses(first: 1) { nodes { code } } b: courses(last: 2) { nodes { id } }
        c: courses(first: 3, orderBy: TITLE_ASC) { nodes { title x: enrollments(first: 1) { nodes { id } }
        y: enrollments(last: 2, filter: {status: [ACTIVE]}) { nodes { id status } } } } }"""
    together = (await ask(role, query))["data"]
    for key, plain in {
        "a": "{ courses(first: 1) { nodes { code } } }",
        "b": "{ courses(last: 2) { nodes { id } } }",
    }.items():
        assert together[key] == (await ask(role, plain))["data"]["courses"]
    for part, arguments, fields in (("x", "first: 1", "id"), ("y", "last: 2, filter: {status: [ACTIVE]}", "id status")):
        inner = f"enrollments({arguments}) {{ nodes {{ {fields} }} }}"
        plain = f"courses(first: 3, orderBy: TITLE_ASC) {{ nodes {{ title {inner} }} }}"
        alone = (await ask(role, f"{{ {plain} }}"))["data"]["courses"]["nodes"]
        assert [course[part] for course in together["c"]["nodes"]] == [course["enrollments"] for course in alone]


@pytest.mark.parametrize("role", ROLES)
async def test_every_level_tells_its_type(ask: Ask, role: str) -> None:
    query = """{ __typename viewer { __typename tenant { __typename } } courses(first: 1) { __typename
        pageInfo { __typename }
        edges { __typename node { __typename t: __typename enrollments(first: 2) { __typename nodes { __typename
        course { __typename } viewerAccess { __typename field } } } } } nodes { __typename } } }"""
    data = (await ask(role, query))["data"]
    assert data["__typename"] == "Query"
    assert data["viewer"] == {"__typename": "Viewer", "tenant": {"__typename": "Tenant"}}
    courses = data["courses"]
    assert (courses["__typename"], courses["pageInfo"]) == ("CourseConnection", {"__typename": "PageInfo"})
    assert courses["nodes"] == [{"__typename": "Course"}]
    (edge,) = courses["edges"]
    assert edge["__typename"] == "CourseEdge"
    assert edge["node"]["__typename"] == edge["node"]["t"] == "Course"
    assert edge["node"]["enrollments"]["__typename"] == "EnrollmentConnection"
    for row in edge["node"]["enrollments"]["nodes"]:
        assert (row["__typename"], row["course"]) == ("Enrollment", {"__typename": "Course"})
        assert {each["__typename"] for each in row["viewerAccess"]} == {"FieldAccess"}


async def test_fragments_on_node_choose_by_type(ask: Ask) -> None:
    known = (
        await ask("learner", "{ courses(first: 1) { nodes { id code } } viewer { learner { id name } } tenant { id } }")
    )["data"]
    course, me = known["courses"]["nodes"][0], known["viewer"]["learner"]
    query = """query($i: [ID!]!) { nodes(ids: $i) { __typename id ...C ... on Learner { name enrollments(first: 1) {
        nodes { id } } } ... on Tenant { slug } ... on Node { again: id } } } fragment C on Course { code }"""
    answer = await ask("learner", query, i=[course["id"], me["id"], known["tenant"]["id"], course["id"]])
    mine = answer["data"]["nodes"][1].pop("enrollments")
    assert mine["nodes"]
    first = {"__typename": "Course", "id": course["id"], "code": course["code"], "again": course["id"]}
    assert answer == {"data": {"nodes": [
        first,
        {"__typename": "Learner", "id": me["id"], "name": me["name"], "again": me["id"]},
        {"__typename": "Tenant", "id": known["tenant"]["id"], "slug": "northwind", "again": known["tenant"]["id"]},
        first,
    ]}}  # fmt: skip


async def test_connections_nested_five_deep_are_those_asked_one_by_one(ask: Ask) -> None:
    query = """{ tenant { seatPools(first: 1) { nodes { courses(first: 2) { nodes { id enrollments(first: 2) { nodes {
        id learner { id enrollments(first: 2) { nodes { id results(first: 2) { nodes {
        id score } } } } } } } } } } } } }"""
    (pool,) = (await ask("privacy", query))["data"]["tenant"]["seatPools"]["nodes"]
    assert len(pool["courses"]["nodes"]) == 2
    by_learner = """query($i: ID!) { learner(id: $i) { id enrollments(first: 2) { nodes { id
        results(first: 2) { nodes { id score } } } } } }"""
    found = 0
    for course in pool["courses"]["nodes"]:
        for row in course["enrollments"]["nodes"]:
            alone = await ask("privacy", by_learner, i=row["learner"]["id"])
            assert row["learner"] == alone["data"]["learner"]
            found += sum(len(each["results"]["nodes"]) for each in row["learner"]["enrollments"]["nodes"])
    assert found


async def test_introspection_beside_data_is_answered_with_it(ask: Ask) -> None:
    query = """{ __type(name: "Learner") { name fields { name } } courses(first: 1) { nodes { id } }
        __schema { queryType { name } } }"""
    data = (await ask("learner", query))["data"]
    assert data["__type"]["name"] == "Learner"
    assert "accessLog" in {field["name"] for field in data["__type"]["fields"]}
    assert data["__schema"] == {"queryType": {"name": "Query"}}
    assert data["courses"] == (await ask("learner", "{ courses(first: 1) { nodes { id } } }"))["data"]["courses"]
    assert list(data) == ["__type", "courses", "__schema"]


async def test_the_operation_that_is_named_is_the_one_that_runs(
    demo_client: httpx2.AsyncClient, tokens: dict[str, dict[str, str]]
) -> None:
    query = """query A { courses(first: 1) { nodes { ...F } } } query B { courses(first: 2) { nodes { ...F } } }
        fragment F on Course { code }"""
    headers = {"authorization": f"Bearer {tokens['northwind']['learner']}"}
    for name, count in (("A", 1), ("B", 2)):
        answer = await demo_client.post("/graphql", json={"query": query, "operationName": name}, headers=headers)
        assert len(answer.json()["data"]["courses"]["nodes"]) == count
    answer = await demo_client.post("/graphql", json={"query": query}, headers=headers)
    assert (answer.status_code, "data" in answer.json()) == (400, False)


async def test_a_variable_that_is_given_goes_before_its_default_and_null_is_given(ask: Ask) -> None:
    query = """query($n: Int = 2, $o: CourseOrder = CODE_ASC, $f: CourseFilter = {code: {startsWith: ""}}) {
        courses(first: $n, orderBy: $o, filter: $f) { nodes { code } } }"""

    async def codes(**given: object) -> list[str]:
        return [node["code"] for node in (await ask("learner", query, **given))["data"]["courses"]["nodes"]]

    whole = await codes(n=100)
    assert whole == sorted(whole)
    assert len(whole) > 3
    assert await codes() == whole[:2]
    assert await codes(n=3) == whole[:3]
    assert await codes(n=None) == whole[:25]
    assert await codes(n=100, f={"code": {"eq": whole[1]}}) == [code for code in whole if code == whole[1]]
    assert sorted(await codes(n=100, o=None, f=None)) == whole


@pytest.mark.parametrize(
    ("skip", "include", "there"), [(False, True, True), (True, True, False), (False, False, False)]
)
async def test_what_is_skipped_is_neither_answered_nor_denied(ask: Ask, skip: bool, include: bool, there: bool) -> None:
    query = """query($s: Boolean!, $i: Boolean!) { courses(first: 1) { nodes { enrollments(first: 3) { nodes {
        id learner @skip(if: $s) @include(if: $i) { phone } } } } } }"""
    answer = await ask("instructor", query, s=skip, i=include)
    rows = answer["data"]["courses"]["nodes"][0]["enrollments"]["nodes"]
    assert rows
    assert all(("learner" in row) is there for row in rows)
    assert bool(answer.get("errors")) is there


async def test_whoever_may_see_a_seat_sees_its_pool(ask: Ask) -> None:
    held = """{ nodes(ids: [%s]) { ... on Seat {
        status pool { id name total assigned available } } } }"""
    seats = "{ tenant { seatPools(first: 1) { nodes { id seats(first: 100) { nodes { id learner { id } } } } } } }"
    (pool,) = (await ask("privacy", seats))["data"]["tenant"]["seatPools"]["nodes"]
    mine = (await ask("learner", "{ viewer { learner { id } } }"))["data"]["viewer"]["learner"]["id"]
    own = next(each["id"] for each in pool["seats"]["nodes"] if each["learner"] == {"id": mine})
    answer = await ask("learner", held % f'"{own}"')
    assert "errors" not in answer
    (seen,) = answer["data"]["nodes"]
    assert seen["pool"]["id"] == pool["id"]
    assert seen["pool"]["total"] == seen["pool"]["assigned"] + seen["pool"]["available"]
    # The pool by itself is not a learner's.
    assert (await ask("learner", f'{{ node(id: "{pool["id"]}") {{ id }} }}'))["data"]["node"] is None
