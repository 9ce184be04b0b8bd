"""The demo, as a newcomer starts it."""

import base64
import signal
import socket
from pathlib import Path

import asyncpg
import httpx2
import pytest

from tests.api.commands.programs import VIEWER, Demo, demo, run

ROLES = {
    "learner": ["LEARNER"],
    "minor": ["MINOR", "WARD"],
    "guardian": ["LEARNER", "GUARDIAN"],
    "instructor": ["LEARNER", "INSTRUCTOR"],
    "enterprise_admin": ["LEARNER", "ENTERPRISE_ADMIN", "SEAT_MANAGER"],
    "support": ["SUPPORT"],
    "security": ["SECURITY"],
    "privacy": ["PRIVACY"],
}


@pytest.mark.parametrize("tenant", ["northwind", "riverside"])
@pytest.mark.parametrize("role", ROLES)
def test_every_token_is_answered_with_its_roles_in_its_tenant(served: Demo, tenant: str, role: str) -> None:
    answer = served.ask(served.token(tenant, role))
    assert answer.status_code == 200
    viewer = answer.json()["data"]["viewer"]
    assert viewer["roles"] == ROLES[role]
    assert viewer["tenant"]["slug"] == tenant


def test_the_tokens_file_is_its_owner_s_alone_and_names_everybody_by_global_id(served: Demo) -> None:
    path = next(served.output.parent.glob("*.json"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(served.tokens) == {"graphql", "database", "tenants"}
    for cast in served.tokens["tenants"].values():
        assert set(cast) == set(ROLES)
        for entry in cast.values():
            assert base64.b64decode(entry["id"]).startswith(b"Learner:")


async def test_the_file_s_database_is_the_superuser_s_address(served: Demo) -> None:
    connection = await asyncpg.connect(served.tokens["database"])
    assert await connection.fetchval("SELECT count(*) FROM person") > 550
    assert await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    await connection.close()


async def test_an_ended_session_stops_at_once(served: Demo) -> None:
    token = served.token("riverside", "guardian")
    assert served.ask(token).status_code == 200
    connection = await asyncpg.connect(served.tokens["database"])
    guardian = base64.b64decode(served.tokens["tenants"]["riverside"]["guardian"]["id"]).decode().partition(":")[2]
    await connection.execute("UPDATE session SET ended_at = now() WHERE person_id = $1", guardian)
    assert served.ask(token).status_code == 401
    await connection.execute("UPDATE session SET ended_at = NULL WHERE person_id = $1", guardian)
    await connection.close()
    assert served.ask(token).status_code == 200


def test_what_it_prints_leads_to_the_page_and_holds_a_token_per_role(served: Demo) -> None:
    printed = served.output.read_text()
    page = served.url.replace("/graphql", "/graphiql")
    assert page in printed
    for role in ROLES:
        assert served.token("northwind", role) in printed
    assert httpx2.get(page).status_code == 200
    assert httpx2.get(page.replace("/graphiql", "/")).headers["location"] == "/graphiql"
    ready = httpx2.get(page.replace("/graphiql", "/readyz")).json()
    assert (ready["ready"], ready["database"], ready["policy"]) == (True, "ok", "ok")


def test_a_second_start_keeps_the_data_and_the_tokens(folder: Path) -> None:
    with demo(folder) as first:
        token = first.token("northwind", "learner")
        before = first.ask(token).json()
        assert first.end(signal.SIGINT) in (0, 130)
    with demo(folder) as second:
        assert second.ask(token).json() == before
        assert second.ask(second.token("northwind", "learner")).json() == before
        assert second.end() == 143


def test_a_killed_demo_starts_again(folder: Path) -> None:
    with demo(folder) as first:
        token = first.token("northwind", "learner")
        first.end(signal.SIGKILL)
    with demo(folder) as second:
        assert second.ask(token).status_code == 200


def test_a_request_that_has_begun_is_finished_before_the_end(folder: Path) -> None:
    with demo(folder) as started:
        url = httpx2.URL(started.url)
        body = b'{"query": "%s"}' % VIEWER.encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: Bearer {started.token('northwind', 'learner')}\r\nConnection: close\r\n\r\n"
        ).encode()
        with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
            connection.sendall(head + body[:10])
            # Another answer tells that the first request's head has been read by now.
            assert started.ask(started.token("northwind", "learner")).status_code == 200
            started.process.send_signal(signal.SIGTERM)
            connection.sendall(body[10:])
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"northwind" in answer
        assert started.process.wait(30) == 143


def test_a_taken_port_is_said_in_a_line(served: Demo, folder: Path) -> None:
    port = str(httpx2.URL(served.url).port)
    ended = run("demo", "--port", port, "--data", str(folder))
    assert ended.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use. Choose another port." in ended.stderr
    assert "Traceback" not in ended.stderr
