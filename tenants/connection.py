"""The pool of connections, its limits, and the one error that means: the database cannot answer now."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


class DatabaseUnavailableError(Exception):
    """The database is gone, full, overloaded or too slow; nothing of the transaction stands. It may work later."""


class StatementFailedError(Exception):
    """A statement cannot be run as it is: a mistake of the program's, or a right that is missing.

    It has PostgreSQL's SQLSTATE and the error's name, and nothing of the statement or its values.
    """

    def __init__(self, sqlstate: str | None, name: str) -> None:
        super().__init__(f"{name} ({sqlstate})")
        self.sqlstate = sqlstate


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the database is and how long anything may take there; times in seconds."""

    url: str = field(repr=False)
    pool_size: int = 10
    pool_wait: float = 1.0
    connect_timeout: float = 1.0
    open_limit: float = 1.5
    """From wanting a transaction to having one, the wait for a free connection included."""
    statement_timeout: float = 1.5
    task_statement_timeout: float = 120.0
    statement_cache: int = 512
    """Prepared statements kept per connection; 0 behind PgBouncer in transaction mode."""


_GOODBYE = 0.1
"""Seconds that a connection may take to close."""

# Classes of SQLSTATE (PostgreSQL manual, appendix A) after which the same request may succeed later:
# connection, transaction rollback, insufficient resources, operator intervention (with statement timeout), system.
_PASSING = ("08", "40", "53", "57", "58", "55P03", "25P03", "25006")


# What the driver raises whose connection is lost; the last is said between the server's farewell and the socket's end.
_LOST = (OSError, TimeoutError, PoolTimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_passing(error: BaseException | None) -> bool:
    """Tell whether `error` is the database's state and not the program's mistake."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_passing(error.orig) or is_passing(error.__cause__)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_PASSING)
    if isinstance(error, _LOST):
        return True
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is not None:
        return str(sqlstate).startswith(_PASSING)
    return error is not None and is_passing(error.__cause__)


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn errors that are the database's state into `DatabaseUnavailableError`; let the program's mistakes pass."""
    try:
        yield
    except (SQLAlchemyError, asyncpg.PostgresError, *_LOST) as error:
        if is_passing(error):
            # The cause stays out of the chain: drivers quote statements and values in their messages.
            raise DatabaseUnavailableError(_in_words(error)) from None
        if isinstance(error, asyncpg.PostgresError):
            raise StatementFailedError(error.sqlstate, type(error).__name__) from None
        raise


_IN_WORDS = {
    "53100": "The database's disk is full: free some space.",
    "53300": "The database has no connection left: raise max_connections, or lower the pools' sizes.",
    "57014": "The database took too long.",
    "55P03": "The database took too long: something there is locked.",
    "25P03": "A transaction was left idle for too long.",
}


def _in_words(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        state = str(getattr(cause, "sqlstate", None) or "")
        if state in _IN_WORDS:
            return _IN_WORDS[state]
        if state.startswith("40"):
            return "The database had to undo this because of another change at the same time."
        cause = getattr(cause, "orig", None) or cause.__cause__
    return "The database does not answer: check that it runs and that its address is right."


class _Connection(asyncpg.Connection):  # type: ignore[misc] # asyncpg publishes no types
    """A connection that does not wait for its own end: SQLAlchemy gives a server that is stuck two seconds for it."""

    has_served = False
    """Whether it lay in the pool since it was made: one that is found dead then died there, idle."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        """Close, within a moment or by force."""
        await super().close(timeout=min(timeout or _GOODBYE, _GOODBYE))


def create_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Return the pool. asyncpg itself reads the address, so every libpq parameter works in it.

    SQLAlchemy begins and ends nothing there (AUTOCOMMIT): `tenants.transaction` does, on the driver's connection.
    """

    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                settings.url,
                connection_class=_Connection,
                timeout=settings.connect_timeout,
                statement_cache_size=settings.statement_cache,
                server_settings={"application_name": "sextrontgen"},
            )
        except asyncpg.PostgresError as error:
            if is_passing(error):
                raise
            # A password that was changed, a database that is closed or gone: whoever is not let in has no database.
            raise DatabaseUnavailableError(
                f"The database does not let this program in ({type(error).__name__}): check its address and password."
            ) from None

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        isolation_level="AUTOCOMMIT",
        pool_size=settings.pool_size,
        max_overflow=0,
        # The one used last has its plans and pages at hand; after a rush the others are left to rest.
        pool_use_lifo=True,
        hide_parameters=True,
    )


class Held:
    """A connection that was taken out of the pool: nobody else has it until it is given back or dropped, once.

    Neither of the two waits for anything, so neither can be cancelled half-way.
    """

    def __init__(self, connection: AsyncConnection, next_please: Callable[[], None]) -> None:
        assert connection.sync_connection is not None
        self.sqlalchemy = connection
        self._proxied = connection.sync_connection
        self._next_please = next_please
        self.driver: Any = self._proxied.connection.driver_connection

    @property
    def died_idle(self) -> bool:
        """Whether it is dead and was alive when it was last given back."""
        return bool(self.driver.has_served and self.driver.is_closed())

    @property
    def is_in_transaction(self) -> bool:
        """Whether the server said with its last answer that a transaction is open, failed or not."""
        return bool(not self.driver.is_closed() and self.driver.is_in_transaction())

    def give_back(self) -> None:
        """Give it back to the pool; end it when a transaction is open on it, which is nobody else's business."""
        if self.is_in_transaction:
            self.drop()
            return
        self.driver.has_served = True
        self._proxied.close()
        self._next_please()

    def drop(self) -> None:
        """End it: a statement may still be running on it, so it is not fit for anybody else."""
        self.driver.terminate()
        if not self._proxied.closed:
            self._proxied.invalidate()
        self._proxied.close()
        self._next_please()


class Pool:
    """The pool's door. Who came first goes first: SQLAlchemy's own queue lets whoever comes pass those who wait."""

    def __init__(self, engine: AsyncEngine, settings: DatabaseSettings) -> None:
        self._engine = engine
        self._free = asyncio.BoundedSemaphore(settings.pool_size)
        self._wait = settings.pool_wait

    async def take(self) -> Held:
        """Return a connection. Raises `DatabaseUnavailableError`, and what the driver raises."""
        await self._turn()
        try:
            return Held(await self._engine.connect().start(), self._free.release)
        except BaseException:
            self._free.release()
            raise

    async def _turn(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        except TimeoutError:
            raise DatabaseUnavailableError("Every connection to the database is in use.") from None
