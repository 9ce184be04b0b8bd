"""A stand-in for the program's database: every transaction of a request is a savepoint on one connection.

So a test may rewrite rows between two requests, see that the second one meets them, and undo everything.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from tenants.connection import DatabaseSettings, create_engine
from tenants.database import Database
from tenants.ids import TenantId
from tenants.isolation import APPLICATION_ROLE
from tenants.keys.brief import Brief
from tenants.session import InTenant, ReadSession, SystemTask, Task, WriteSession
from tenants.transaction import Isolation, Transaction, TransactionOverError, opening_in, opening_outside
from tests.support.keys import key_service

_LIMIT = 60.0
_MOST_TENANTS, _FOR_GOOD = 1_000, 1e6


class OneConnection(Database):
    """The program's database on one connection, under the rights that it has in production.

    What a request writes is undone when it ends: the next one meets the rows as the test left them.
    """

    def __init__(self, superuser_url: str) -> None:
        settings = DatabaseSettings(superuser_url, pool_size=1, open_limit=_LIMIT, connect_timeout=_LIMIT)
        keys = key_service()
        # Kept for as long as the database is: whether one is there already makes a statement more or less.
        keys.tenant_keys = Brief(_MOST_TENANTS, _FOR_GOOD)
        super().__init__(settings, keys)
        self._unwrapped = keys
        self._one = create_engine(settings)
        self._found: _Held | None = None
        self.statements: list[str] = []
        """The texts of all statements that requests ran, in order."""
        event.listen(self._one.sync_engine, "before_cursor_execute", lambda *given: self.statements.append(given[2]))

    @property
    def _held(self) -> "_Held":
        assert self._found is not None, "There is a connection inside `undone`."
        return self._found

    @property
    def driver(self) -> Any:
        """The driver's connection, as whoever may do everything. Nobody hears what is run on it."""
        return self._held.driver.driver

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[Any]:
        """Give the driver's connection as whoever may do everything; undo on leaving whatever was done on it."""
        async with self._one.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            self._found = _Held(_Overheard(driver, self.statements), connection)
            await driver.execute("BEGIN")
            try:
                yield driver
            except BaseException:
                # Nobody knows what state it is in.
                await connection.invalidate()
                raise
            finally:
                self._found = None
                self._unwrapped.forget()
            await driver.execute("ROLLBACK")

    async def unwrap(self, tenant_id: UUID) -> None:
        """Let the tenant's key be known, which is read by the first request that needs it."""
        async with self.reading(SystemTask(Task.KEYS, TenantId(tenant_id))) as session:
            assert await session.keys.known([tenant_id]), "Who puts a tenant's rows in gives it a key."

    @asynccontextmanager
    async def reading(self, who: InTenant) -> AsyncIterator[ReadSession]:
        """Open a savepoint to read in."""
        async with self._request(who.tenant_id) as transaction:
            session = ReadSession(cast("Transaction", transaction), who.tenant_id, _LIMIT)
            self._give_keys(session)
            yield session
            await _end(session, transaction)

    @asynccontextmanager
    async def writing(self, who: InTenant) -> AsyncIterator[WriteSession]:
        """Open a savepoint to write in."""
        async with self._request(who.tenant_id) as transaction:
            session = WriteSession(cast("Transaction", transaction), who.tenant_id, _LIMIT)
            self._give_keys(session)
            yield session
            await _end(session, transaction)

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[AsyncConnection]:
        """Open a savepoint with no tenant."""
        async with self._request(None) as transaction:
            yield transaction.held.sqlalchemy

    async def check_role(self) -> None:
        """Let the superuser pass: each savepoint gives its rights up."""

    async def close(self) -> None:
        """Leave the connection to the test."""

    async def end(self) -> None:
        """Close the connection."""
        await super().close()
        await self._one.dispose()

    @asynccontextmanager
    async def _request(self, tenant_id: UUID | None) -> AsyncIterator["_Open"]:
        newest = Isolation.NEWEST
        opening = opening_in(tenant_id, newest, _LIMIT) if tenant_id else opening_outside(newest, _LIMIT)
        _begin, _, settings = opening.partition("; ")
        driver = self.driver
        await driver.execute(f"SAVEPOINT request; SET LOCAL ROLE {APPLICATION_ROLE}; {settings}")
        try:
            yield _Open(self._held)
        finally:
            await driver.execute("ROLLBACK TO SAVEPOINT request; RELEASE SAVEPOINT request")


class _Overheard:
    """A driver's connection that tells which statements it is given."""

    def __init__(self, driver: Any, statements: list[str]) -> None:
        self.driver = driver
        self._statements = statements

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.driver, name)
        if name in ("fetch", "fetchrow", "fetchval", "execute", "executemany", "prepare"):
            return self._heard(found)
        return found

    def _heard(self, run: Any) -> Any:
        def running(statement: str, *given: Any, **named: Any) -> Any:
            self._statements.append(statement)
            return run(statement, *given, **named)

        return running


@dataclass(frozen=True)
class _Held:
    """The connection, by the driver and as SQLAlchemy has it."""

    driver: _Overheard
    sqlalchemy: AsyncConnection


class _Open:
    """A transaction: what a session wants of one is the connection to run statements on, for as long as it is open."""

    def __init__(self, held: _Held) -> None:
        self._held = held
        self.is_over = False

    @property
    def held(self) -> _Held:
        """The connection."""
        if self.is_over:
            raise TransactionOverError("A transaction is over.")
        return self._held


async def _end(session: ReadSession, transaction: _Open) -> None:
    """Let what still runs on the connection come to its end, and nothing more begin."""
    try:
        await session.settle()
    finally:
        transaction.is_over = True
