"""What the three roles may do, and that PUBLIC may do nothing."""

import asyncpg
import pytest

from tests.tenants.embedded.helpers import Place, ask


def test_owner_and_application_are_plain_roles(served: Place) -> None:
    rows = ask(
        served.opened[0].addresses.superuser,
        "SELECT rolname::text, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication "
        "FROM pg_roles WHERE rolname LIKE 'sextrontgen%' ORDER BY 1",
    )
    assert rows == [
        (role, True, False, False, False, False, False) for role in ("sextrontgen_app", "sextrontgen_owner")
    ]


def test_the_passwords_are_kept_as_scram_and_all_roles_that_log_in_have_one(served: Place) -> None:
    rows = ask(served.opened[0].addresses.superuser, "SELECT rolpassword FROM pg_authid WHERE rolcanlogin")
    assert len(rows) == 3
    assert all(password.startswith("SCRAM-SHA-256$") for (password,) in rows)


def test_the_application_owns_nothing_and_can_make_nothing(served: Place) -> None:
    addresses = served.opened[0].addresses
    ask(addresses.owner, "CREATE TABLE IF NOT EXISTS theirs (x int)")
    owned = "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'sextrontgen_app'::regrole AND deptype = 'o'"
    assert ask(addresses.superuser, owned) == [(0,)]
    for forbidden in (
        "CREATE TABLE mine (x int)",
        "CREATE TEMP TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "SELECT * FROM theirs",
        "SET ROLE sextrontgen_owner",
        "ALTER SYSTEM SET work_mem = '1MB'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(addresses.application, forbidden)


def test_the_owner_owns_the_database_and_grants_what_the_application_reads(served: Place) -> None:
    addresses = served.opened[0].addresses
    ask(addresses.owner, "CREATE TABLE granted AS SELECT 1 AS x")
    ask(addresses.owner, "GRANT SELECT ON granted TO sextrontgen_app")
    assert ask(addresses.application, "SELECT x FROM granted") == [(1,)]
    owner = "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'sextrontgen'"
    assert ask(addresses.superuser, owner) == [("sextrontgen_owner",)]


def test_public_has_nothing_on_any_database_that_takes_connections_nor_on_the_schema(served: Place) -> None:
    addresses = served.opened[0].addresses
    # Grantee 0 is PUBLIC; PostgreSQL documentation, "aclexplode".
    granted = "SELECT privilege_type FROM {}, aclexplode(coalesce({}, acldefault('{}', {}))) WHERE grantee = 0 AND {}"
    database = granted.format("pg_database", "datacl", "d", "datdba", "datallowconn")
    schema = granted.format("pg_namespace", "nspacl", "n", "nspowner", "nspname = 'public'")
    assert ask(addresses.superuser, database) == []
    assert ask(addresses.superuser, schema) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(addresses.application.replace("/sextrontgen?", "/postgres?"), "SELECT 1")
