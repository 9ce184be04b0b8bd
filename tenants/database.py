"""The only opener of a database transaction. Each one has its tenant inside, set for that transaction and no longer.

Who reads gets a `ReadSession` (REPEATABLE READ: all its statements see one state), who writes a `WriteSession`
(READ COMMITTED). Leaving the block commits; an exception rolls back. Only the edge opens one, so only the edge commits.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tenants.connection import DatabaseSettings, DatabaseUnavailableError, Pool, create_engine, told_apart
from tenants.keys.service import KeyService, SessionKeys
from tenants.session import InTenant, ReadSession, SystemTask, WriteSession
from tenants.transaction import Isolation, Transaction, begin, opening_in, opening_outside

Opening = Callable[[float], str]
"""Makes the text that begins a transaction, of the limit of each wait in it in seconds."""

_AT_ONCE = 0.1
"""Seconds within which a connection counts as not waited for."""

_LEAST = 0.2
"""The part of its limit that a transaction keeps, however long its connection was waited for."""

_ROLE = text("""
    SELECT rolname, rolsuper, rolbypassrls,
           EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid AND relkind IN ('r', 'p')) AS owns
    FROM pg_roles WHERE rolname = current_user
""")


class UnsafeRoleError(Exception):
    """The role that the database was opened with is not bound by row-level security."""


class Database:
    """The database behind its sessions."""

    def __init__(self, settings: DatabaseSettings, keys: KeyService | None = None) -> None:
        """`keys` seal and open; without them nothing sealed can be written or read."""
        self._settings = settings
        self._keys = keys
        self._engine = create_engine(settings)
        self._pool = Pool(self._engine, settings)

    @asynccontextmanager
    async def reading(self, who: InTenant) -> AsyncIterator[ReadSession]:
        """Open a transaction that reads in `who`'s tenant. Raises `DatabaseUnavailableError`."""
        opening = partial(opening_in, who.tenant_id, Isolation.ONE_STATE)
        async with self._transaction(opening, self._limit(who)) as transaction:
            session = ReadSession(transaction, who.tenant_id, transaction.limit)
            self._give_keys(session)
            yield session
            await session.settle()

    @asynccontextmanager
    async def writing(self, who: InTenant) -> AsyncIterator[WriteSession]:
        """Open a transaction that writes in `who`'s tenant. Raises `DatabaseUnavailableError`."""
        opening = partial(opening_in, who.tenant_id, Isolation.NEWEST)
        async with self._transaction(opening, self._limit(who)) as transaction:
            session = WriteSession(transaction, who.tenant_id, transaction.limit)
            self._give_keys(session)
            yield session
            await session.settle()

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction with no tenant: it reaches the directory, and no row of anybody."""
        limit = self._settings.statement_timeout
        async with self._transaction(partial(opening_outside, Isolation.NEWEST), limit) as transaction:
            with told_apart():
                yield transaction.held.sqlalchemy

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
        """Close every connection, and forget every key."""
        if self._keys is not None:
            self._keys.forget()
        await self._engine.dispose()

    def _give_keys(self, session: ReadSession) -> None:
        if self._keys is not None:
            session.use(SessionKeys(self._keys, session))

    def _limit(self, who: InTenant) -> float:
        is_task = isinstance(who, SystemTask)
        return self._settings.task_statement_timeout if is_task else self._settings.statement_timeout

    @asynccontextmanager
    async def _transaction(self, opening: Opening, limit: float) -> AsyncIterator[Transaction]:
        transaction = await self._open(opening, limit)
        try:
            yield transaction
            await transaction.commit()
        except (asyncio.CancelledError, DatabaseUnavailableError):
            # A statement may still be running there, or the server be stuck: the connection is not fit for a ROLLBACK.
            raise
        except BaseException:
            await transaction.roll_back()
            raise
        finally:
            transaction.release()

    async def _open(self, opening: Opening, limit: float) -> Transaction:
        """Return a transaction that has begun. Connections that are not fit are passed over, a new one never is."""
        now = asyncio.get_running_loop().time
        began, whole = now(), opening(limit)
        with told_apart():
            async with asyncio.timeout(self._settings.open_limit):
                while True:
                    held = await self._pool.take()
                    left = _left(limit, now() - began)
                    if transaction := await begin(held, whole if left == limit else opening(left), left):
                        return transaction


def _left(limit: float, waited: float) -> float:
    """Return the limit of a transaction's waits after a wait for its connection; all in seconds.

    To whoever asks the two are one wait, and a refusal is promised in time.
    """
    return limit if waited < _AT_ONCE else max(limit - waited, limit * _LEAST)
