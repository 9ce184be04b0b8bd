"""Every connection in every order: pages of any size, from either end, make up the same list."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type

from api.schema.build import build_schema
from api.schema.inputs import CourseOrder, EnrollmentOrder, LearnerOrder
from tests.api.reading.conftest import Ask

SIZES = (1, 3, 7)
PAGE = "edges { cursor node { id %s } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
ARGUMENTS = "first: $first, last: $last, after: $after, before: $before"
VARIABLES = "$first: Int, $last: Int, $after: String, $before: String"

Connection = Mapping[str, Any]


@dataclass(frozen=True)
class List:
    """A connection of the schema: the way to it, and the roles that page through it."""

    name: str
    way: str
    """The document around it, with %s for the connection."""
    field: str
    filter: str = ""
    """What keeps the list short enough to be read one by one."""
    orders: tuple[str, ...] = ("",)
    roles: tuple[str, ...] = ("privacy",)
    nodes: str = ""


NAMED = '{name: {startsWith: "%s"}}'
LEARNERS = ("", *LearnerOrder)
ENROLLMENTS = ("", *EnrollmentOrder)
LISTS = (
    List("Query.learners", "%s", "learners", NAMED % "A", LEARNERS,
         ("privacy", "instructor", "enterprise_admin")),
    List("Tenant.members", "tenant { %s }", "members", NAMED % "M", LEARNERS, ("security", "enterprise_admin")),
    List("Query.courses", "%s", "courses", "", ("", *CourseOrder), ("learner", "privacy")),
    List("Query.accessEvents", "%s", "accessEvents", '{operation: "Paged"}', ("",), ("security", "instructor")),
    List("Viewer.teaches", "viewer { %s }", "teaches", roles=("instructor",)),
    List("Viewer.wards", "viewer { %s }", "wards", roles=("guardian",)),
    List("Learner.enrollments", "viewer { learner { %s } }", "enrollments", "", ENROLLMENTS, ("learner", "minor")),
    List("Learner.accessLog", "viewer { learner { %s } }", "accessLog", '{operation: "Paged"}', ("",), ("learner",)),
    List("Course.enrollments", "course(id: $course) { %s }", "enrollments", "{progress: {max: 0.5}}", ENROLLMENTS,
         ("instructor", "privacy", "enterprise_admin")),
    List("Enrollment.results", "viewer { learner { enrollments(last: 1) { nodes { %s } } } }", "results",
         roles=("learner",)),
    List("Tenant.seatPools", "tenant { %s }", "seatPools", roles=("privacy", "enterprise_admin")),
    List("SeatPool.courses", "tenant { seatPools(last: 1) { nodes { %s } } }", "courses", roles=("privacy",)),
    List("SeatPool.seats", "tenant { seatPools(last: 1) { nodes { %s } } }", "seats", "", ("",),
         ("privacy", "enterprise_admin")),
    List("AccessEvent.subjects", 'accessEvents(first: 1, filter: {operation: "Many"}) { nodes { %s } }', "subjects",
         roles=("privacy", "security")),
)  # fmt: skip
CASES = [(each, order, role) for each in LISTS for order in each.orders for role in each.roles]


def document(asked: List, order: str, inner: str = "") -> str:
    given = [
        ARGUMENTS,
        *([f"filter: {asked.filter}"] if asked.filter else []),
        *([f"orderBy: {order}"] if order else []),
    ]
    found = f"{asked.field}({', '.join(given)}) {{ {PAGE % inner} }}"
    course = ", $course: ID!" if "$course" in asked.way else ""
    return f"query({VARIABLES}{course}) {{ {asked.way % found} }}"


def connection_in(data: Any, field: str) -> Connection:
    """Return the connection `field` in an answer: the only one of its name, below one object of each list."""
    here = data
    while field not in here or "edges" not in here[field]:
        (here,) = here.values()
        if isinstance(here, Mapping) and set(here) == {"nodes"}:
            (here,) = here["nodes"]
    found: Connection = here[field]
    return found


async def page(ask: Ask, role: str, query: str, field: str, **arguments: object) -> Connection:
    answer = await ask(role, query, **arguments)
    assert "errors" not in answer, answer["errors"]
    found = connection_in(answer["data"], field)
    assert [edge["node"]["id"] for edge in found["edges"]] == [node["id"] for node in found["nodes"]]
    cursors = [edge["cursor"] for edge in found["edges"]]
    ends = [found["pageInfo"]["startCursor"], found["pageInfo"]["endCursor"]]
    assert ends == ([cursors[0], cursors[-1]] if cursors else [None, None])
    return found


async def forward(get: Any, size: int) -> list[Any]:
    """Return all edges, read from the beginning."""
    found: list[Any] = []
    after = None
    while True:
        got = await get(first=size, after=after)
        assert got["pageInfo"]["hasPreviousPage"] is (after is not None)
        found += got["edges"]
        if not got["pageInfo"]["hasNextPage"]:
            return found
        assert len(got["edges"]) == size
        after = got["pageInfo"]["endCursor"]


async def backward(get: Any, size: int) -> list[Any]:
    """Return all edges, read from the end."""
    found: list[Any] = []
    before = None
    while True:
        got = await get(last=size, before=before)
        assert got["pageInfo"]["hasNextPage"] is (before is not None)
        found = got["edges"] + found
        if not got["pageInfo"]["hasPreviousPage"]:
            return found
        assert len(got["edges"]) == size
        before = got["pageInfo"]["startCursor"]


@pytest.fixture
async def arguments(ask: Ask) -> dict[str, object]:
    """Give what the documents name, once the trail has something of everybody's."""
    answer = await ask("instructor", "query Many { learners(first: 15) { nodes { id } } }")
    assert answer["data"]["learners"]["nodes"]
    for _ in range(8):
        await ask("instructor", "query Paged { learners(first: 100) { nodes { name } } }")
    found = await ask("instructor", "{ viewer { teaches(first: 1) { nodes { id } } } }")
    return {"course": found["data"]["viewer"]["teaches"]["nodes"][0]["id"]}


