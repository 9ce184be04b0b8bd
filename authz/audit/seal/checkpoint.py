"""Checkpoints: what is signed of a tree, as C2SP's tlog-checkpoint and signed-note have it (docs/trail.md)."""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from authz.audit.seal.leaf import instant

_ED25519 = b"\1"
_MARK = "\N{EM DASH} "
_TIME = "time "
_KEY_ID = 4


class CheckpointError(ValueError):
    """What should be a checkpoint is none, or nobody known has signed it; the message says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree at one moment."""

    origin: str
    size: int
    root: bytes
    at: datetime
    """When it was signed, in UTC."""


def origin_of(tenant_id: UUID) -> str:
    """Return the name of a tenant's tree, which is the name of its keys too."""
    return f"sextrontgen/trail/{tenant_id}"


def signed(checkpoint: Checkpoint, keys: list[Ed25519PrivateKey]) -> str:
    """Return the note: the checkpoint with a signature by each of `keys`."""
    root = b64encode(checkpoint.root).decode()
    body = f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n{_TIME}{instant(checkpoint.at)}\n"
    lines = [_signature(checkpoint.origin, body, key) for key in keys]
    return f"{body}\n{''.join(lines)}"


def opened(note: str, origin: str, keys: list[Ed25519PublicKey]) -> Checkpoint:
    """Return the checkpoint in a note that one of `keys` signed, and none of them wrongly. Raises `CheckpointError`."""
    body, mark, signatures = note.partition("\n\n")
    if not mark or not signatures.endswith("\n"):
        raise CheckpointError("is no signed note")
    body += "\n"
    _check_signatures(body, signatures, origin, keys)
    return _parsed(body, origin)


def verifier_key(origin: str, key: Ed25519PublicKey) -> str:
    """Return how a key is told to those who verify: `name+id+key`, the id in hexadecimal."""
    public = _ED25519 + key.public_bytes_raw()
    return f"{origin}+{key_id(origin, key).hex()}+{b64encode(public).decode()}"


def key_id(origin: str, key: Ed25519PublicKey) -> bytes:
    """Return the four bytes by which a signature names its key."""
    return sha256(f"{origin}\n".encode() + _ED25519 + key.public_bytes_raw()).digest()[:_KEY_ID]


def _signature(origin: str, body: str, key: Ed25519PrivateKey) -> str:
    made = key_id(origin, key.public_key()) + key.sign(body.encode())
    return f"{_MARK}{origin} {b64encode(made).decode()}\n"


def _check_signatures(body: str, signatures: str, origin: str, keys: list[Ed25519PublicKey]) -> None:
    known = {key_id(origin, key): key for key in keys}
    good = False
    for line in signatures.removesuffix("\n").split("\n"):
        name, _, encoded = line.removeprefix(_MARK).partition(" ")
        if not line.startswith(_MARK) or not encoded:
            raise CheckpointError("has a line that is no signature")
        made = _decoded(encoded)
        key = known.get(made[:_KEY_ID])
        if name != origin or key is None:
            continue
        try:
            key.verify(made[_KEY_ID:], body.encode())
        except InvalidSignature:
            raise CheckpointError("has a wrong signature") from None
        good = True
    if not good:
        raise CheckpointError("is signed by no known key")


def _parsed(body: str, origin: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) != 5 or lines[4]:
        raise CheckpointError("has not the lines of a checkpoint")
    if lines[0] != origin:
        raise CheckpointError("is of another tree")
    size, root = lines[1], _decoded(lines[2])
    if not size.isascii() or not size.isdigit() or (size != "0" and size.startswith("0")) or len(size) > 18:
        raise CheckpointError("has a size that is none")
    if len(root) != sha256().digest_size:
        raise CheckpointError("has a root that is none")
    try:
        at = datetime.fromisoformat(lines[3].removeprefix(_TIME))
    except ValueError:
        raise CheckpointError("has a time that is none") from None
    if not lines[3].startswith(_TIME) or at.tzinfo is None or instant(at) != lines[3].removeprefix(_TIME):
        raise CheckpointError("has a time that is none")
    return Checkpoint(origin, int(size), root, at)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CheckpointError("has a text that is no base64") from None
