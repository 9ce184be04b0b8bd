"""The smaller commands, and what each says when it cannot go on."""

import base64
from pathlib import Path
from uuid import UUID

import pytest

from tests.api.commands.programs import Demo, run
from tests.support.cluster import Urls
from tests.support.keys import MASTER_KEYS


def data_of(demo: Demo) -> str:
    return str(demo.output.with_suffix(""))


@pytest.mark.parametrize("how", ["email", "global id", "uuid"])
def test_a_token_for_a_person_is_answered(served: Demo, how: str) -> None:
    entry = served.tokens["tenants"]["northwind"]["instructor"]
    uuid = base64.b64decode(entry["id"]).decode().partition(":")[2]
    person = {"global id": entry["id"], "uuid": uuid, "email": email_of(served, uuid)}[how]
    made = run("token", "--tenant", "northwind", "--person", person, "--data", data_of(served))
    assert made.returncode == 0, made.stderr
    viewer = served.ask(made.stdout.strip()).json()["data"]["viewer"]
    assert viewer["roles"] == ["LEARNER", "INSTRUCTOR"]


def email_of(served: Demo, uuid: str) -> str:
    import asyncio

    import asyncpg

    from tests.support.sealing import ring_of

    async def look() -> str:
        master = base64.b64decode((Path(data_of(served)) / "master-key").read_bytes())
        connection = await asyncpg.connect(served.tokens["database"])
        try:
            row = await connection.fetchrow("SELECT * FROM person WHERE id = $1", UUID(uuid))
            return str((await ring_of(connection, master)).opened("person", row)["email"])
        finally:
            await connection.close()

    return asyncio.run(look())


@pytest.mark.parametrize(
    ("tenant", "person", "says"),
    [
        ("nowhere", "a@example.org", "There is no tenant 'nowhere'."),
        ("northwind", "nobody@example.org", "The tenant northwind has no such member"),
        ("northwind", "00000000-0000-7000-8000-000000000000", "has no such member"),
        ("northwind", "somebody", "--person is an email address, a UUID or a global id."),
    ],
)
def test_a_token_for_nobody_is_refused_in_a_line(served: Demo, tenant: str, person: str, says: str) -> None:
    ended = run("token", "--tenant", tenant, "--person", person, "--data", data_of(served))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_no_token_is_handed_out_in_production(served: Demo) -> None:
    for person in ("nobody@example.org", served.tokens["tenants"]["northwind"]["learner"]["id"]):
        ended = run(
            "token", "--tenant", "northwind", "--person", person, "--data", data_of(served),
            SEXTRONTGEN_ENVIRONMENT="production",
        )  # fmt: skip
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "in development only" in ended.stderr


def test_serving_without_settings_says_each_one_that_is_missing() -> None:
    ended = run("serve")
    assert ended.returncode == 1
    assert "DATABASE_URL is not set" in ended.stderr
    assert "SEXTRONTGEN_TOKEN_KEYS is not set" in ended.stderr
    assert "SEXTRONTGEN_MASTER_KEY is not set" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_serving_under_a_role_that_is_not_bound_is_refused(urls: Urls, tmp_path: Path) -> None:
    from domain.accounts.keys import new_key
    from tenants.secret_files import write_secret

    write_secret(tmp_path / "keys.pem", new_key())
    for url in (urls.superuser, urls.owner):
        ended = run(
            "serve",
            DATABASE_URL=url,
            SEXTRONTGEN_TOKEN_KEYS=str(tmp_path / "keys.pem"),
            SEXTRONTGEN_MASTER_KEYS=MASTER_KEYS,
            SEXTRONTGEN_TRAIL_KEYS=str(tmp_path / "keys.pem"),
            SEXTRONTGEN_CHECKPOINTS=str(tmp_path / "checkpoints"),
        )
        assert ended.returncode == 1
        assert "serve under sextrontgen_app" in ended.stderr
        assert url not in ended.stderr


def test_a_database_that_does_not_answer_is_said_in_a_line(tmp_path: Path) -> None:
    address = "postgresql://somebody:secret-password@127.0.0.1:1/nothing"
    for command in (
        ("migrate",),
        ("token", "--tenant", "a", "--person", "b@c"),
        ("import", "oulad", ".", "--tenant", "a"),
    ):
        ended = run(*command, DATABASE_URL=address, SEXTRONTGEN_MASTER_KEYS=MASTER_KEYS)
        assert ended.returncode == 1
        assert "database does not" in ended.stderr
        assert "secret-password" not in ended.stderr
        assert "Traceback" not in ended.stderr


async def test_migrating_twice_says_where_the_database_is(urls: Urls) -> None:
    ended = run("migrate", DATABASE_URL=urls.application, MIGRATION_DATABASE_URL=urls.owner)
    assert ended.returncode == 0, ended.stderr
    assert "The database is at revision 0004." in ended.stderr


def test_a_folder_that_is_a_file_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run("demo", "--data", str(tmp_path / "file"))
    assert ended.returncode == 1
    assert str(tmp_path / "file") in ended.stderr
    assert "Traceback" not in ended.stderr


def test_files_that_are_not_there_are_named_and_nothing_is_loaded(served: Demo, tmp_path: Path) -> None:
    ended = run("import", "oulad", str(tmp_path), "--tenant", "northwind", "--data", data_of(served))
    assert ended.returncode == 1
    assert "courses.csv" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_policy_that_comes_along_is_sound_and_explains_itself() -> None:
    checked = run("policy", "check")
    assert checked.returncode == 0, checked.stderr
    assert "is sound" in checked.stderr
    why = run("policy", "explain", "instructor", "Learner.email")
    assert why.returncode == 0
    assert "No: no line says so, and nothing said means no" in why.stdout
    readable = [line.split("\t") for line in run("policy", "matrix", "--lines").stdout.splitlines()]
    assert {cell[0] for cell in readable} >= {"LEARNER", "PRIVACY"}
    assert any(cell[1] == "Learner.name" and cell[5] == "+" for cell in readable)


@pytest.mark.parametrize(
    ("role", "field", "says"), [("king", "Learner.email", "is no role"), ("learner", "Learner.x", "is not decided")]
)
def test_a_role_or_a_field_that_is_none_is_said_in_a_line(role: str, field: str, says: str) -> None:
    ended = run("policy", "explain", role, field)
    assert ended.returncode == 1
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
