"""Watching the policy's files while the server runs: each process looks by itself, about once a second."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import structlog

from api.asking.matrix import warming
from authz.reloading import Outcome, Reloader

log = structlog.get_logger(__name__)

SECONDS = 0.8
"""Between two looks. A change is in force after its second look: within two of these and the time to load it."""

_MOST_PROBLEMS = 50
_LONGEST = 300


@asynccontextmanager
async def watching(policy: Reloader) -> AsyncIterator[None]:
    """Look at the policy's folder until the block ends. Nothing but files is touched, and never on the loop."""
    task = asyncio.create_task(_watch(policy))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(policy: Reloader) -> None:
    async with AsyncExitStack() as warm:
        while True:
            await asyncio.sleep(SECONDS)
            try:
                outcome = await asyncio.to_thread(policy.look)
            except Exception:
                # The old policy stays in force, and the next state of the files is tried again.
                log.exception("the policy was not reloaded", kept=policy.version)
                continue
            _tell(policy, outcome)
            if outcome is Outcome.CHANGED:
                await warm.aclose()
                await warm.enter_async_context(warming(policy.masks.current))


def _tell(policy: Reloader, outcome: Outcome | None) -> None:
    match outcome:
        case Outcome.FAILED:
            told = [problem[:_LONGEST] for problem in policy.problems[:_MOST_PROBLEMS]]
            count = len(policy.problems)
            log.error("the policy was not reloaded", kept=policy.version, count=count, problems=told)
        case Outcome.CHANGED | Outcome.UNCHANGED:
            log.info("the policy was reloaded", version=policy.version, outcome=outcome.value)
