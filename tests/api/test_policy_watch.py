"""A server notices changed policy files by itself: swapped whole, never half, and a failure is told everywhere."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

import api.policy_watch
from api.execution import run
from api.settings import Settings, SettingsError
from authz.loading import POLICY_FOLDER
from domain.people.model import membership, person
from tests.api.conftest import MakeApp, client_of
from tests.api.http.test_metrics import figures
from tests.api.people import People
from tests.authz.example import appended, copy_of_the_policy

HANG = 60.0
"""Seconds after which a test that waits has failed; no claim about speed."""

EMAIL = "somebody@example.org"
DENY = "p, role:self, *, Learner.email, read, any, *, deny"
Logged = list[MutableMapping[str, Any]]
Serve = Callable[[], AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_policy(tmp_path)


@pytest.fixture
def serve(make_app: MakeApp, database_url: str, folder: Path) -> Serve:
    """Give a way to serve under the policy of `folder`."""

    @asynccontextmanager
    async def serving() -> AsyncIterator[httpx2.AsyncClient]:
        app = make_app(database_url=database_url, policy=folder, pool_wait=20, statement_timeout=20)
        async with app.router.lifespan_context(app), client_of(app) as client:
            yield client

    return serving


@pytest.fixture
async def token(people: People) -> str:
    """Give the token of a member with an email address."""
    who = await people.add(person, minor=False, email=EMAIL)
    await people.add(membership, person_id=who)
    return await people.sign_in(who)


async def email(client: httpx2.AsyncClient, token: str) -> str | None:
    """Return one's own email address, None where it is denied."""
    answer = await client.post(
        "/graphql",
        json={"query": "{ viewer { learner { email } } }"},
        headers={"authorization": f"Bearer {token}"},
    )
    body = answer.json()
    found: str | None = body["data"]["viewer"]["learner"]["email"]
    codes = [error["extensions"]["code"] for error in body.get("errors", [])]
    assert codes == ([] if found else ["FIELD_FORBIDDEN"])
    return found


async def state(client: httpx2.AsyncClient) -> tuple[str, str, float]:
    """Return what /readyz says of the policy and its version, and whether the figures say that a reload failed."""
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["ready"] is True
    found = figures((await client.get("/metrics")).text)
    assert [label for name, label in found if name == "sextrontgen_policy_info"] == [ready.json()["policyVersion"]]
    return ready.json()["policy"], ready.json()["policyVersion"], found["sextrontgen_policy_reload_failed", ""]


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(HANG):
        for _ in count():
            if await condition():
                return
            await asyncio.sleep(0.02)


def of_the_policy(logged: Logged) -> list[tuple[str, str]]:
    return [(line["level"], line["event"]) for line in logged if "policy" in line["event"]]


