"""What tests ask of a single connection, and do to a database past the program."""

import asyncpg

from tenants.database import Database
from tests.support.cluster import Urls

LATE = """CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON person DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION late();"""
"""A trigger that waits for the COMMIT."""


async def as_superuser(urls: Urls, statement: str) -> None:
    """Run `statement` above every rule."""
    connection = await asyncpg.connect(urls.superuser)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def connection_in_pool(database: Database) -> tuple[int, bool, str | None]:
    """Return the next connection's process, whether a transaction is open on it, and the tenant that is set on it."""
    held = await database._pool.take()
    try:
        is_open = held.is_in_transaction
        tenant = await held.driver.fetchval("SELECT current_setting('app.tenant', true)")
        return held.driver.get_server_pid(), is_open, tenant
    finally:
        held.give_back()