@pytest.mark.parametrize(("asked", "order", "role"), CASES, ids=[f"{a.name}-{o or 'plain'}-{r}" for a, o, r in CASES])
async def test_pages_forward_and_backward_make_up_the_whole_list(
    ask: Ask, arguments: dict[str, object], asked: List, order: str, role: str
) -> None:
    needed = arguments if "$course" in asked.way else {}
    get = partial(page, ask, role, document(asked, order), asked.field, **needed)
    whole = await forward(get, 100)
    assert whole
    ids = [edge["node"]["id"] for edge in whole]
    assert len(set(ids)) == len(ids)
    assert len({edge["cursor"] for edge in whole}) == len(whole)
    for size in SIZES if len(whole) < 60 else (7, 31):
        assert await forward(get, size) == whole
        assert await backward(get, size) == whole


async def test_every_connection_of_the_schema_is_paged_through_here() -> None:
    found = set()
    for kind in build_schema().type_map.values():
        if isinstance(kind, GraphQLObjectType):
            found |= {
                f"{kind.name}.{name}"
                for name, field in kind.fields.items()
                if get_named_type(field.type).name.endswith("Connection")
            }
    assert found == {each.name for each in LISTS}


def value_in(node: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    here: Any = node
    for step in path:
        here = None if here is None else here[step]
    return here


SORTED: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "LEARNER_NAME_ASC": (("learner", "name"), False),
    "PROGRESS_DESC": (("progress",), True),
    "PROGRESS_ASC": (("progress",), False),
    "AVERAGE_SCORE_DESC": (("averageScore",), True),
    "LAST_ACTIVITY_DESC": (("lastActivityAt",), True),
    "ENROLLED_AT_DESC": (("enrolledAt",), True),
    "NAME_ASC": (("name",), False),
    "NAME_DESC": (("name",), True),
    "LAST_SEEN_DESC": (("lastSeenAt",), True),
    "CODE_ASC": (("code",), False),
    "TITLE_ASC": (("title",), False),
    "STARTS_ON_DESC": (("startsOn",), True),
}
WALKED = {"learners": LISTS[0], "courses": LISTS[2], "enrollments": LISTS[8]}


