"""Verifying proofs and checkpoints as RFC 9162 and docs/trail.md have it, with nothing of the product."""

from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node (section 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Verify an inclusion proof (section 2.1.3.2)."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def is_consistent(first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Verify a consistency proof (section 2.1.4.2)."""
    if first == second:
        return not path and first_root == second_root
    path = [first_root, *path] if first & (first - 1) == 0 else list(path)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not path:
        return False
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr, sn) == (first_root, second_root, 0)


def opened_by(vkey: str, note: str) -> tuple[int, bytes]:
    """Return size and root of a checkpoint. Raises when the key (`name+id+key`) has not signed it."""
    name, key_id, encoded = vkey.split("+", 2)
    public = b64decode(encoded)
    assert public[:1] == b"\x01"
    assert sha256(name.encode() + b"\n" + public).hexdigest()[:8] == key_id
    body, _, signatures = note.partition("\n\n")
    made = [b64decode(each) for line in signatures.splitlines() for _, _, each in [line.rpartition(" ")]]
    [signature] = [each[4:] for each in made if each[:4].hex() == key_id]
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature, f"{body}\n".encode())
    origin, size, root, _ = body.split("\n")
    assert origin == name
    return int(size), b64decode(root)


def signatures_in(note: str) -> int:
    """Return how many keys have signed a checkpoint."""
    return sum(line.startswith("\N{EM DASH} ") for line in note.splitlines())
