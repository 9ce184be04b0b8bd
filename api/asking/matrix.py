"""The policy's table: who may read what, cell by cell, under the mask in force for a request."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

from api.asking.turns import TURN, in_turns
from authz.explain import Cell, matrix
from authz.mask import Mask
from authz.reasons import subject_class
from authz.viewer import Purpose, Role, SubjectClass, SubjectFlag, flags_of

MOST_RULES = 3_500
"""Cells that the table can have: fields, times the purposes of each role, times the kinds of people."""


async def rules(
    mask: Mask, role: Role | None, flags: Iterable[SubjectFlag] | None, purpose: Purpose | None
) -> list[dict[str, Any]]:
    """Return the cells of `mask` as objects of the type AccessRule: those of one role, kind of person or purpose.

    `flags`: of the kind of person; None means every kind, none of them an adult, RESTRICTED goes before MINOR.
    """
    cells = matrix(
        mask,
        roles=Role if role is None else [role],
        subjects=SubjectClass if flags is None else [_class_of(set(flags))],
        purposes=Purpose if purpose is None else [purpose],
    )
    return await in_turns(map(_rule, cells))


@asynccontextmanager
async def warming(mask: Mask) -> AsyncIterator[None]:
    """Let `mask` decide every cell meanwhile, a fifth of the time at most, so that nobody waits for it later."""
    task = asyncio.create_task(in_turns(matrix(mask), pause=4 * TURN))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _class_of(flags: set[SubjectFlag]) -> SubjectClass:
    return subject_class(SubjectFlag.MINOR in flags, SubjectFlag.RESTRICTED in flags)


def _rule(cell: Cell) -> dict[str, Any]:
    return {**cell._asdict(), "subject": flags_of(cell.subject)}
