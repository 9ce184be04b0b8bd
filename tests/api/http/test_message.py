"""Requests as HTTP carries them: whatever comes in, a GraphQL answer with a code of the contract goes out."""

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx2
import pytest

from api.errors import Code
from api.http import message
from tests.api.conftest import MakeApp, client_of

Logged = list[MutableMapping[str, Any]]
JSON = {"content-type": "application/json"}
GRAPHQL = "application/graphql-response+json; charset=utf-8"
PLAIN = "application/json; charset=utf-8"
OPEN = {"query": "{ __typename }"}


def code_of(answer: httpx2.Response, status: int) -> str:
    """Check that the answer is GraphQL's, without data; return its code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] in (GRAPHQL, PLAIN)
    body = answer.json()
    assert list(body) == ["errors"]
    for error in body["errors"]:
        assert set(error) <= {"message", "locations", "path", "extensions"}
        assert Code(error["extensions"]["code"])
        assert "Traceback" not in error["message"]
    return str(body["errors"][0]["extensions"]["code"])


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"   ",
    "no JSON": b"{",
    "two objects": b'{"query":"{ __typename }"}{}',
    "a comment": b'{"query":"{ __typename }"} // x',
    "NaN": b'{"query":"{ __typename }","variables":{"a":NaN}}',
    "not UTF-8": b'{"query":"\xff\xfe"}',
    "overlong UTF-8": b'{"query":"{ __typename }\xc0\x80"}',
    "latin-1": '{"query":"{ __typename } # \xe9"}'.encode("latin-1"),
    "utf-16": '{"query":"{ __typename }"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(OPEN).encode(),
    "a raw NUL": b'{"query":"{ __typename }\x00"}',
    "only NUL": b"\x00" * 100,
    "a lone surrogate": b'{"query":"\\ud800"}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 40_000,
    "deep variables": b'{"query":"{ __typename }","variables":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001,
    "a list": b"[]",
    "a batch": b'[{"query":"{ __typename }"},{"query":"{ __typename }"}]',
    "a text": b'"{ __typename }"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
    "an empty object": b"{}",
    "a huge number": b'{"query":' + b"9" * 10_000 + b"}",
    "the query itself": b"{ __typename }",
    "a form": b"query=%7B+__typename+%7D",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_is_no_request_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await client.post("/graphql", content=body, headers=JSON)
    assert code_of(answer, 400) == "BAD_USER_INPUT"


WRONG: list[Any] = [1, 1.5, True, [], ["{ __typename }"], {}, {"a": 1}]


@pytest.mark.parametrize(
    "asked",
    [
        *({"query": value} for value in (*WRONG, None, "", " \n\t ")),
        *({**OPEN, "operationName": value} for value in WRONG),
        *({**OPEN, "variables": value} for value in (1, 1.5, True, [], [1], "", "{}")),
        {"Query": "{ __typename }"},
        {"documentId": "x"},
    ],
    ids=json.dumps,
)
async def test_a_member_of_the_wrong_type_is_refused(client: httpx2.AsyncClient, asked: dict[str, Any]) -> None:
    assert code_of(await client.post("/graphql", json=asked), 400) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "more",
    [
        {"operationName": None},
        {"operationName": ""},
        {"variables": None},
        {"variables": {}},
        {"variables": {"unknown": [{"deep": 1e300}], "\x00": "\x00", "big": 2**63}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": 1},
        {"unknown": {}},
    ],
    ids=json.dumps,
)
async def test_members_that_may_be_there_may_be_there(client: httpx2.AsyncClient, more: dict[str, Any]) -> None:
    answer = await client.post("/graphql", json={**OPEN, **more})
    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    "kinds",
    [
        [],
        [""],
        ["text/plain"],
        ["application/graphql"],
        ["application/x-www-form-urlencoded"],
        ["multipart/form-data; boundary=x"],
        ["application/jsonp"],
        ["application/json-patch+json"],
        ["application"],
        ["text/plain; application/json"],
        ["application/json, text/plain"],
        ["application/json", "text/plain"],
        ["application/json", "application/json"],
    ],
    ids=" and ".join,
)
async def test_only_json_is_taken_and_named_once(client: httpx2.AsyncClient, kinds: list[str]) -> None:
    request = client.build_request("POST", "/graphql", content=json.dumps(OPEN).encode())
    headers = [(b"content-type", kind.encode()) for kind in kinds]
    request.headers = httpx2.Headers([*headers, (b"host", b"test")])
    assert code_of(await client.send(request), 415) == "BAD_USER_INPUT"


@pytest.mark.parametrize("kind", ["application/json", "APPLICATION/JSON", "application/json;charset=utf-8"])
async def test_json_is_taken_however_it_is_spelt(client: httpx2.AsyncClient, kind: str) -> None:
    answer = await client.post("/graphql", content=json.dumps(OPEN), headers={"content-type": kind})
    assert answer.status_code == 200


async def test_a_query_can_be_asked_by_get(client: httpx2.AsyncClient) -> None:
    params = {"query": "query A($n: Int!) { a: __typename } query B { __typename }", "operationName": "A"}
    answer = await client.get("/graphql", params={**params, "variables": '{"n": 1}'})
    assert code_of(await client.get("/graphql", params=params), 400) == "INVALID_DOCUMENT"
    assert code_of(answer, 400) == "INVALID_DOCUMENT"  # $n is not used
    answer = await client.get("/graphql", params={"query": "{ __typename }", "variables": "", "extensions": "x"})
    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query=",
        "query",
        "Query={__typename}",
        "query={__typename}&query={__typename}",
        "query={__typename}&variables=",  # good, see below
        "query={__typename}&variables={}&variables={}",
        "query={__typename}&operationName=a&operationName=b",
        "query={__typename}&variables=[",
        "query={__typename}&variables=[]",
        "query={__typename}&variables=1",
        "query={__typename}&variables=%22x%22",
        "query={__typename}&variables=%ff",
        "query={__typename}&variables=" + "[" * 5000,
        "query=%ff%fe",
        "query=%00",
    ],
)
async def test_a_bad_query_string_is_refused(client: httpx2.AsyncClient, query: str) -> None:
    answer = await client.get(f"/graphql?{query}")
    if query.endswith("variables="):
        assert answer.status_code == 200
        return
    assert code_of(answer, 400) in ("BAD_USER_INPUT", "SYNTAX")


async def test_a_long_address_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": "{ __typename }", "variables": " " * 20_000 + "{}"})
    assert code_of(answer, 414) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "query",
    ["mutation { change }", "query A { __typename } mutation M { change }", "mutation M { __typename }"],
)
async def test_get_changes_nothing(client: httpx2.AsyncClient, query: str) -> None:
    params = {"query": query} | ({"operationName": "M"} if "query A" in query else {})
    answer = await client.get("/graphql", params=params)
    assert code_of(answer, 405) == "BAD_USER_INPUT"
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "BREW"])
async def test_another_method_is_refused_with_those_that_are_served(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql", params=OPEN)
    assert code_of(answer, 405) == "BAD_USER_INPUT"
    assert sorted(answer.headers["allow"].split(", ")) in (["GET", "HEAD", "POST"], ["GET", "POST"])


async def test_a_made_up_method_is_not_logged(client: httpx2.AsyncClient, logged: Logged) -> None:
    await client.request("CANARY", "/graphql")
    assert [event["method"] for event in logged] == ["OTHER"]


async def test_head_is_refused_too(client: httpx2.AsyncClient) -> None:
    answer = await client.head("/graphql", params=OPEN)
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/graphql/",
        "/graphql/x",
        "/GRAPHQL",
        "//graphql",
        "/graphiql",
        "/graphiql/assets/page.js",
        "/.env",
        "/graphql/%2e%2e/healthz",
        "/%ff%00",
        "/" + "x" * 5000,
    ],
    ids=lambda path: path[:30],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_another_path_has_nothing_and_leads_nowhere(client: httpx2.AsyncClient, path: str, method: str) -> None:
    answer = await client.request(method, f"http://test{path}", headers={"host": "evil.example"})
    assert code_of(answer, 404) == "BAD_USER_INPUT"
    assert "evil.example" not in repr(answer.headers)
    assert path not in answer.text or path == "/"


ACCEPT = {
    "": GRAPHQL,
    "*/*": GRAPHQL,
    "application/*": GRAPHQL,
    "text/html": GRAPHQL,
    "application/graphql-response+json": GRAPHQL,
    "application/json": PLAIN,
    "APPLICATION/JSON": PLAIN,
    "application/json; charset=utf-8": PLAIN,
    "application/graphql-response+json, application/json": GRAPHQL,
    "application/json, application/graphql-response+json": GRAPHQL,
    "application/json, text/plain, */*": PLAIN,
    "application/graphql-response+json;q=0, application/json": PLAIN,
    "application/json;q=0": GRAPHQL,
    "application/json;q=0, */*": GRAPHQL,
    "application/json;q=0.9, application/graphql-response+json;q=0.1": PLAIN,
    "application/json;q=0.1, application/graphql-response+json;q=0.9": GRAPHQL,
    "application/json;q=1, application/graphql-response+json;q=1": GRAPHQL,
    "application/json;q=nan, application/graphql-response+json": GRAPHQL,
    "application/json;q=99999999999999999999, application/graphql-response+json;q=1": GRAPHQL,
    "application/json;q=x": PLAIN,
    "application/json;q=-1": GRAPHQL,
    ",,,;;;q=,": GRAPHQL,
    "application/json" + ", text/x" * 2000: PLAIN,
}


@pytest.mark.parametrize(("accept", "expected"), ACCEPT.items(), ids=lambda value: value[:60])
async def test_the_answer_comes_in_the_type_that_the_client_likes(
    client: httpx2.AsyncClient, accept: str, expected: str
) -> None:
    answer = await client.post("/graphql", json=OPEN, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, expected)


@pytest.mark.parametrize(
    ("asked", "graphql", "plain"),
    [
        ({"query": "{"}, 400, 200),
        ({"query": "{ unknown }"}, 400, 200),
        ({"query": "{ __typename }", "operationName": "Unknown"}, 400, 200),
        ({"query": "query A { __typename } query B { __typename }"}, 400, 200),
        ({"query": "{ a: __typename }" + " " * 100_000}, 400, 200),
        ({"query": "query($n: Int!) { __typename @include(if: true) echo(number: $n) }"}, 401, 401),
        ({"query": "query($b: Boolean!) { __typename @include(if: $b) }", "variables": {"b": 1}}, 400, 200),
        ({"query": 1}, 400, 400),
        ({"query": "{ __typename }", "variables": []}, 400, 400),
        ({"query": "{ viewer { id } }"}, 401, 401),
    ],
)
async def test_plain_json_says_200_where_the_request_was_well_formed(
    client: httpx2.AsyncClient, asked: dict[str, Any], graphql: int, plain: int
) -> None:
    answer = await client.post("/graphql", json=asked, headers={"accept": "application/graphql-response+json"})
    code = code_of(answer, graphql)
    answer = await client.post("/graphql", json=asked, headers={"accept": "application/json"})
    assert code_of(answer, plain) == code
    assert answer.headers["content-type"] == PLAIN


async def chunks(number: int, taken: list[int], size: int = 64 * 1024) -> AsyncIterator[bytes]:
    for _ in range(number):
        taken.append(size)
        yield b"x" * size


async def test_a_body_too_large_is_not_read_on(client: httpx2.AsyncClient) -> None:
    taken: list[int] = []
    answer = await client.post("/graphql", content=chunks(800, taken), headers=JSON)
    assert code_of(answer, 413) == "BAD_USER_INPUT"
    assert answer.headers["connection"] == "close"
    assert sum(taken) < 512 * 1024


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all(client: httpx2.AsyncClient) -> None:
    taken: list[int] = []
    headers = {**JSON, "content-length": str(50 * 1024 * 1024)}
    answer = await client.post("/graphql", content=chunks(800, taken), headers=headers)
    assert code_of(answer, 413) == "BAD_USER_INPUT"
    assert taken == []


@pytest.mark.parametrize("length", ["-1", "x", "\xb2", "\xb9\xb2\xb3", "1e9", "", "0x10", "1, 1", "9" * 5000])
async def test_an_absurd_length_is_no_mistake_of_ours(client: httpx2.AsyncClient, length: str) -> None:
    headers = [(b"content-length", length.encode("latin-1")), (b"content-type", b"application/json")]
    request = client.build_request("POST", "/graphql", content=json.dumps(OPEN).encode())
    request.headers = httpx2.Headers([*headers, (b"host", b"test")])
    answer = await client.send(request)
    assert answer.status_code in (200, 413)


async def test_the_largest_body_is_taken_and_one_byte_more_is_not(make_app: MakeApp) -> None:
    body = json.dumps(OPEN).encode()
    async with client_of(make_app(body_limit=2048)) as client:
        answer = await client.post("/graphql", content=body.ljust(2048), headers=JSON)
        assert answer.status_code == 200
        answer = await client.post("/graphql", content=body.ljust(2049), headers=JSON)
        assert code_of(answer, 413) == "BAD_USER_INPUT"


async def test_a_slow_body_is_not_waited_for(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "BODY_SECONDS", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    answer = await client.post("/graphql", content=trickle(), headers=JSON)
    assert code_of(answer, 408) == "BAD_USER_INPUT"
    assert answer.headers["connection"] == "close"