@pytest.mark.parametrize("order", SORTED)
@pytest.mark.parametrize("role", ["privacy", "instructor", "enterprise_admin"])
async def test_values_are_in_order_and_what_is_null_or_hidden_comes_last_by_id(
    ask: Ask, arguments: dict[str, object], order: str, role: str
) -> None:
    asked = next(each for each in WALKED.values() if order in each.orders)
    path, descending = SORTED[order]
    inner = " { ".join(path) + " }" * (len(path) - 1)
    plain = List(asked.name, asked.way, asked.field)
    needed = arguments if "$course" in asked.way else {}
    query = document(plain, order, inner)
    nodes = []
    after = None
    while True:
        got = connection_in((await ask(role, query, first=100, after=after, **needed))["data"], asked.field)
        nodes += [edge["node"] for edge in got["edges"]]
        after = got["pageInfo"]["endCursor"]
        if not got["pageInfo"]["hasNextPage"]:
            break
    values = [value_in(node, path) for node in nodes]
    known = [value for value in values if value is not None]
    assert values == [*known, *[None] * (len(values) - len(known))]
    assert known == sorted(known, reverse=descending)
    keys = [base64.b64decode(node["id"]) for node in nodes]
    ties = zip(pairwise(values), pairwise(keys), strict=True)
    assert all(earlier < later for (one, other), (earlier, later) in ties if one == other)


async def test_what_is_hidden_from_the_viewer_comes_last_by_id_though_it_has_a_value(ask: Ask) -> None:
    by_time = "{ learners(first: 100, orderBy: LAST_SEEN_DESC) { nodes { id lastSeenAt } } }"
    mine, *others = (await ask("enterprise_admin", by_time))["data"]["learners"]["nodes"]
    assert mine["lastSeenAt"] is not None
    assert {node["lastSeenAt"] for node in others} == {None}
    keys = [base64.b64decode(node["id"]) for node in others]
    assert keys == sorted(keys)
    answer = await ask("privacy", "query($i: [ID!]!) { nodes(ids: $i) { ... on Learner { lastSeenAt } } }",
                       i=[node["id"] for node in others])  # fmt: skip
    assert any(node["lastSeenAt"] for node in answer["data"]["nodes"])


async def test_has_next_and_has_previous_are_told_of_a_page_in_the_middle_and_at_the_ends(ask: Ask) -> None:
    query = document(List("", "%s", "courses"), "CODE_ASC")
    whole = (await page(ask, "learner", query, "courses", first=100))["edges"]
    cursor = [edge["cursor"] for edge in whole]

    async def ends(**arguments: object) -> tuple[list[int], bool, bool]:
        got = await page(ask, "learner", query, "courses", **arguments)
        found = [cursor.index(edge["cursor"]) for edge in got["edges"]]
        return found, got["pageInfo"]["hasPreviousPage"], got["pageInfo"]["hasNextPage"]

    last = len(whole) - 1
    assert await ends(first=2) == ([0, 1], False, True)
    assert await ends(last=2) == ([last - 1, last], True, False)
    assert await ends(first=2, after=cursor[1]) == ([2, 3], True, True)
    assert await ends(last=2, before=cursor[4]) == ([2, 3], True, True)
    assert await ends(first=2, after=cursor[last - 1]) == ([last], True, False)
    assert await ends(last=2, before=cursor[1]) == ([0], False, True)
    assert await ends(first=9, after=cursor[1], before=cursor[4]) == ([2, 3], True, True)
    assert await ends(first=1, after=cursor[1], before=cursor[4]) == ([2], True, True)
    assert await ends(last=1, after=cursor[1], before=cursor[4]) == ([3], True, True)
    assert await ends(first=2, after=cursor[last]) == ([], True, False)
    assert await ends(last=2, before=cursor[0]) == ([], False, True)
    assert await ends(first=2, after=cursor[4], before=cursor[1]) == ([], True, True)


async def test_a_cursor_is_the_same_each_time_and_tells_nothing_of_its_row(ask: Ask) -> None:
    query = "{ learners(first: 50, orderBy: NAME_ASC) { edges { cursor node { id name } } } }"
    edges, again = [(await ask("privacy", query))["data"]["learners"]["edges"] for _ in range(2)]
    assert edges == again
    for edge in edges:
        cursor = edge["cursor"]
        opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key = base64.b64decode(edge["node"]["id"]).decode().partition(":")[2]
        hidden = [key.encode(), bytes.fromhex(key.replace("-", "")), (edge["node"]["name"] or "no name").encode()]
        for each in hidden:
            assert each not in opened
            assert each not in cursor.encode()
