"""Executing: fields side by side, names of operations, variables, and what of a failure may leave."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import httpx2
import pytest

from api.ids import encode_id
from tenants.directory import ensure_tenant
from tenants.ids import uuid7
from tests.api.conftest import MakeApp, client_of
from tests.api.people import People
from tests.api.traps import CANARY

Logged = list[MutableMapping[str, Any]]


@pytest.fixture
async def token(people: People) -> str:
    """Give a member's token."""
    return await people.sign_in(await people.member())


async def ask(client: httpx2.AsyncClient, token: str | None, query: str, **more: Any) -> httpx2.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await client.post("/graphql", json={"query": query, **more}, headers=headers)


def silent(answer: httpx2.Response, logged: Logged) -> bool:
    """Tell whether the canary is in neither the answer nor the log."""
    return CANARY not in answer.text and CANARY not in repr(logged)


async def test_fields_that_are_read_side_by_side_are_all_there(
    served: httpx2.AsyncClient, people: People, token: str
) -> None:
    query = "{ a: viewer { x: tenant { id } y: tenant { id } } b: viewer { tenant { id } } }"
    answer = await ask(served, token, query)
    tenant = {"id": encode_id("Tenant", people.tenant_id)}
    assert answer.json() == {"data": {"a": {"x": tenant, "y": tenant}, "b": {"tenant": tenant}}}


async def test_requests_of_two_tenants_at_once_see_their_own_each(
    served: httpx2.AsyncClient, people: People, token: str
) -> None:
    other = People(people.database, await ensure_tenant(people.database, f"riverside-{uuid7()}", "R"), people.issuer)
    others = await other.sign_in(await other.member())
    asked = [(token, people.tenant_id), (others, other.tenant_id)] * 10
    answers = await asyncio.gather(*(ask(served, one, "{ viewer { tenant { id } } }") for one, _ in asked))
    found = [answer.json()["data"]["viewer"]["tenant"]["id"] for answer in answers]
    assert found == [encode_id("Tenant", tenant_id) for _, tenant_id in asked]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("query A { __typename }", CANARY),
        ("query A { __typename } query B { __typename }", None),
        ("query A { __typename } query B { __typename }", CANARY),
        ("{ __typename }", CANARY),
        ("fragment F on Query { __typename }", None),
    ],
)
async def test_an_operation_that_is_not_there_is_refused(
    client: httpx2.AsyncClient, query: str, name: str | None, logged: Logged
) -> None:
    answer = await ask(client, None, query, operationName=name)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_DOCUMENT"
    assert silent(answer, logged)


async def test_of_several_operations_the_named_one_is_executed(served: httpx2.AsyncClient, token: str) -> None:
    query = "query A { a: __typename } query B { b: __typename }"
    answer = await ask(served, token, query, operationName="B")
    assert answer.json() == {"data": {"b": "Query"}}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"n": None},
        {"n": CANARY},
        {"n": [CANARY]},
        {"n": {CANARY: CANARY}},
        {"n": True},
        {"n": 1.5},
        {"n": 2**31},
        {"n": -(2**63)},
        {"n": 1e300},
        {"n": 1, "shape": CANARY},
        {"n": 1, "shape": {"number": CANARY}},
        {"n": 1, "shape": {"number": 1, "word": 1}},
        {"n": 1, "shape": {"number": 1, CANARY: 1}},
        {"n": 1, "shape": {"word": CANARY}},
        {"n": 1, "shape": [{"number": 1}, CANARY]},
    ],
    ids=repr,
)
async def test_a_value_that_does_not_fit_is_refused_and_not_repeated(
    served: httpx2.AsyncClient, token: str, variables: dict[str, Any], logged: Logged
) -> None:
    query = "query($n: Int!, $shape: Shape) { echo(number: $n, shape: $shape) }"
    answer = await ask(served, token, query, variables=variables)
    assert answer.status_code == 400, answer.text
    for error in answer.json()["errors"]:
        assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        assert error["message"].startswith("Variable $")
        assert error["locations"]
    assert "data" not in answer.json()
    assert silent(answer, logged)


