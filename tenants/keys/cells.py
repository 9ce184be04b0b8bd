"""The sealed form of a value, and of a key: AES-256-GCM (NIST SP 800-38D), bound to the place where it stands.

A value: format (1 byte, 1) | version of the key (4, big-endian) | nonce (12) | ciphertext and tag. Its associated data
are the tenant, the table, the column, the row and the version, so it opens nowhere else. The nonce is the beginning of
an HMAC-SHA256 of place and value: no random number has to be fresh, and the same value in the same place is the same
bytes, so that an import that is repeated changes nothing. A text is padded to whole blocks of 32 bytes, for the length
of a gender tells it.

A key: format (1) | version of the tenant's key (4) | version of the key (4) | nonce (12, random) | ciphertext and tag.
"""

import os
import struct
from hashlib import sha256
from hmac import digest as hmac
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
FORMAT = 1

_NONCE, _TAG, _BLOCK = 12, 16, 32
_END = b"\x80"
_VALUE = struct.Struct(">BI")
_WRAPPED = struct.Struct(">BII")
_VALUE_START, _WRAPPED_START = _VALUE.size + _NONCE, _WRAPPED.size + _NONCE
_PLACE, _OWNER, _NONCES, _DIGESTS = (
    b"sextrontgen cell 1\0",
    b"sextrontgen key 1\0",
    b"sextrontgen nonces 1",
    b"sextrontgen digests 1",
)


class UnreadableError(Exception):
    """Something sealed does not open: it is damaged, stands in a wrong place, or its key is not the one."""


def place_of(tenant_id: UUID, table: str, column: str) -> bytes:
    """Return the place of a column's values; with a row's `id.bytes` behind it that of one value."""
    return b"".join((_PLACE, tenant_id.bytes, table.encode(), b"\0", column.encode(), b"\0"))


class Owned(NamedTuple):
    """A wrapped data key as it stands in the database, and whose it is."""

    owner_id: UUID
    wrapped: bytes


class DataKey:
    """A person's key, or a tenant's own. It shows itself to nobody."""

    __slots__ = ("_cipher", "_nonces", "_secret", "_start", "version")

    def __init__(self, secret: bytes, version: int) -> None:
        self.version = version
        self._secret = secret
        self._cipher = AESGCM(secret)
        self._start = _VALUE.pack(FORMAT, version)
        self._nonces: bytes | None = None

    def seal(self, place: bytes, value: bytes) -> bytes:
        """Return `value` as only this key opens it again, and only at `place`."""
        start = self._start
        bound = place + start
        padded = value + _END + bytes(-(len(value) + 1) % _BLOCK)
        # Derived when first needed: most keys are unwrapped to open something.
        self._nonces = self._nonces or hmac(self._secret, _NONCES, sha256)
        nonce = hmac(self._nonces, len(bound).to_bytes(4, "big") + bound + padded, sha256)[:_NONCE]
        return start + nonce + self._cipher.encrypt(nonce, padded, bound)

    def open(self, place: bytes, sealed: bytes) -> bytes:
        """Return what was sealed at `place`. Raises `UnreadableError`."""
        if not sealed.startswith(self._start):
            raise UnreadableError
        nonce, rest = sealed[_VALUE.size : _VALUE_START], sealed[_VALUE_START:]
        try:
            padded = self._cipher.decrypt(nonce, rest, place + self._start)
        except (InvalidTag, ValueError):
            raise UnreadableError from None
        value = padded.rstrip(b"\0")
        # What opens was sealed here, so it ends as it should, unless another program held the key.
        if not value.endswith(_END):
            raise UnreadableError
        return value[:-1]

    def digest(self, purpose: bytes, value: bytes) -> bytes:
        """Return a keyed hash, HMAC-SHA256 (RFC 2104), 32 bytes: the same for the same, and nothing without the key."""
        key = hmac(self._secret, _DIGESTS, sha256)
        return hmac(key, len(purpose).to_bytes(4, "big") + purpose + value, sha256)


class TenantKey:
    """A tenant's key. It wraps the keys of the tenant's people and its own data key, and opens nothing else."""

    __slots__ = ("_cipher", "_tenant_id", "version")

    def __init__(self, secret: bytes, tenant_id: UUID, version: int) -> None:
        self.version = version
        self._tenant_id = tenant_id
        self._cipher = AESGCM(secret)

    def wrap(self, secret: bytes, owner_id: UUID, version: int) -> bytes:
        """Return the data key `secret` of `owner_id` in its wrapped form."""
        start = _WRAPPED.pack(FORMAT, self.version, version)
        nonce = os.urandom(_NONCE)
        return start + nonce + self._cipher.encrypt(nonce, secret, self._bound(owner_id, start))

    def unwrap(self, wrapped: bytes, owner_id: UUID) -> tuple[bytes, int]:
        """Return the data key of `owner_id` that `wrapped` holds, and its version. Raises `UnreadableError`."""
        start = wrapped[: _WRAPPED.size]
        nonce, rest = wrapped[_WRAPPED.size : _WRAPPED_START], wrapped[_WRAPPED_START:]
        try:
            form, by, version = _WRAPPED.unpack(start)
            secret = self._cipher.decrypt(nonce, rest, self._bound(owner_id, start))
        except (InvalidTag, ValueError, struct.error):
            raise UnreadableError from None
        if form != FORMAT or by != self.version:
            raise UnreadableError
        return secret, version

    def _bound(self, owner_id: UUID, start: bytes) -> bytes:
        return b"".join((_OWNER, self._tenant_id.bytes, owner_id.bytes, start))


def wrapped_by(wrapped: bytes) -> int:
    """Return the version of the tenant's key that wrapped a key. Raises `UnreadableError`."""
    if len(wrapped) != _WRAPPED_START + KEY_BYTES + _TAG or wrapped[0] != FORMAT:
        raise UnreadableError
    return int(_WRAPPED.unpack_from(wrapped)[1])


def sealed_size(size: int) -> int:
    """Return how many bytes a value of `size` bytes has when it is sealed."""
    return _VALUE_START + size + 1 + -(size + 1) % _BLOCK + _TAG
