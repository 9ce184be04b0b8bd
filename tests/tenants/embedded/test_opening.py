"""Opening, using and closing the server on a folder."""

import os
import stat
import threading
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tenants.embedded import binaries
from tests.tenants.embedded.helpers import HANG, LINUX, Place, ask, copy


def test_the_first_open_makes_a_database_and_the_second_finds_its_data_again(fresh: Place) -> None:
    with fresh.open() as server:
        assert server.owned
        ask(server.addresses.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert any("Preparing PostgreSQL" in sentence for sentence in fresh.said)
    assert fresh.postmaster() == 0
    with fresh.open() as server:
        assert ask(server.addresses.owner, "SELECT answer FROM kept") == [(42,)]


def test_a_system_postgresql_serves_where_the_wheel_is_missing(fresh: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_wheel_roots", list)
    if not binaries._system_folders():
        pytest.skip("this system has no PostgreSQL of its own")
    server = fresh.open()
    [(shown,)] = ask(server.addresses.application, "SELECT current_setting('server_version_num')::int / 10000")
    assert binaries.OLDEST <= shown <= binaries.NEWEST
    assert (fresh.cluster / "PG_VERSION").read_text().strip() == str(shown)
    server.close()
    # The wheel's is newer; the cluster keeps to the programs that made it.
    monkeypatch.undo()
    assert ask(fresh.open().addresses.owner, "SELECT current_setting('server_version_num')::int / 10000") == [(shown,)]


def test_the_database_is_utf8_and_sorts_by_bytes_without_icu(served: Place) -> None:
    address = served.opened[0].addresses.superuser
    columns = "pg_encoding_to_char(encoding), datlocprovider::text"
    [(encoding, provider)] = ask(address, f"SELECT {columns} FROM pg_database WHERE datname = 'sextrontgen'")
    assert encoding == "UTF8"
    assert provider in ("b", "c")
    order = "SELECT array_agg(x ORDER BY x) FROM unnest('{b,B,a,A,é}'::text[]) x"
    assert ask(address, order) == [(["A", "B", "a", "b", "é"],)]


async def test_asyncpg_and_sqlalchemy_take_the_same_addresses(fresh: Place, template: Path) -> None:
    # Signs that an address has to escape, in a folder whose socket path still fits.
    fresh.folder = fresh.folder.with_name("a b@+=")
    copy(template, fresh.folder)
    addresses = fresh.open().addresses
    assert (fresh.cluster.parent / "run" / ".s.PGSQL.5432").is_socket()
    roles = {
        "postgres": addresses.superuser,
        "sextrontgen_owner": addresses.owner,
        "sextrontgen_app": addresses.application,
    }
    for role, address in roles.items():
        connection = await asyncpg.connect(address)
        assert await connection.fetchval("SELECT current_user || '@' || current_database()") == f"{role}@sextrontgen"
        await connection.close()
        engine = create_async_engine(address.replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.connect() as session:
            assert (await session.execute(text("SELECT current_user"))).scalar_one() == role
        await engine.dispose()


def test_close_may_be_called_again_and_no_process_or_socket_is_left(place: Place) -> None:
    server = place.open()
    number = place.postmaster()
    assert number > 0
    server.close()
    server.close()
    assert place.postmaster() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    assert list((place.cluster.parent / "run").iterdir()) == []


def test_the_addresses_do_not_show_their_passwords_when_printed(served: Place) -> None:
    server = served.opened[0]
    assert "postgresql" not in f"{server.addresses} {server.addresses!r} {server!r}"
    assert stat.S_IMODE((served.folder / "passwords.json").stat().st_mode) == 0o600


def test_a_wrong_password_is_refused_on_the_socket(served: Place) -> None:
    server = served.opened[0]
    user, _, rest = server.addresses.superuser.partition("postgres:")
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(f"{user}postgres:wrong@{rest.partition('@')[2]}", "SELECT 1")


def test_there_is_no_tcp_and_the_socket_is_its_users_alone(served: Place) -> None:
    server = served.opened[0]
    [(listening, permissions)] = ask(
        server.addresses.superuser,
        "SELECT current_setting('listen_addresses'), current_setting('unix_socket_permissions')",
    )
    assert (listening, permissions) == ("", "0700")
    run = served.cluster.parent / "run"
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert stat.S_IMODE((run / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_a_rows_value_in_an_error_does_not_reach_the_log(place: Place) -> None:
    server = place.open()
    for statement in (
        "SELECT secret::int FROM (VALUES ('Ada-Lovelace')) AS t (secret)",
        "DO $$ BEGIN RAISE WARNING 'Ada-Lovelace'; RAISE EXCEPTION 'Ada-Lovelace' USING HINT = 'Lovelace'; END $$",
        "SELECT 'Ada-Lovelace' FROM nowhere",
    ):
        with pytest.raises(asyncpg.PostgresError):
            ask(server.addresses.owner, statement)
    server.close()
    assert "database system is ready" in place.log()
    assert "Lovelace" not in place.log()


def test_the_settings_of_the_caller_count_but_not_those_that_keep_the_server_closed(place: Place) -> None:
    for name, value in {
        "listen_addresses": "*",
        "log_statement": "all",
        "hba_file": "/tmp/other",
        "include": "/tmp/other",
        "Not a name": "1",
        "work_mem": "1MB'\nlisten_addresses = '*",
    }.items():
        with pytest.raises(ValueError):
            place.open(settings={name: value})
    server = place.open(settings={"fsync": "off", "max_connections": "33", "application_name": "it's \\"})
    names = ("max_connections", "fsync", "shared_buffers")
    shown = "SELECT " + ", ".join(f"current_setting('{name}')" for name in names)
    assert ask(server.addresses.application, shown) == [("33", "off", "128MB")]
    reset = "SELECT reset_val FROM pg_settings WHERE name = 'application_name'"
    assert ask(server.addresses.application, reset) == [("it's \\",)]


def test_the_persons_environment_does_not_reach_postgresql(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGOPTIONS": "-c work_mem=64kB",
        "LC_ALL": "xx_XX",
    }.items():
        monkeypatch.setenv(name, value)
    server = place.open()
    if LINUX:
        shown = Path(f"/proc/{place.postmaster()}/environ").read_bytes()
        assert b"nowhere" not in shown
        assert b"LC_ALL=C\0" in shown
    monkeypatch.undo()
    assert ask(server.addresses.application, "SELECT 1") == [(1,)]


def test_a_server_opened_in_a_thread_outlives_the_thread(place: Place) -> None:
    thread = threading.Thread(target=place.open)
    thread.start()
    thread.join(HANG)
    [server] = place.opened
    assert ask(server.addresses.application, "SELECT 1") == [(1,)]
    number = place.postmaster()
    server.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_a_log_above_ten_megabytes_is_put_aside_at_the_next_start(place: Place) -> None:
    log = place.folder / "postgres.log"
    log.write_bytes(b"old\n" * 2_600_000)
    place.open().close()
    assert log.stat().st_size < 100_000
    assert (place.folder / "postgres.log.1").stat().st_size == 10_400_000
