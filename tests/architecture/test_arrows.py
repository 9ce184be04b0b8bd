"""The arrows between the rooms, read from the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "authz", "domain", "migrations", "tenants")

MAY_IMPORT = {
    "api": {"api", "authz", "domain", "migrations", "tenants"},
    "authz": {"authz", "tenants"},
    "domain": {"domain", "tenants"},
    "migrations": {"authz", "domain", "migrations", "tenants"},
    "tenants": {"tenants"},
}

# Only these reach a database. Everybody else describes statements (SQLAlchemy's Core) and hands them to a session.
OPENS_DATABASES = {
    # As a role that row-level security does not bind: a backup is of every tenant.
    "tenants/backup/service.py",
    "tenants/connection.py",
    "tenants/database.py",
    "tenants/session.py",
    "migrations/runner.py",
    "migrations/env.py",
}
DRIVERS = ("asyncpg", "psycopg", "psycopg2", "sqlalchemy.ext.asyncio", "sqlalchemy.orm", "sqlalchemy.pool")
OPENERS = {"create_engine", "create_async_engine", "sessionmaker", "async_sessionmaker", "engine_from_config"}

# Who may call a UUID a trusted tenant's: a verified token, and the directory.
MINTS_TENANT_IDS = {"domain/accounts/tokens.py", "tenants/directory.py"}


def sources() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(source: str) -> Iterator[str]:
    """Every module that `source` imports, wherever in it, and every name taken from one as `module.name`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def wrong_arrows(room: str, source: str) -> list[str]:
    return sorted(
        {name for name in imports(source) if (top := name.split(".")[0]) in ROOMS and top not in MAY_IMPORT[room]}
    )


def reaches_database(source: str) -> list[str]:
    names = set(imports(source))
    return sorted(
        name
        for name in names
        if any(name == driver or name.startswith(f"{driver}.") for driver in DRIVERS) or name.split(".")[-1] in OPENERS
    )


def calls(source: str, name: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize("path", sources(), ids=place)
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    assert wrong_arrows(place(path).split("/")[0], path.read_text()) == []


@pytest.mark.parametrize("path", sources(), ids=place)
def test_nothing_but_the_opener_reaches_the_database(path: Path) -> None:
    if place(path) not in OPENS_DATABASES | EXCEPTIONS:
        assert reaches_database(path.read_text()) == []


@pytest.mark.parametrize("path", sources(), ids=place)
def test_only_a_token_and_the_directory_make_a_trusted_tenant_id(path: Path) -> None:
    assert calls(path.read_text(), "TenantId") == (place(path) in MINTS_TENANT_IDS)


@pytest.mark.parametrize("path", sources(), ids=place)
def test_only_the_settings_read_the_environment(path: Path) -> None:
    reads = {"os.environ", "os.getenv"} & {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert reads == set() or place(path) in READS_PATH, place(path)


# asyncpg's exception classes, to tell a refused address from a mistake; no connection is made there.
EXCEPTIONS = {"api/commands/store.py"}
# Where the system's PostgreSQL is looked for (PATH) and what its processes inherit.
READS_PATH = {"tenants/embedded/binaries.py", "tenants/embedded/account.py", "tenants/embedded/launch.py"}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("domain", "from authz.viewer import Role"),
        ("domain", "def f():\n    import api.app"),
        ("authz", "import domain.people.model"),
        ("tenants", "from domain.people import model"),
        ("tenants", "import migrations.runner"),
    ],
)
def test_a_wrong_arrow_is_seen(room: str, source: str) -> None:
    assert wrong_arrows(room, source)


@pytest.mark.parametrize(
    "source",
    [
        "import asyncpg",
        "from sqlalchemy.ext.asyncio import AsyncEngine",
        "from sqlalchemy import create_engine",
        "def f():\n    from sqlalchemy.orm import Session",
    ],
)
def test_a_way_around_the_opener_is_seen(source: str) -> None:
    assert reaches_database(source)
