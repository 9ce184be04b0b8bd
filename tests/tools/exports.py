"""Valid trails and their exports, made from seeds by the description of the format alone."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NOW = "2030-06-15T12:00:00.000000Z"
"""When everything here is verified."""
MADE = NOW
YEARS = (1, 2, 7)
_TEXTS = ("Überblick", 'a "quoted" one', "tab\tand\nnewline", "\\", "\x00\x1f\x7f", "😀 and \ufb33", "", "\u2028", "/")

Line = dict[str, Any]


@dataclass(frozen=True)
class Signer:
    """A key that signs under a name."""

    name: str
    seed: bytes

    @property
    def _public(self) -> bytes:
        return b"\1" + Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    @property
    def _id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self._public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The public key as it is told to those who verify."""
        return f"{self.name}+{self._id.hex()}+{_base64(self._public)}"

    def line(self, signed: str) -> str:
        """Return the line of a note that has the signature over `signed`."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(signed.encode())
        return f"\u2014 {self.name} {_base64(self._id + signature)}\n"


@dataclass
class Sealing:
    """A checkpoint to be: what it covers, when it was signed and by whom."""

    size: int
    time: str
    signers: Sequence[Signer]


@dataclass
class Trail:
    """A tenant's events with the checkpoints over them; tests change both before they are written."""

    tenant: str
    events: list[dict[str, Any]]
    sealings: list[Sealing]
    keys: tuple[Signer, Signer]
    """The first that signed and the one that replaced it."""

    @property
    def origin(self) -> str:
        """The name of the trail and of its keys."""
        return origin_of(self.tenant)

    def hashes(self) -> list[bytes]:
        """Return the hash of each leaf."""
        return [sha256(b"\0" + leaf(event).encode()).digest() for event in self.events]

    def note(self, sealing: Sealing, hashes: Sequence[bytes]) -> str:
        """Return a checkpoint over the first of `hashes`, signed."""
        root = _base64(root_of(hashes[: sealing.size]))
        signed = f"{self.origin}\n{sealing.size}\n{root}\ntime {sealing.time}\n"
        return signed + "\n" + "".join(signer.line(signed) for signer in sealing.signers)

    def may_be_gone(self) -> list[int]:
        """Return the positions whose time is over."""
        found = []
        for position, event in enumerate(self.events):
            time = next(sealing.time for sealing in self.sealings if sealing.size > position)
            if f"{int(time[:4]) + event['retention_years']}{time[4:]}" <= NOW:
                found.append(position)
        return found

    def lines(
        self, first: int = 0, size: int | None = None, to: str | None = None, gone: Sequence[int] = ()
    ) -> list[Line]:
        """Return an export; `size` is one of a checkpoint."""
        size = len(self.events) if size is None else size
        hashes, absent = self.hashes(), set(gone)
        before = [_base64(found) for found in perfect_subtrees(hashes[:first])]
        head = {"kind": "trail", "format": 1, "tenant": self.tenant, "origin": self.origin, "made": MADE}
        head |= {"from": None, "to": to}
        lines: list[Line] = [head | {"first": first, "size": size, "before": before}]
        for position in range(first, size):
            event, place = self.events[position], {"position": position}
            if position in absent:
                left = {"at": event["at"], "retention_years": event["retention_years"]}
                lines.append({"kind": "gone", **place, "hash": _base64(hashes[position]), **left})
            else:
                lines.append({"kind": "event", **place, "event": event})
            lines += self._checkpoints(position + 1, hashes)
        if first == size:
            lines += self._checkpoints(size, hashes)
        return [*lines, {"kind": "end", "positions": size - first, "size": size}]

    def folder(self) -> dict[str, str]:
        """Return every checkpoint as it is written outside, by its path."""
        hashes = self.hashes()
        return {f"{self.tenant}/{it.time[:10]}/{it.size:016}.txt": self.note(it, hashes) for it in self.sealings}

    def _checkpoints(self, size: int, hashes: Sequence[bytes]) -> list[Line]:
        return [{"kind": "checkpoint", "note": self.note(it, hashes)} for it in self.sealings if it.size == size]


