"""Documents that have passed, kept by their text."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class _Segment(Generic[V]):
    """The entries used last, as many as fit by number and by weight."""

    def __init__(self, entries: int, weight: int) -> None:
        self._most_entries = entries
        self._most_weight = weight
        self._weight = 0
        self._entries: OrderedDict[str, tuple[V, int]] = OrderedDict()

    def get(self, key: str) -> V | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: str, value: V, weight: int) -> None:
        self.pop(key)
        self._entries[key] = value, weight
        self._weight += weight
        while len(self._entries) > self._most_entries or self._weight > self._most_weight:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._weight -= dropped

    def pop(self, key: str) -> tuple[V, int] | None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._weight -= entry[1]
        return entry

    def __len__(self) -> int:
        return len(self._entries)


class Cache(Generic[V]):
    """A bounded cache that one-off documents cannot empty.

    A new entry goes to the quarter for newcomers and moves to the kept part when it is asked for again, so a flood of
    documents that are each sent once, by mistake (values written into the text) or on purpose, only ever replaces
    other newcomers. Refusals are not kept: there is no end of them, they would replace documents that are used, and a
    refusal costs no more than the first acceptance, which the limits bound.

    Both bounds hold: ``entries`` by number and ``weight`` by the sum of the entries' weights. For one thread.
    """

    def __init__(self, entries: int, weight: int) -> None:
        self._new: _Segment[V] = _Segment(entries // 4, weight // 4)
        self._kept: _Segment[V] = _Segment(entries - entries // 4, weight - weight // 4)

    def get(self, key: str) -> V | None:
        """The value, or nothing."""
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        entry = self._new.pop(key)
        if entry is None:
            return None
        self._kept.put(key, *entry)
        return entry[0]

    def put(self, key: str, value: V, weight: int) -> None:
        """Add a value that ``get`` did not find."""
        self._new.put(key, value, weight)

    def __len__(self) -> int:
        return len(self._new) + len(self._kept)
