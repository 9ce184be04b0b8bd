"""Verifying a tenant's trail where it is stored: every event against its leaf, every leaf against what was signed."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from authz.audit.seal.against_signed import AgainstSigned
from authz.audit.seal.checkpoint import origin_of
from authz.audit.seal.kept import Kept
from authz.audit.seal.merkle import Place
from authz.audit.seal.model import MOST_LEAVES
from authz.audit.seal.stored import CHUNK, Stored
from authz.audit.seal.verdict import Verdict

_PATIENCE = timedelta(minutes=2)
"""How long an event may wait for its seal."""
_MOST = 1_000


class Verifier:
    """Goes once through the trail of one tenant."""

    def __init__(self, stored: Stored, keys: list[Ed25519PublicKey], outside: Iterator[Kept], now: datetime) -> None:
        """`outside`: the checkpoints that were kept there, the smallest first; `now` in UTC."""
        self._stored = stored
        self._verdict = Verdict()
        self._tree = AgainstSigned(origin_of(stored.tenant_id), keys, now, self._verdict)
        self._outside = _Ahead(outside)
        self._now = now

    async def verify(self, progress: Callable[[int, int], None]) -> Verdict:
        """Return the verdict; `progress` is told how many leaves are done, of how many.

        Raises `DatabaseUnavailableError`, and `OSError` for a folder that cannot be read.
        """
        size, first = await self._stored.size(), 0
        self._verdict.leaves = size
        async for leaves in self._stored.leaves(0, size):
            end = min(first + CHUNK, size)
            checkpoints = await self._checkpoints(first, end)
            nodes: dict[Place, bytes] = {}
            for leaf in leaves:
                nodes |= self._tree.add(leaf)
                for kept in checkpoints.pop(leaf.position + 1, ()):
                    self._tree.compare(kept)
            await self._compare_nodes(nodes)
            progress(end, size)
            first = end
        self._tree.end()
        await self._look_beyond(size)
        await self._look_beside()
        return self._verdict

    async def _checkpoints(self, first: int, end: int) -> dict[int, list[Kept]]:
        """Return the checkpoints of sizes beyond `first` up to `end`, from within and from outside."""
        found: dict[int, list[Kept]] = defaultdict(list)
        for size, note in await self._stored.checkpoints(first, end):
            found[size].append(Kept(f"of {size} leaves in the database", size, note))
            self._verdict.checkpoints += 1
        for kept in self._outside.up_to(end):
            found[kept.size].append(kept)
            self._verdict.checkpoints += 1
            self._verdict.outside += 1
            if kept.size <= first:
                self._verdict.add(f"the checkpoint {kept.where} stands in a wrong place", kept.size - 1)
        return found

    async def _compare_nodes(self, nodes: dict[Place, bytes]) -> None:
        if not self._tree.is_whole:
            return
        for level in {level for level, _ in nodes}:
            numbers = [number for each, number in nodes if each == level]
            stored = await self._stored.nodes(level, min(numbers), max(numbers) + 1)
            for number in numbers:
                if stored.get((level, number)) != nodes[level, number]:
                    width = 16**level
                    what = "the hash over it that proofs are made of is wrong or missing"
                    self._verdict.add(what, number * width, (number + 1) * width)

    async def _look_beyond(self, size: int) -> None:
        """Look for checkpoints of a tree that is larger than what is there."""
        larger = [
            Kept(f"of {each} leaves in the database", each, note)
            for each, note in await self._stored.checkpoints(size, MOST_LEAVES)
        ]
        larger += self._outside.up_to(None)
        # What was sealed meanwhile is not missing.
        size = await self._stored.size()
        signed = [kept for kept in larger if kept.size > size and self._tree.opened(kept) is not None]
        if signed:
            most = max(signed, key=lambda kept: kept.size)
            what = f"signed, says the checkpoint {most.where}, and not there: the end was cut, or an old state put back"
            self._verdict.add(what, size, most.size)

    async def _look_beside(self) -> None:
        """Look at events that are in no leaf."""
        for event_id in await self._stored.stray(_MOST):
            self._verdict.add(f"the event {event_id} is in no leaf and does not wait for one")
        for event_id in await self._stored.lost(_MOST):
            self._verdict.add(f"the event {event_id} is gone before it was sealed")
        self._verdict.waiting, since = await self._stored.waiting()
        if since is not None and since < self._now - _PATIENCE:
            self._verdict.add(
                f"{self._verdict.waiting} events wait for their seal, the first since {since:%Y-%m-%d %H:%M} UTC: "
                "no sealer runs"
            )
        unkept, since = await self._stored.unkept()
        if since is not None and since < self._now - _PATIENCE:
            self._verdict.add(
                f"{unkept} checkpoints wait to be kept outside, the first since {since:%Y-%m-%d %H:%M} UTC: see the log"
            )


class _Ahead:
    """Checkpoints from outside, one of them looked at ahead."""

    def __init__(self, kept: Iterator[Kept]) -> None:
        self._kept = kept
        self._next = next(kept, None)

    def up_to(self, size: int | None) -> Iterator[Kept]:
        """Yield those that follow, up to the first that is larger than `size`."""
        while self._next is not None and (size is None or self._next.size <= size):
            yield self._next
            self._next = next(self._kept, None)
