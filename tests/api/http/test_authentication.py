"""Who sends the request: over HTTP, every bad token looks the same."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from domain.accounts.tokens import Tokens
from tenants.ids import TenantId, uuid7
from tenants.secret_files import write_secret
from tests.api.conftest import MakeApp, client_of
from tests.api.people import People
from tests.domain.accounts.bad_tokens import bad_tokens
from tests.domain.accounts.forging import AUDIENCE, ISSUER, PERSON, SESSION, TENANT, Forge

ASKED = {"query": "{ viewer { id } }"}
"""Only who is signed in may ask that."""


def in_header(token: str) -> bytes | None:
    """Return the token as a header can carry it, None when none can."""
    try:
        raw = token.encode("latin-1")
    except UnicodeEncodeError:
        return None
    return None if set(raw) & set(b"\r\n\0") else raw


async def test_every_bad_token_gets_the_same_answer(
    make_app: MakeApp, tmp_path_factory: pytest.TempPathFactory
) -> None:

    forge = Forge()
    path = tmp_path_factory.mktemp("keys") / "keys.pem"
    pem = forge.keys.signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_secret(path, pem)
    app = make_app(token_keys=path, issuer=ISSUER, audience=AUDIENCE)
    answers: dict[bytes, list[str]] = {}
    async with client_of(app) as client:
        for name, make in bad_tokens().items():
            raw = in_header(make(forge))
            if raw is None:
                continue
            answer = await client.post("/graphql", json=ASKED, headers=[(b"authorization", b"Bearer " + raw)])
            facts = [answer.status_code, answer.headers["www-authenticate"], answer.headers["content-type"]]
            answers.setdefault(repr((facts, answer.content)).encode(), []).append(name)
    assert len(answers) == 1, {answer: names[:5] for answer, names in answers.items()}
    (same,) = answers
    assert b"401" in same
    assert b"UNAUTHENTICATED" in same
    assert b'error="invalid_token"' in same
    assert sum(map(len, answers.values())) >= 120


@pytest.mark.parametrize(
    "headers",
    [
        [("authorization", "")],
        [("authorization", "Bearer")],
        [("authorization", "Bearer ")],
        [("authorization", "Basic dXNlcjpwYXNz")],
        [("authorization", "Digest username=x")],
        [("authorization", "Bearer x"), ("authorization", "Bearer y")],
        [("authorization", "Bearer x"), ("Authorization", "Bearer x")],
        [("authorization", "Bearer x,Bearer y")],
        [("authorization", "Token x")],
        [("authorization", "bearer\tx")],
    ],
    ids=lambda headers: " and ".join(f"{name}: {value}" for name, value in headers),
)
@pytest.mark.parametrize("query", ["{ viewer { id } }", "{ __typename }"], ids=["closed", "open"])
async def test_who_sends_a_broken_proof_is_refused_even_where_none_is_needed(
    client: httpx2.AsyncClient, headers: list[tuple[str, str]], query: str
) -> None:
    answer = await client.post("/graphql", json={"query": query}, headers=headers)
    assert answer.status_code == 401
    assert [error["extensions"] for error in answer.json()["errors"]] == [{"code": "UNAUTHENTICATED"}]
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert "data" not in answer.json()


async def test_two_good_tokens_are_one_too_many(client: httpx2.AsyncClient, issuer: Tokens) -> None:
    token = issuer.issue(TenantId(TENANT), PERSON, SESSION, datetime.now(UTC) + timedelta(minutes=1))
    headers = [("authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")]
    answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize("query", ["access_token", "token", "authorization"])
async def test_a_token_elsewhere_than_in_the_header_counts_for_nothing(
    served: httpx2.AsyncClient, people: People, query: str
) -> None:
    token = await people.sign_in(await people.member())
    answer = await served.get("/graphql", params={"query": "{ viewer { id } }", query: token})
    assert answer.status_code == 401
    answer = await served.post("/graphql", json={**ASKED, query: token}, headers={"cookie": f"{query}={token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
async def test_the_scheme_is_read_without_its_case(served: httpx2.AsyncClient, people: People, scheme: str) -> None:
    token = await people.sign_in(await people.member())
    answer = await served.post("/graphql", json=ASKED, headers={"authorization": f"{scheme} {token}"})
    assert answer.status_code == 200, answer.text


async def test_no_token_is_needed_for_what_is_open(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ __typename ... { a: __typename } }"})
    assert answer.json() == {"data": {"__typename": "Query", "a": "Query"}}


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } viewer { id } }",
        "{ __typename viewer { id } }",
        "{ __typename: viewer { id } }",
        "{ ... { ...F } } fragment F on Query { __typename viewer { id } }",
        "query($no: Boolean = false) { __typename viewer @include(if: $no) { id } }",
        "{ __typename viewer @skip(if: true) { id } }",
        "query Open { __typename } query Closed { viewer { id } }",
        "mutation { change }",
    ],
)
async def test_one_closed_field_closes_the_document(client: httpx2.AsyncClient, query: str) -> None:
    name = "Closed" if "Closed" in query else None
    answer = await client.post("/graphql", json={"query": query, "operationName": name})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert "data" not in answer.json()


async def test_a_session_is_checked_even_for_what_is_open(served: httpx2.AsyncClient, people: People) -> None:
    token = people.token(await people.member(), uuid7())
    answer = await served.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 401
