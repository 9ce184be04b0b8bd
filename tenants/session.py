"""What can be done inside a transaction of one tenant: reading in a `ReadSession`, writing too in a `WriteSession`.

`tenants.database` opens them. A statement that a session runs finds its tenant in `CURRENT_TENANT`; outside of one it
has none, and fails.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import ColumnElement, CursorResult, Executable, Row, Table, Uuid, bindparam

from tenants.connection import Held, told_apart
from tenants.ids import TenantId
from tenants.keys.rows import sealed_rows
from tenants.statements import Plan
from tenants.transaction import BrokenTransactionError, Transaction

if TYPE_CHECKING:
    from tenants.keys.service import SessionKeys

Values = Mapping[str, Any]

_MOMENT = 1.5
"""Seconds that the end of a transaction waits for a statement; one that takes longer, the end cuts short."""


class StatementEndedError(Exception):
    """The one who waited was cancelled; the statement has ended well, and its transaction is whole."""


class NoKeysError(Exception):
    """Something sealed was to be written or read where the database was opened without keys."""


class Task(StrEnum):
    """What the program does in its own name and not for a viewer."""

    DIRECTORY = "directory"
    DEMO = "demo"
    IMPORT = "import"
    SIGN_IN = "sign-in"
    READINESS = "readiness"
    KEYS = "keys"
    SEAL = "seal"
    AUDIT = "audit"


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

    def __init__(self, transaction: Transaction, tenant_id: TenantId, limit: float) -> None:
        self.tenant_id = tenant_id
        self._transaction = transaction
        self._limit = limit
        self._one_at_a_time = asyncio.Lock()
        self._broken = False
        self._keys: SessionKeys | None = None

    @property
    def keys(self) -> "SessionKeys":
        """Return the keys as this transaction sees them. Raises `NoKeysError`."""
        if self._keys is None:
            raise NoKeysError("The database was opened without its keys: Database(settings, KeyService(...)).")
        return self._keys

    def use(self, keys: "SessionKeys") -> None:
        """Seal and open with `keys`; told once, by who opens the session."""
        self._keys = keys

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
        async with self._turn() as held:
            # The driver keeps the limit itself. A task, because cancelling this one would cut the statement short.
            running = asyncio.get_running_loop().create_task(
                held.driver.fetch(statement, *arguments, timeout=self._limit)
            )
            found: Sequence[Sequence[Any]] = await _to_its_end(running, self._limit)
            return found

    async def run(self, plan: Plan, values: Values) -> Sequence[Any]:
        """Return the rows of `plan`, whose columns are had by name (`row["name"]`); the session's tenant is bound."""
        return await self.fetch(plan.text, plan.arguments({"current_tenant": self.tenant_id, **values}))

    async def settle(self) -> None:
        """Wait a moment for a statement that still runs, of a field that was cancelled: the end comes after it.

        Raises `BrokenTransactionError` when a statement failed here, whoever caught its error.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(min(self._limit, _MOMENT)), self._one_at_a_time:
                pass
        if self._broken:
            raise BrokenTransactionError("A statement of the session failed, so nothing of it is committed.")

    async def _run(
        self, statement: Executable, values: Values | Sequence[Values] | None
    ) -> CursorResult[*tuple[Any, ...]]:
        async with self._turn() as held:
            reset = _current_tenant.set(self.tenant_id)
            try:
                async with asyncio.timeout(self._limit):
                    return await held.sqlalchemy.execute(statement, values)
            finally:
                _current_tenant.reset(reset)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[Held]:
        # Fields of one document are resolved side by side, and a connection does one thing at a time.
        async with self._one_at_a_time:
            held = self._transaction.held
            try:
                with told_apart():
                    yield held
            except StatementEndedError:
                raise asyncio.CancelledError from None
            except BaseException:
                self._broken = True
                raise


async def _to_its_end(running: asyncio.Task[Any], limit: float) -> Any:  # noqa: ANN401 - what a driver returns
    """Return what `running` comes to; when this is cancelled, let it end first, and end it after `limit` seconds.

    One field of a document that fails cancels those beside it, and half a statement would break the transaction that
    they share.
    """
    try:
        await _end_of(running)
    except asyncio.CancelledError:
        await _outlast(running, limit)
        ended_well = running.done() and not running.cancelled() and running.exception() is None
        running.cancel()
        if ended_well:
            raise StatementEndedError from None
        raise
    return running.result()


async def _outlast(running: asyncio.Task[Any], limit: float) -> None:
    """Wait `limit` seconds at most for the end of `running`, however often this is cancelled meanwhile.

    graphql-core cancels what stands beside a field that failed on every level between the two.
    """
    clock = running.get_loop().time
    until = clock() + limit
    while not running.done() and clock() < until:
        with suppress(asyncio.CancelledError):
            await asyncio.wait((running,), timeout=until - clock())


def _end_of(running: asyncio.Task[Any]) -> asyncio.Future[None]:
    """Return what is done when `running` is. Cancelling it does not cancel `running`.

    `asyncio.wait` costs as much as the rest of a statement, and `asyncio.shield` may log what is nobody's business.
    """
    end: asyncio.Future[None] = running.get_loop().create_future()

    def tell(_running: asyncio.Task[Any]) -> None:
        if not end.done():
            end.set_result(None)

    running.add_done_callback(tell)
    return end


class WriteSession(ReadSession):
    """A transaction to write in, inside one tenant."""

    async def change(self, statement: Executable, values: Values | None = None) -> int:
        """Run `statement`; return how many rows it changed."""
        result = await self._run(statement, values)
        return int(result.rowcount)

    async def insert(self, table: Table, rows: Sequence[Values]) -> None:
        """Add `rows`, all with the same keys, to `table` as the session's tenant's.

        What is sealed in the table is sealed here. Raises what `tenants.keys.rows.sealed_rows` does.
        """
        if rows:
            stored = await sealed_rows(self, table, rows)
            await self._run(table.insert(), [{"tenant_id": self.tenant_id, **row} for row in stored])
