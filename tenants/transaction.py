"""A transaction from its begin to its end, each one round trip: the texts are run by the driver as simple queries.

Everything is set for the transaction and ends with it, so the next one on the same connection starts from nothing,
also where the connection is PgBouncer's (transaction mode).
"""

from contextlib import suppress
from enum import StrEnum
from uuid import UUID

from tenants.connection import DatabaseUnavailableError, Held, StatementFailedError, told_apart

# No just-in-time compilation (it costs more than these statements take), pages are in memory, one plan per statement
# however its parameters look. Joins go along indexes: a generic plan takes an array for ten rows and would read a whole
# table of people to join a page of them.
_PLANNING = (
    "SET LOCAL jit = off; SET LOCAL random_page_cost = 1.1; SET LOCAL plan_cache_mode = force_generic_plan; "
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; "
    # One request, one processor: workers of its own would cost more than they save, and take them from others.
    "SET LOCAL max_parallel_workers_per_gather = 0"
)
_COMMITTED = "COMMIT"


class BrokenTransactionError(Exception):
    """A statement of this transaction failed, so nothing of it may be committed."""


class TransactionOverError(Exception):
    """The transaction is over, and its connection may serve somebody else by now."""


class Isolation(StrEnum):
    """How a transaction stands to the others (PostgreSQL manual, section 13.2)."""

    ONE_STATE = "REPEATABLE READ"
    NEWEST = "READ COMMITTED"


def opening_in(tenant: UUID, isolation: Isolation, limit: float) -> str:
    """Return the text that begins a transaction in `tenant`; each wait in it is bounded by `limit` seconds.

    Raises `TypeError` for a tenant that is not a UUID: its text comes from the number in it and never from outside.
    """
    if not isinstance(tenant, UUID):
        raise TypeError(f"A tenant is a UUID, not a {type(tenant).__name__}.")
    return _opening(str(UUID(int=tenant.int)), isolation, limit)


def opening_outside(isolation: Isolation, limit: float) -> str:
    """Return the text that begins a transaction in no tenant; each wait in it is bounded by `limit` seconds."""
    return _opening("", isolation, limit)


def _opening(tenant: str, isolation: Isolation, limit: float) -> str:
    milliseconds = max(1, int(limit * 1000))  # nought would mean: without a bound
    return (
        f"BEGIN ISOLATION LEVEL {isolation.value}; SET LOCAL app.tenant = '{tenant}'; "
        f"SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {milliseconds}; "
        f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}; {_PLANNING}"
    )


class Transaction:
    """A transaction that has begun. Its connection goes back to the pool only when the server said that it ended.

    `limit` bounds each wait in it, in seconds.
    """

    def __init__(self, held: Held, limit: float) -> None:
        self._held = held
        self.limit = limit
        self._takes_statements = True
        self._has_ended = False

    @property
    def held(self) -> Held:
        """The connection to run statements on. Raises `TransactionOverError` from the moment on that the end begins."""
        if not self._takes_statements:
            raise TransactionOverError("A transaction is over: run its statements before its block is left.")
        return self._held

    async def commit(self) -> None:
        """Commit. Raises `BrokenTransactionError` and `DatabaseUnavailableError`; nothing stands then."""
        self._takes_statements = False
        if not self._held.driver.is_closed() and not self._held.is_in_transaction:
            raise BrokenTransactionError("The transaction was ended from within: nothing but its opener ends it.")
        try:
            said = await self._end(_COMMITTED)
        except StatementFailedError:
            # A trigger that waited for the end.
            raise DatabaseUnavailableError("The database did not take the transaction's end.") from None
        if said != _COMMITTED:
            # PostgreSQL undoes a transaction in which a statement failed, and answers its COMMIT without an error.
            raise BrokenTransactionError("A statement of the transaction failed, so the database has undone it.")

    async def roll_back(self) -> None:
        """Undo everything. A server that does not do so within the limit loses the connection, which undoes it too."""
        self._takes_statements = False
        if not self._has_ended:
            with suppress(DatabaseUnavailableError, StatementFailedError):
                await self._end("ROLLBACK")

    def release(self) -> None:
        """Give the connection back when the server said that the transaction is over; end it otherwise."""
        self._takes_statements = False
        if self._has_ended:
            self._held.give_back()
        else:
            self._held.drop()

    async def _end(self, command: str) -> str:
        with told_apart():
            said = str(await self._held.driver.execute(command, timeout=self.limit))
        self._has_ended = True
        return said


async def begin(held: Held, opening: str, limit: float) -> Transaction | None:
    """Return the transaction that `opening` begins on `held`; None when that connection is not fit and another may be.

    It is not when it died while it was idle, or was given back with a transaction open. Otherwise raises what the
    driver raises. The connection is dropped unless the transaction is returned.
    """
    if held.is_in_transaction:
        held.drop()
        return None
    try:
        await held.driver.execute(opening)
    except BaseException as error:
        died_idle = isinstance(error, Exception) and held.died_idle
        held.drop()
        if died_idle:
            return None
        raise
    return Transaction(held, limit)
