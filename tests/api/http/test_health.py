"""Liveness and readiness, and the headers that every answer has."""

import re
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette

from migrations.runner import newest
from tenants.embedded import Addresses
from tests.api.conftest import MakeApp, client_of
from tests.support.cluster import Urls, addresses_of, clone, remove


@pytest.fixture
async def own(server: Addresses) -> AsyncIterator[Urls]:
    """Give a migrated database of the test's own, to be spoilt."""
    name = await clone(server)
    yield addresses_of(server, name)
    await remove(server, name)


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def ready(app: Starlette) -> tuple[int, dict[str, object]]:
    async with app.router.lifespan_context(app), client_of(app) as client:
        answer = await client.get("/readyz")
        return answer.status_code, without_policy(answer.json())


def without_policy(body: dict[str, object]) -> dict[str, object]:
    """Return the rest of the answer; the policy that comes with the program is sound whatever the database is."""
    assert body.pop("policy") == "ok"
    assert re.fullmatch(r"[0-9a-f]{32}", str(body.pop("policyVersion")))
    return body


async def test_a_process_lives_whatever_its_database_does(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


async def test_it_is_ready_on_the_schema_of_this_program(make_app: MakeApp, database_url: str) -> None:
    app = make_app(database_url=database_url)
    assert await ready(app) == (200, {"ready": True, "database": "ok"})


async def test_it_is_not_ready_without_a_database(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert without_policy(answer.json()) == {"ready": False, "database": "does not answer"}


async def test_it_is_not_ready_on_a_database_without_tables(make_app: MakeApp, server: Addresses) -> None:
    name = await clone(server, "template0")
    try:
        url = addresses_of(server, name).application
        assert await ready(make_app(database_url=url)) == (
            503,
            {"ready": False, "database": "has no tables: run 'sextrontgen migrate'"},
        )
    finally:
        await remove(server, name)


async def test_it_is_not_ready_on_another_revision(make_app: MakeApp, own: Urls) -> None:
    await execute(own.superuser, "UPDATE alembic_version SET version_num = '0000'")
    app = make_app(database_url=own.application)
    found = f"is at revision 0000, this program needs {newest()}"
    assert await ready(app) == (503, {"ready": False, "database": found})


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO alembic_version VALUES ('0000')",
        "REVOKE ALL ON alembic_version FROM sextrontgen_app",
        "ALTER TABLE alembic_version RENAME COLUMN version_num TO canary",
    ],
)
async def test_it_is_not_ready_where_it_cannot_be_asked(make_app: MakeApp, own: Urls, statement: str) -> None:
    await execute(own.superuser, statement)
    status, body = await ready(make_app(database_url=own.application))
    assert (status, body["ready"]) == (503, False)
    assert "canary" not in str(body)


ASKED = {
    "health": ("GET", "/healthz", {}),
    "readiness": ("GET", "/readyz", {}),
    "figures": ("GET", "/metrics", {}),
    "an answer": ("POST", "/graphql", {"json": {"query": "{ __typename }"}}),
    "a refusal": ("POST", "/graphql", {"json": {"query": "{"}}),
    "no token": ("POST", "/graphql", {"json": {"query": "{ viewer { id } }"}}),
    "no method": ("DELETE", "/graphql", {}),
    "no path": ("GET", "/nothing", {}),
    "no database": ("GET", "/readyz", {}),
}


@pytest.mark.parametrize(("method", "path", "more"), ASKED.values(), ids=ASKED.keys())
async def test_every_answer_has_the_headers_that_keep_it_safe(
    client: httpx2.AsyncClient, method: str, path: str, more: dict[str, object]
) -> None:
    answer = await client.request(method, path, **more)  # type: ignore[arg-type] # as the table has them
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_a_mistake_of_ours_has_them_too(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_given: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("api.http.message.read", fail)
    async with client_of(app) as client:
        for accept in ("application/json", "application/graphql-response+json"):
            answer = await client.post("/graphql", headers={"accept": accept})
            assert answer.status_code == 500
            assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
            assert answer.headers["x-content-type-options"] == "nosniff"
            (error,) = answer.json()["errors"]
            assert error["extensions"] == {"code": "INTERNAL", "requestId": answer.headers["x-request-id"]}
            assert "canary" not in answer.text


async def test_the_page_is_served_in_development_and_nowhere_else(make_app: MakeApp) -> None:
    async with client_of(make_app(environment="development")) as client:
        assert (await client.get("/graphiql")).status_code == 200
        assert (await client.get("/")).headers["location"] == "/graphiql"
    async with client_of(make_app()) as client:
        assert [(await client.get(path)).status_code for path in ("/graphiql", "/")] == [404, 404]