@pytest.mark.parametrize("word", ['"canary-7f3a"', "[1]", "{a: 1}", "1.5"])
async def test_a_literal_that_does_not_fit_is_refused_and_not_repeated(
    served: httpx2.AsyncClient, token: str, word: str, logged: Logged
) -> None:
    answer = await ask(served, token, f"{{ echo(number: {word}) }}")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (400, {"code": "INVALID_DOCUMENT"})
    assert silent(answer, logged)


async def test_an_argument_that_turns_out_wrong_while_executing_is_the_users(
    served: httpx2.AsyncClient, token: str, logged: Logged
) -> None:
    # Valid: the default makes the variable usable. Null is sent nevertheless.
    answer = await ask(served, token, "query($n: Int = 1) { a: __typename echo(number: $n) }", variables={"n": None})
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert (error["path"], error["extensions"]) == (["echo"], {"code": "BAD_USER_INPUT"})
    assert answer.json()["data"] is None
    assert not [event for event in logged if event["level"] == "error"]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("boom", "builtins.ValueError"),
        ("refused", "graphql.error.graphql_error.GraphQLError"),
        ("overflow", "graphql.error.graphql_error.GraphQLError"),
        ("nothing", "builtins.TypeError"),
    ],
)
async def test_a_field_that_fails_says_so_and_nothing_else(
    served: httpx2.AsyncClient, token: str, field: str, kind: str, logged: Logged
) -> None:
    answer = await ask(served, token, f"{{ canary_alias: {field} }}")
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    request_id = answer.headers["x-request-id"]
    assert error == {
        "message": "Something went wrong here.",
        "locations": [{"line": 1, "column": 3}],
        "path": ["canary_alias"],
        "extensions": {"code": "INTERNAL", "requestId": request_id},
    }
    assert silent(answer, logged)
    assert str(2**40) not in answer.text + repr(logged)
    (event,) = [event for event in logged if event["level"] == "error"]
    assert (event["error"], event["field"], event["request"]) == (kind, field, request_id)
    assert event["at"]
    assert "canary_alias" not in repr(logged)


async def test_many_failures_do_not_flood_the_log(served: httpx2.AsyncClient, token: str, logged: Logged) -> None:
    answer = await ask(served, token, "{ boomInside { boom } }")
    assert len(answer.json()["errors"]) == 50
    assert answer.json()["data"] == {"boomInside": [{"boom": None}] * 50}
    assert len([event for event in logged if event["level"] == "error"]) <= 10


@pytest.mark.parametrize("query", ["{ wrongStatement }", '{ boundValue(word: "canary-7f3a") }'])
async def test_a_databases_error_is_logged_without_what_it_quotes(
    served: httpx2.AsyncClient, token: str, query: str, logged: Logged
) -> None:
    answer = await ask(served, token, query)
    assert answer.status_code == 500
    assert silent(answer, logged)
    assert [event["error"] for event in logged if event["level"] == "error"]


HIDDEN = [
    "{ __schema { queryType { name } } }",
    '{ __type(name: "Query") { name } }',
    "{ a: __schema { queryType { name } } }",
    "{ __typename: __schema { queryType { name } } }",
    "{ ...F } fragment F on Query { ...G } fragment G on Query { x: __schema { queryType { name } } }",
    "{ ... { ... on Query { __schema { queryType { name } } } } }",
    "{ __typename __schema @skip(if: true) { queryType { name } } }",
    "query($no: Boolean = false) { __typename __schema @include(if: $no) { queryType { name } } }",
    "query A { __schema { queryType { name } } }",
    "mutation { __schema { queryType { name } } }",
]


@pytest.mark.parametrize("query", HIDDEN)
async def test_the_schema_is_not_told_where_settings_hide_it(make_app: MakeApp, query: str) -> None:
    async with client_of(make_app()) as client:
        answer = await ask(client, None, query)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (400, {"code": "INVALID_DOCUMENT"})
        answer = await client.get("/graphql", params={"query": query})
        assert "queryType" not in answer.text


async def test_the_schema_is_told_where_settings_allow_it(client: httpx2.AsyncClient) -> None:
    answer = await ask(client, None, HIDDEN[0])
    assert answer.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}


async def test_a_wrong_name_gets_no_proposal(client: httpx2.AsyncClient) -> None:
    answer = await ask(client, None, "{ viewr { id } }")
    assert "viewer" not in answer.text
