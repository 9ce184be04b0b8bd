"""A tree that grows leaf by leaf, compared with every checkpoint on its way."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from authz.audit.seal.checkpoint import Checkpoint, CheckpointError, opened
from authz.audit.seal.kept import Kept
from authz.audit.seal.leaf import canonical
from authz.audit.seal.merkle import Growing, Place, leaf_hash
from authz.audit.seal.stored import StoredLeaf
from authz.audit.seal.verdict import Verdict


@dataclass(slots=True)
class AgainstSigned:
    """Takes leaves in their order, and checkpoints each after the last leaf that it covers."""

    origin: str
    keys: list[Ed25519PublicKey]
    now: datetime
    verdict: Verdict
    _by_rows: Growing = field(default_factory=Growing)
    """The tree over the hashes in the leaves' rows."""
    _by_events: Growing | None = None
    """The tree over the events' own hashes, from the first that differs from its row's to the next checkpoint."""
    _broken: bool = False
    """The tree differs from what was signed, and so does all that is built on it."""
    _signed: Checkpoint | None = None
    _gone: list[StoredLeaf] = field(default_factory=list)
    """Leaves without an event that no checkpoint has dated yet."""

    @property
    def size(self) -> int:
        """Return how many leaves the tree has; it stands still where one was missing."""
        return self._by_rows.size

    @property
    def is_whole(self) -> bool:
        """Whether the tree is what was signed, as far as it was compared."""
        return not self._broken

    def add(self, leaf: StoredLeaf) -> dict[Place, bytes]:
        """Take a leaf; return the roots of the parts that it completes, none once the tree is broken."""
        if not self._broken and leaf.position != self.size:
            self.verdict.add("its leaf is missing, so nothing after it can be compared", self.size, leaf.position)
            self._broken = True
        own = leaf.hash
        if leaf.event is None:
            self._gone.append(leaf)
        else:
            own = leaf_hash(canonical(leaf.event))
        if own != leaf.hash:
            self.verdict.add("the event differs from its leaf", leaf.position)
            self._by_events = self._by_events or self._by_rows.copy()
        if self._by_events is not None:
            list(self._by_events.add(own))
        return {} if self._broken else dict(self._by_rows.add(leaf.hash))

    def compare(self, kept: Kept) -> None:
        """Compare with a checkpoint of this size."""
        found = self.opened(kept)
        if found is None:
            return
        if self._signed is not None and found.at < self._signed.at:
            self.verdict.add(f"the checkpoint {kept.where} is older than one of a smaller tree", kept.size - 1)
        elif not self._broken:
            self._compare(found, kept.where)

    def opened(self, kept: Kept) -> Checkpoint | None:
        """Return the checkpoint, None with a problem for what is none, or not signed by a known key."""
        try:
            found = opened(kept.note, self.origin, self.keys)
        except CheckpointError as error:
            self.verdict.add(f"the checkpoint {kept.where} {error}", kept.size - 1)
            return None
        if found.size != kept.size:
            self.verdict.add(f"the checkpoint {kept.where} is of {found.size} leaves", kept.size - 1)
            return None
        return found

    def end(self) -> None:
        """Tell what no checkpoint covers."""
        signed = self._signed.size if self._signed is not None else 0
        if not self._broken and self.size > signed:
            self.verdict.add("no checkpoint covers it", signed, self.size)
        for leaf in self._gone:
            self.verdict.add("its event is gone, and no checkpoint tells since when it may be", leaf.position)

    def _compare(self, found: Checkpoint, where: str) -> None:
        if found.root != self._by_rows.root():
            if self._by_events is None or found.root != self._by_events.root():
                self._broken = True
                first = self._signed.size if self._signed is not None else 0
                what = f"not what the checkpoint {where} was signed over, so nothing after it can be compared"
                self.verdict.add(what, first, found.size)
                return
            # The events are what was signed; it was the leaves' rows that were changed.
            self._by_rows = self._by_events
        self._by_events = None
        self._signed = found
        self.verdict.signed = found.size
        for leaf in self._gone:
            self._check_gone(leaf, found.at)
        self._gone.clear()

    def _check_gone(self, leaf: StoredLeaf, signed_at: datetime) -> None:
        if signed_at + timedelta(days=365 * leaf.retention_years) > self.now:
            self.verdict.add("its event is gone before its time", leaf.position)
        else:
            self.verdict.gone += 1