def random_trail(seed: int, length: int | None = None) -> Trail:
    """Make a trail: some years of events of every shape, its key replaced in the middle."""
    rng = Random(seed)
    tenant, length = str(UUID(int=rng.getrandbits(128))), rng.randint(30, 80) if length is None else length
    keys = (Signer(origin_of(tenant), rng.randbytes(32)), Signer(origin_of(tenant), rng.randbytes(32)))
    time = datetime(2021, 1, 1, tzinfo=UTC)
    events, sealings = list[dict[str, Any]](), list[Sealing]()
    overlap = sorted(rng.sample(range(length + 1), 2))
    while len(events) < length:
        for _ in range(min(rng.choice((1, 1, 2, 5, 9)), length - len(events))):
            time += timedelta(days=rng.randint(0, 5000 // length), microseconds=rng.randrange(10**9))
            events.append(random_event(rng, tenant, time))
        time += timedelta(seconds=rng.randint(0, 40))
        size = len(events)
        signers = keys[:1] if size <= overlap[0] else keys if size <= overlap[1] else keys[1:]
        sealings.append(Sealing(size, iso(time), signers))
    return Trail(tenant, events, sealings, keys)


def random_event(rng: Random, tenant: str, at: datetime) -> dict[str, Any]:
    """Make an event of any shape."""

    def texts(names: Sequence[str]) -> list[str]:
        return rng.sample(names, rng.randint(0, len(names)))

    def people() -> list[str]:
        return sorted(uuid(rng) for _ in range(rng.choice((0, 1, 1, 3, 10))))

    names = [*_TEXTS, "Learner.name", "Learner.email", "Enrollment.progress"]
    event: dict[str, Any] = {
        **{name: uuid(rng) for name in ("id", "actor_id", "session_id", "case_id")},
        **{name: rng.choice(names) for name in ("purpose", "operation", "request_id", "policy_version", "outcome")},
        **{name: _base64(rng.randbytes(rng.choice((0, 61, 93)))) for name in ("client_address", "client_device")},
        "tenant_id": tenant,
        "at": iso(at),
        "retention_years": rng.choice(YEARS),
        "subject_count": rng.randint(0, 9),
        "roles": texts(("LEARNER", "STAFF")),
        "capacities": texts(names),
        "document_hash": rng.randbytes(32).hex(),
        "disclosures": [
            {"categories": texts(names), "fields": texts(names), "subjects": people()} for _ in range(rng.randint(0, 3))
        ],
        "denials": [
            {**{it: rng.choice(names) for it in ("category", "field", "reason")}, "subjects": people(), "told": "a"}
            for _ in range(rng.choice((0, 0, 1, 4)))
        ],
    }
    left_out = rng.sample(("case_id", "operation", "client_address", "client_device"), rng.randint(0, 4))
    return {name: event[name] for name in sorted(event.keys() - set(left_out))}


def leaf(event: dict[str, Any]) -> str:
    """Return an event's canonical JSON; names in it are of ASCII, so by code points is by UTF-16 as well."""
    return json.dumps(event, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root as RFC 9162 defines it."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"").digest()
    left = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(hashes[:left]) + root_of(hashes[left:])).digest()


def perfect_subtrees(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the roots of the perfect subtrees, the largest first."""
    if not hashes:
        return []
    size = 1 << len(hashes).bit_length() - 1
    return [root_of(hashes[:size]), *perfect_subtrees(hashes[size:])]


def written(lines: Sequence[Line]) -> bytes:
    """Return an export as it stands in a file: events canonical, as they are sealed."""
    return "".join(f"{json.dumps(it, ensure_ascii=False, separators=(',', ':'))}\n" for it in lines).encode()


def origin_of(tenant: str) -> str:
    """Return the origin of a tenant's trail."""
    return f"sextrontgen/trail/{tenant}"


def iso(instant: datetime) -> str:
    """Return an instant as the trail has it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def uuid(rng: Random) -> str:
    """Return some UUID."""
    return str(UUID(int=rng.getrandbits(128)))


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()
