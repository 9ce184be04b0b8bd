"""Merkle trees over a growing list (RFC 9162, section 2.1): roots while they grow, and proofs.

Complete parts of 16, 16^2, ... leaves have their roots stored; what lies between is worked out from at most 16 of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

RADIX_BITS = 4
RADIX = 1 << RADIX_BITS
EMPTY = sha256().digest()

Place = tuple[int, int]
"""The root of a complete part: its level, and its number there. It covers 16^level leaves; level 0 are the leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf (section 2.1.1)."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node (section 2.1.1)."""
    return sha256(b"\1" + left + right).digest()


class Growing:
    """A tree at its right edge: enough of it to go on, and to know its root."""

    def __init__(self, size: int = 0, edge: Callable[[Place], bytes] | None = None) -> None:
        """Begin with `size` leaves, of which `edge` gives the roots of the complete parts on the right."""
        self.size = size
        self._levels: list[list[bytes]] = []
        for level, (first, end) in enumerate(_edge(size)):
            self._levels.append([edge((level, number)) for number in range(first, end)] if edge else [])

    def add(self, hashed: bytes) -> Iterator[tuple[Place, bytes]]:
        """Add the hash of a leaf; yield the root of each part beyond level 0 that it completes."""
        self.size += 1
        level, root = 0, hashed
        while True:
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(root)
            if len(self._levels[level]) < RADIX:
                return
            root = _combined(self._levels[level])
            self._levels[level] = []
            level += 1
            yield (level, (self.size >> RADIX_BITS * level) - 1), root

    def copy(self) -> "Growing":
        """Return a tree that goes on from here by itself."""
        other = Growing()
        other.size, other._levels = self.size, [list(level) for level in self._levels]
        return other

    def peaks(self) -> list[bytes]:
        """Return the roots of the perfect subtrees that the leaves make, the largest first."""
        found = []
        for level in reversed(self._levels):
            found += [_combined(level[first:end]) for first, end in _perfect(len(level))]
        return found

    def root(self) -> bytes:
        """Return the root of the tree."""
        return _folded(self.peaks())


def inclusion(position: int, size: int, at: Callable[[Place], bytes]) -> list[bytes]:
    """Return the proof that the leaf at `position` is in the tree of `size` leaves (section 2.1.3.1).

    `at` gives the roots of complete parts. Raises `ValueError` for a leaf that is not in it.
    """
    if not 0 <= position < size:
        raise ValueError("The leaf is not in the tree.")
    return [_range_root(first, end, at) for first, end in _beside(position, 0, size)]


def consistency(old: int, size: int, at: Callable[[Place], bytes]) -> list[bytes]:
    """Return the proof that the tree of `size` leaves goes on from that of `old` (section 2.1.4.1).

    Raises `ValueError` for sizes that are none.
    """
    if not 0 < old <= size:
        raise ValueError("The older tree is not part of the newer.")
    return [_range_root(first, end, at) for first, end in _between(old, 0, size, whole=True)]


def _beside(position: int, first: int, end: int) -> list[tuple[int, int]]:
    if end - first == 1:
        return []
    middle = first + _split(end - first)
    if position < middle:
        return [*_beside(position, first, middle), (middle, end)]
    return [*_beside(position, middle, end), (first, middle)]


def _between(old: int, first: int, end: int, *, whole: bool) -> list[tuple[int, int]]:
    """Return the ranges of SUBPROOF; `old` counts leaves from 0, `whole`: the range begins where the tree does."""
    if old == end:
        return [] if whole else [(first, end)]
    middle = first + _split(end - first)
    if old <= middle:
        return [*_between(old, first, middle, whole=whole), (middle, end)]
    return [*_between(old, middle, end, whole=False), (first, middle)]


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range_root(first: int, end: int, at: Callable[[Place], bytes]) -> bytes:
    """Return the root over leaves `first` to `end`, a range as the recursion makes them."""
    peaks = []
    while first < end:
        bits = (end - first).bit_length() - 1
        if first:
            bits = min(bits, (first & -first).bit_length() - 1)
        level = bits // RADIX_BITS
        start = first >> RADIX_BITS * level
        count = 1 << bits - RADIX_BITS * level
        peaks.append(_combined([at((level, number)) for number in range(start, start + count)]))
        first += 1 << bits
    return _folded(peaks)


def _edge(size: int) -> Iterator[tuple[int, int]]:
    """Yield the numbers of the parts on the right edge of a tree, level by level."""
    while size:
        yield size - size % RADIX, size
        size >>= RADIX_BITS


def _perfect(count: int) -> Iterable[tuple[int, int]]:
    first = 0
    while first < count:
        size = 1 << (count - first).bit_length() - 1
        yield first, first + size
        first += size


def _combined(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes, as many as a power of two."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _folded(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root