def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often: what is tested is not how often."""
    monkeypatch.setattr(api.policy_watch, "SECONDS", 0.05)


async def test_a_changed_file_is_in_force_soon_and_so_is_its_taking_back(
    serve: Serve, token: str, folder: Path, logged: Logged
) -> None:
    old = (folder / "learner.csv").read_text()
    async with serve() as client:
        assert await email(client, token) == EMAIL
        _, first, _ = await state(client)
        appended(folder, "learner.csv", DENY)

        async def denied() -> bool:
            return await email(client, token) is None

        await until(denied)
        _, second, _ = await state(client)
        assert second != first
        (folder / "learner.csv").write_text(old)

        async def allowed() -> bool:
            return not await denied()

        await until(allowed)
        assert await state(client) == ("ok", first, 0)
    assert of_the_policy(logged) == [("info", "the policy was reloaded")] * 2


async def test_a_failure_keeps_the_answers_and_is_told_everywhere_until_it_is_mended(
    serve: Serve, token: str, folder: Path, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(monkeypatch)
    old = (folder / "learner.csv").read_text()
    async with serve() as client:
        _, version, _ = await state(client)
        # What denies the address is in force with the rest of its file, or not at all.
        appended(folder, "learner.csv", DENY)
        place = appended(folder, "learner.csv", "p, role:self, *, Learner.fone, read, any, *, allow")

        async def failed() -> bool:
            return (await state(client))[2] == 1

        await until(failed)
        assert await state(client) == (f"version {version} kept: 1 problem, the log lists them", version, 1)
        assert await email(client, token) == EMAIL
        # Several looks later it is still said once.
        await asyncio.sleep(0.5)
        (told,) = [line for line in logged if line["level"] == "error"]
        assert told["event"] == "the policy was not reloaded"
        assert (told["kept"], told["count"]) == (version, 1)
        assert told["problems"] == [f"{place}: unknown field Learner.fone"]

        (folder / "learner.csv").write_text(f"{old}{DENY}\n")

        async def mended() -> bool:
            return (await state(client))[2] == 0

        await until(mended)
        ok, newer, _ = await state(client)
        assert (ok, newer != version) == ("ok", True)
        assert await email(client, token) is None
    assert of_the_policy(logged) == [("error", "the policy was not reloaded"), ("info", "the policy was reloaded")]


async def test_a_request_that_began_under_the_old_policy_ends_under_it(
    serve: Serve, token: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(monkeypatch)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def run_later(*given: Any) -> Any:
        if not begun.is_set():
            begun.set()
            await go_on.wait()
        return await run(*given)

    monkeypatch.setattr("api.http.graphql.run", run_later)
    async with serve() as client, asyncio.timeout(HANG):
        first = asyncio.create_task(email(client, token))
        await begun.wait()
        appended(folder, "learner.csv", DENY)

        async def denied() -> bool:
            return await email(client, token) is None

        await until(denied)
        assert not first.done()
        go_on.set()
        assert await first == EMAIL
        assert await denied()


async def test_requests_do_not_wait_for_the_files(
    serve: Serve, token: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    soon(monkeypatch)
    looking, go_on = threading.Event(), threading.Event()

    def stuck(_folder: Path) -> tuple[tuple[object, ...], ...]:
        looking.set()
        assert go_on.wait(HANG)
        return ()

    async with serve() as client:
        monkeypatch.setattr("authz.reloading.state_of", stuck)
        try:
            assert await asyncio.to_thread(looking.wait, HANG)
            assert await email(client, token) == EMAIL
            assert (await state(client))[0] == "ok"
        finally:
            go_on.set()


async def test_a_fault_of_the_program_is_logged_once_and_the_watch_goes_on(
    serve: Serve, token: str, folder: Path, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(monkeypatch)

    def fail(*_given: object) -> None:
        raise RuntimeError("canary")

    async with serve() as client:
        with monkeypatch.context() as patched:
            patched.setattr("authz.mask.load", fail)
            appended(folder, "learner.csv", DENY)

            async def failed() -> bool:
                return (await state(client))[2] == 1

            await until(failed)
            assert await email(client, token) == EMAIL
            await asyncio.sleep(0.3)
        (told,) = [line for line in logged if line["level"] == "error"]
        assert (told["event"], told["error"]) == ("the policy was not reloaded", "builtins.RuntimeError")
        assert "canary" not in str(told)
        appended(folder, "learner.csv", "# saved again")

        async def denied() -> bool:
            return await email(client, token) is None

        await until(denied)


async def test_the_watch_ends_with_the_server(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)
    before = asyncio.all_tasks()
    async with serve():
        assert len(asyncio.all_tasks() - before) >= 1
    assert asyncio.all_tasks() - before == set()


async def test_the_log_of_a_spoilt_folder_is_bounded(
    serve: Serve, folder: Path, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(monkeypatch)
    async with serve():
        (folder / "learner.csv").write_text("\n".join([f"p, {'x' * 400}, *, Learner.id, read, any, *, allow"] * 200))

        async def told() -> bool:
            return any(line["level"] == "error" for line in logged)

        await until(told)
    (line,) = [line for line in logged if line["level"] == "error"]
    assert line["count"] > 200
    assert len(line["problems"]) == 50
    assert max(map(len, line["problems"])) == 300


async def test_the_policy_that_comes_along_is_served_where_no_other_is_named(
    make_app: MakeApp, settings: Callable[..., Settings]
) -> None:
    assert settings().policy == POLICY_FOLDER
    async with client_of(make_app()) as client:
        assert (await client.get("/readyz")).json()["policy"] == "ok"


def test_without_a_sound_policy_nothing_starts_and_the_setting_and_the_line_are_named(
    make_app: MakeApp, folder: Path
) -> None:
    place = appended(folder, "learner.csv", "nonsense")
    with pytest.raises(SettingsError) as refused:
        make_app(policy=folder)
    (line,) = refused.value.problems
    assert line.startswith(f"SEXTRONTGEN_POLICY {folder}: {place}: expected")
    with pytest.raises(SettingsError, match=r"SEXTRONTGEN_POLICY .*: the policy's folder cannot be read"):
        make_app(policy=folder / "none")
