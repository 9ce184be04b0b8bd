"""The only opener of a database transaction. Each one has its tenant inside, set for that transaction and no longer.

Who reads gets a `ReadSession` (REPEATABLE READ: all its statements see one state), who writes a `WriteSession`
(READ COMMITTED). Leaving the block commits; an exception rolls back. Only the edge opens one, so only the edge commits.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tenants.connection import DatabaseSettings, DatabaseUnavailableError, create_engine, drop, told_apart
from tenants.session import InTenant, ReadSession, SystemTask, WriteSession

# Beside the tenant: no just-in-time compilation (it costs more than these statements take), pages are in memory, one
# plan per statement however its parameters look, and bounds on time. Joins go along indexes: a generic plan takes an
# array for ten rows and would read a whole table of people to join a page of them. All of it ends with the transaction.
_OPEN = text("""
    SELECT set_config('app.tenant', :tenant, true),
           set_config('statement_timeout', :milliseconds, true),
           set_config('lock_timeout', :milliseconds, true),
           set_config('idle_in_transaction_session_timeout', :milliseconds, true),
           set_config('jit', 'off', true),
           set_config('random_page_cost', '1.1', true),
           set_config('plan_cache_mode', 'force_generic_plan', true),
           set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true)
""")


_ROLE = text("""
    SELECT rolname, rolsuper, rolbypassrls,
           EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid AND relkind IN ('r', 'p')) AS owns
    FROM pg_roles WHERE rolname = current_user
""")


class UnsafeRoleError(Exception):
    """The role that the database was opened with is not bound by row-level security."""


class Database:
    """The database behind its sessions."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self._engine = create_engine(settings)
        self._reads = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._writes = self._engine.execution_options(isolation_level="READ COMMITTED")

    @asynccontextmanager
    async def reading(self, who: InTenant) -> AsyncIterator[ReadSession]:
        """Open a transaction that reads in `who`'s tenant. Raises `DatabaseUnavailableError`."""
        limit = self._limit(who)
        async with self._transaction(self._reads, str(who.tenant_id), limit) as connection:
            session = ReadSession(connection, who.tenant_id, limit)
            yield session
            session.ensure_whole()

    @asynccontextmanager
    async def writing(self, who: InTenant) -> AsyncIterator[WriteSession]:
        """Open a transaction that writes in `who`'s tenant. Raises `DatabaseUnavailableError`."""
        limit = self._limit(who)
        async with self._transaction(self._writes, str(who.tenant_id), limit) as connection:
            session = WriteSession(connection, who.tenant_id, limit)
            yield session
            session.ensure_whole()

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction with no tenant: it reaches the directory, and no row of anybody."""
        async with self._transaction(self._writes, "", self._settings.statement_timeout) as connection:
            with told_apart():
                yield connection

    async def revision(self) -> str | None:
        """Return the schema's revision, None without one. Raises `DatabaseUnavailableError`."""
        async with self.outside() as connection:
            there = (await connection.execute(text("SELECT to_regclass('public.alembic_version')"))).scalar_one()
            if there is None:
                return None
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            return found.scalar_one_or_none()

    async def check_role(self) -> None:
        """Refuse a role that row-level security does not bind. Raises `UnsafeRoleError`."""
        async with self.outside() as connection:
            role = (await connection.execute(_ROLE)).one()
        if role.rolsuper or role.rolbypassrls or role.owns:
            raise UnsafeRoleError(
                f"The database's role {role.rolname} is a superuser, bypasses row-level security or owns tables: "
                "serve under sextrontgen_app, or a role that was granted it and nothing else."
            )

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    def _limit(self, who: InTenant) -> float:
        is_task = isinstance(who, SystemTask)
        return self._settings.task_statement_timeout if is_task else self._settings.statement_timeout

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine, tenant: str, limit: float) -> AsyncIterator[AsyncConnection]:
        connection = await self._open(engine, tenant, limit)
        try:
            yield connection
            await _commit(connection, limit)
        except (asyncio.CancelledError, DatabaseUnavailableError):
            await asyncio.shield(drop(connection))
            raise
        except BaseException:
            await asyncio.shield(_roll_back(connection, limit))
            raise
        finally:
            await asyncio.shield(connection.close())

    async def _open(self, engine: AsyncEngine, tenant: str, limit: float) -> AsyncConnection:
        """Return a connection whose transaction has begun. One that died while it was idle is replaced, once."""
        with told_apart():
            async with asyncio.timeout(self._settings.open_limit):
                try:
                    return await _begin(engine, tenant, limit)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                    return await _begin(engine, tenant, limit)


async def _commit(connection: AsyncConnection, limit: float) -> None:
    """Commit. Whatever keeps it from that, a trigger that waited for the end too, leaves nothing standing."""
    try:
        with told_apart():
            async with asyncio.timeout(limit):
                await connection.commit()
    except SQLAlchemyError:
        raise DatabaseUnavailableError("The database did not take the transaction's end.") from None


async def _roll_back(connection: AsyncConnection, limit: float) -> None:
    # The pool would do it too, and wait for a server that is stuck as long as it takes.
    try:
        with told_apart():
            async with asyncio.timeout(limit):
                await connection.rollback()
    except DatabaseUnavailableError:
        await drop(connection)


async def _begin(engine: AsyncEngine, tenant: str, limit: float) -> AsyncConnection:
    connection = await engine.connect().start()
    try:
        await connection.execute(_OPEN, {"tenant": tenant, "milliseconds": str(int(limit * 1000))})
    except BaseException:
        await asyncio.shield(drop(connection))
        await asyncio.shield(connection.close())
        raise
    return connection
