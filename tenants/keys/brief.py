"""Things kept for a short while: what is not used again is gone after a minute or two."""

import asyncio
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Brief(Generic[K, V]):
    """A cache of two generations. What is used moves into the young one; each turn the old one is dropped.

    Holds twice `most` entries at most. A timer of the event loop turns it, so an idle process holds nothing.
    """

    def __init__(self, most: int, seconds: float = 60) -> None:
        self._most = most
        self._seconds = seconds
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: K) -> V | None:
        """Return what is kept of `key`, None if nothing is."""
        found = self._young.get(key)
        if found is None and (found := self._old.pop(key, None)) is not None:
            self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        """Keep `value`; called inside an event loop."""
        if len(self._young) >= self._most:
            self._young, self._old = {}, self._young
        self._young[key] = value
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._turn)

    def clear(self) -> None:
        """Drop everything."""
        self._young, self._old = {}, {}

    def _turn(self) -> None:
        self._young, self._old = {}, self._young
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._turn) if self._old else None
