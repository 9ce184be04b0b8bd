"""Long computations in short turns, so that other requests are answered in between."""

import asyncio
import time
from collections.abc import Iterable
from typing import TypeVar

TURN = 0.005
"""Seconds after which others get their turn."""

T = TypeVar("T")


async def in_turns(items: Iterable[T], pause: float = 0.0) -> list[T]:
    """Return `items` as they come, with a break of `pause` seconds after every turn."""
    found: list[T] = []
    ends = time.perf_counter() + TURN
    for item in items:
        found.append(item)
        if time.perf_counter() >= ends:
            await asyncio.sleep(pause)
            ends = time.perf_counter() + TURN
    return found
