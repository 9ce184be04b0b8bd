"""The only opener of a database transaction. Each one has its tenant inside, set for that transaction and no longer.

Who reads gets a `ReadSession` (REPEATABLE READ: all its statements see one state), who writes a `WriteSession`
(READ COMMITTED). Leaving the block commits; an exception rolls back. Only the edge opens one, so only the edge commits.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, CursorResult, Executable, Row, Table, Uuid, bindparam, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tenants.database import DatabaseSettings, DatabaseUnavailableError, create_engine, drop, told_apart
from tenants.ids import TenantId
from tenants.statements import Plan

Values = Mapping[str, Any]

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


class StatementEndedError(Exception):
    """The one who waited was cancelled; the statement has ended well, and its transaction is whole."""


class BrokenTransactionError(Exception):
    """A statement of this transaction failed, so nothing of it may be committed."""


class Task(StrEnum):
    """What the program does in its own name and not for a viewer."""

    DIRECTORY = "directory"
    DEMO = "demo"
    IMPORT = "import"
    SIGN_IN = "sign-in"
    READINESS = "readiness"


class InTenant(Protocol):
    """Whoever acts inside one tenant: the claims of a verified token, or a system task."""

    @property
    def tenant_id(self) -> TenantId: ...


@dataclass(frozen=True, slots=True)
class SystemTask:
    """A named task of the program itself in one tenant."""

    task: Task
    tenant_id: TenantId


_current_tenant: ContextVar[TenantId] = ContextVar("current_tenant")

CURRENT_TENANT = bindparam("current_tenant", callable_=_current_tenant.get, type_=Uuid())
"""The tenant of the session that runs the statement. Outside a session it has no value, and the statement fails."""


def in_tenant(table: Table) -> ColumnElement[bool]:
    """Return the predicate that a row of `table` is the tenant's of the session that runs the statement."""
    predicate: ColumnElement[bool] = table.c.tenant_id == CURRENT_TENANT
    return predicate


class ReadSession:
    """A transaction to read in, inside one tenant."""

    def __init__(self, connection: AsyncConnection, tenant_id: TenantId, limit: float) -> None:
        self.tenant_id = tenant_id
        self._connection = connection
        self._limit = limit
        self._one_at_a_time = asyncio.Lock()
        self._broken = False

    async def rows(self, statement: Executable, values: Values | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the rows of `statement`.

        Raises `DatabaseUnavailableError` when the database cannot answer within the session's limit.
        """
        result = await self._run(statement, values)
        return result.all() if result.returns_rows else []

    async def first(self, statement: Executable, values: Values | None = None) -> Row[*tuple[Any, ...]] | None:
        """Return the first row of `statement`, or None."""
        found = await self.rows(statement, values)
        return found[0] if found else None

    async def fetch(self, statement: str, arguments: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement compiled before, run by the driver itself with its `arguments` in order."""
        async with self._turn():
            raw = await self._connection.get_raw_connection()
            driver: Any = raw.driver_connection
            running = asyncio.ensure_future(driver.fetch(statement, *arguments))
            found: Sequence[Sequence[Any]] = await _to_its_end(running, self._limit)
            return found

    async def run(self, plan: Plan, values: Values) -> Sequence[Any]:
        """Return the rows of `plan`, whose columns are had by name (`row["name"]`); the session's tenant is bound."""
        return await self.fetch(plan.text, plan.arguments({"current_tenant": self.tenant_id, **values}))

    def ensure_whole(self) -> None:
        """Raise `BrokenTransactionError` when a statement failed here, whoever caught its error.

        PostgreSQL undoes such a transaction, and answers its COMMIT without an error.
        """
        if self._broken:
            raise BrokenTransactionError

    async def _run(
        self, statement: Executable, values: Values | Sequence[Values] | None
    ) -> CursorResult[*tuple[Any, ...]]:
        async with self._turn():
            return await self._connection.execute(statement, values)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        # Fields of one document are resolved side by side, and a connection does one thing at a time.
        async with self._one_at_a_time:
            reset = _current_tenant.set(self.tenant_id)
            try:
                with told_apart():
                    async with asyncio.timeout(self._limit):
                        yield
            except StatementEndedError:
                raise asyncio.CancelledError from None
            except BaseException:
                self._broken = True
                raise
            finally:
                _current_tenant.reset(reset)


async def _to_its_end(running: asyncio.Future[Any], limit: float) -> Any:  # noqa: ANN401 - what a driver returns
    """Return what `running` comes to; when this is cancelled, end it or let it end first, within `limit` seconds.

    One field of a document that fails cancels those beside it, and half a statement would break the transaction that
    they share. Raises TimeoutError.
    """
    try:
        await asyncio.wait({running}, timeout=limit)
    except asyncio.CancelledError:
        await asyncio.wait({running}, timeout=limit)
        if running.done() and not running.cancelled() and running.exception() is None:
            raise StatementEndedError from None
        running.cancel()
        raise
    if not running.done():
        running.cancel()
        raise TimeoutError
    return running.result()


class WriteSession(ReadSession):
    """A transaction to write in, inside one tenant."""

    async def change(self, statement: Executable, values: Values | None = None) -> int:
        """Run `statement`; return how many rows it changed."""
        result = await self._run(statement, values)
        return int(result.rowcount)

    async def insert(self, table: Table, rows: Sequence[Values]) -> None:
        """Add `rows`, all with the same keys, to `table` as the session's tenant's."""
        if rows:
            await self._run(table.insert(), [{"tenant_id": self.tenant_id, **row} for row in rows])


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
