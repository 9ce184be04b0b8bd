"""`sextrontgen serve` in a process of its own for each line on standard input, without waiting for Python's imports.

Told everything by the environment, as the program is, and by its one argument whether it is the program itself
(`honest`) or has the fault that the harness must find (`hasty`): an answer leaves before its commit.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn
from unittest.mock import patch

from api.cli import main
from tenants.database import Database
from tenants.transaction import Transaction

HELD_BACK = 0.05
"""Seconds between a hasty answer and its commit."""

_later = set[asyncio.Task[None]]()


def start_each() -> None:
    """Start a process for each line, and write its number to standard output; end the last when there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here asks how they ended
    number = 0
    for _ in sys.stdin:
        number = os.fork()
        if not number:
            _serve()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    if number:
        os.kill(number, signal.SIGKILL)


def _serve() -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with open(os.devnull) as nothing:  # noqa: PTH123 # a device
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    sys.argv[:] = ["sextrontgen", "serve"]
    main()


@asynccontextmanager
async def _transaction(self: Database, opening: object, limit: float) -> AsyncIterator[Transaction]:
    """Open a transaction as the program does, and commit it a while after its block was left."""
    transaction = await self._open(opening, limit)  # type: ignore[arg-type] # handed on
    try:
        yield transaction
    except BaseException:
        transaction.release()
        raise
    ending = asyncio.create_task(_commit(transaction))
    _later.add(ending)
    ending.add_done_callback(_later.discard)


async def _commit(transaction: Transaction) -> None:
    try:
        await asyncio.sleep(HELD_BACK)
        await transaction.commit()
    finally:
        transaction.release()


if __name__ == "__main__":
    if sys.argv[1] == "hasty":
        patch.object(Database, "_transaction", _transaction).start()
    start_each()
