"""The migrations and the tables in the code describe the same database."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.metadata import metadata
from migrations.runner import MigrationError, _config, differences, newest, upgrade
from tenants.embedded import Addresses
from tests.support.cluster import Urls, addresses_of, clone, remove

SCHEMAS = "('public'::regnamespace, 'keys'::regnamespace)"
DESCRIPTION = f"""
    SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod)
           || CASE WHEN attnotnull THEN ' not null' ELSE '' END
           || coalesce(' collate ' || attcollation::regcollation, '')
           || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') AS line
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace IN {SCHEMAS} AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped AND NOT relispartition
    UNION ALL
    SELECT 'constraint ' || conrelid::regclass || '.' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE connamespace IN {SCHEMAS} AND NOT relispartition AND conparentid = 0
    UNION ALL
    SELECT 'index ' || pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace IN {SCHEMAS} AND NOT relispartition
    UNION ALL
    SELECT 'comment ' || pg_class.oid::regclass || coalesce('.' || attname, '') || ' ' || description
    FROM pg_description JOIN pg_class ON pg_class.oid = objoid AND classoid = 'pg_class'::regclass
    LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0
    WHERE relnamespace IN {SCHEMAS}
"""


async def described(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return sorted(
            row["line"] for row in await connection.fetch(DESCRIPTION) if "alembic_version" not in row["line"]
        )
    finally:
        await connection.close()


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_migrations_leave_no_difference_that_alembic_sees(urls: Urls) -> None:
    assert await differences(urls.owner) == []


async def test_the_migrations_make_the_very_tables_of_the_code(server: Addresses, urls: Urls) -> None:
    """Checks and partial indexes too, which Alembic does not compare."""
    name = await clone(server, "template0")
    made = addresses_of(server, name)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(made.owner))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA keys"))
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    from_code = await described(made.owner)
    await remove(server, name)
    assert len(from_code) > 300
    assert await described(urls.owner) == from_code


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE person ADD COLUMN nickname text",
        "ALTER TABLE person DROP COLUMN phone",
        "DROP INDEX person_name_idx",
        "ALTER TABLE seat ALTER COLUMN email SET NOT NULL",
        "ALTER TABLE keys.data_key ADD COLUMN secret bytea",
    ],
)
async def test_a_difference_is_seen(urls: Urls, change: str) -> None:
    before = await described(urls.owner)
    await run(urls.owner, change)
    assert await differences(urls.owner) != []
    assert await described(urls.owner) != before


async def test_migrating_twice_and_from_two_machines_at_once_is_safe(server: Addresses) -> None:
    name = await clone(server, "template0")
    url = addresses_of(server, name).owner
    outcomes: Sequence[tuple[str | None, str]] = await asyncio.gather(*(upgrade(url) for _ in range(3)))
    assert sorted(outcomes, key=str) == sorted([(None, newest()), (newest(), newest()), (newest(), newest())], key=str)
    assert await upgrade(url) == (newest(), newest())
    await remove(server, name)


async def test_a_migrated_database_lets_nobody_make_temporary_tables(server: Addresses) -> None:
    name = await clone(server, "template0")
    urls = addresses_of(server, name)
    await upgrade(urls.owner)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(urls.application, "CREATE TEMP TABLE x ()")
    await remove(server, name)


async def test_a_database_of_a_newer_program_is_left_alone(urls: Urls) -> None:
    await run(urls.owner, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MigrationError, match="newer than this program"):
        await upgrade(urls.owner)


async def test_a_database_with_people_in_clear_is_refused_and_left_as_it_is(server: Addresses) -> None:
    name = await clone(server, "template0")
    urls = addresses_of(server, name)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(urls.owner))
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "0002"))
    await engine.dispose()
    tenant = "11111111-1111-1111-1111-111111111111"
    await run(
        urls.superuser,
        f"INSERT INTO tenant_directory VALUES ('{tenant}', 'a')",
        f"INSERT INTO tenant (tenant_id, slug, name) VALUES ('{tenant}', 'a', 'A')",
        f"INSERT INTO person (tenant_id, id, phone) VALUES ('{tenant}', '{tenant}', '1')",
    )
    with pytest.raises(MigrationError, match="holds personal data in clear"):
        await upgrade(urls.owner)
    connection = await asyncpg.connect(urls.superuser)
    assert await connection.fetchval("SELECT phone FROM person") == "1"
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "0002"
    await connection.close()
    await remove(server, name)
