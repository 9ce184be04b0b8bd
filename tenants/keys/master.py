"""The master key: what wraps the tenants' keys. Two methods, so that a key service of a cloud fits.

`tests/tenants/keys/conformance.py` holds every implementation against what is promised here.
"""

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.keys.cells import KEY_BYTES, UnreadableError
from tenants.secret_files import SecretFileError, read_secret, write_secret

_NONCE = 12
_NAME_DIGITS = 16


class MasterKeyError(Exception):
    """The master key is missing, is none, or does not answer; the message says what to do and shows nothing of it."""


class Wrapped(NamedTuple):
    """A wrapped secret, and the name of the master key that wrapped it."""

    master: str
    secret: bytes


class MasterKey(Protocol):
    """What wraps 32 bytes and unwraps them again.

    A name never stands for two keys; it is made of letters, digits and `:/._-`, at most 200 of them. `unwrap` serves
    every key that `names` lists; the first of them wraps. What was wrapped with one `bound` (at most 200 bytes) does
    not unwrap with another.

    Both methods raise `MasterKeyError` where the service does not answer within two seconds or does not know the name,
    and `unwrap` raises `UnreadableError` for what was not wrapped so. No secret comes into an error or a log.
    """

    def names(self) -> Sequence[str]:
        """Return the names of the keys at hand, that which wraps first."""
        ...

    async def wrap(self, secret: bytes, bound: bytes) -> Wrapped:
        """Return `secret` wrapped by the newest key, bound to `bound`; at most 4 KB."""
        ...

    async def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        """Return the secret."""
        ...


class LocalMasterKey:
    """Master keys at hand: those of a file, or of the environment. Reads them anew when asked for one it lacks."""

    def __init__(self, source: "KeyFile | KeyText") -> None:
        """Raises `MasterKeyError`."""
        self._source = source
        self._keys = source.read()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._source!r})"

    def names(self) -> Sequence[str]:
        """Return the names of the keys at hand, that which wraps first."""
        self._keys = self._source.read()
        return list(self._keys)

    async def wrap(self, secret: bytes, bound: bytes) -> Wrapped:
        """Return `secret` wrapped by the first key, as the source has it now."""
        name = self.names()[0]
        nonce = os.urandom(_NONCE)
        return Wrapped(name, nonce + self._keys[name].encrypt(nonce, secret, bound))

    async def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        """Return the secret. Raises `MasterKeyError` and `UnreadableError`."""
        cipher = self._keys.get(wrapped.master)
        if cipher is None:
            self._keys = self._source.read()
            cipher = self._keys.get(wrapped.master)
        if cipher is None:
            raise MasterKeyError(f"The master key {wrapped.master} is not among those at hand.")
        try:
            return cipher.decrypt(wrapped.secret[:_NONCE], wrapped.secret[_NONCE:], bound)
        except (InvalidTag, ValueError):
            raise UnreadableError from None


class KeyText:
    """Master keys in a text: each 32 bytes in base64, whitespace or commas between."""

    def __init__(self, text: str, origin: str) -> None:
        self._text = text
        self._origin = origin

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._origin})"

    def read(self) -> Mapping[str, AESGCM]:
        """Return the keys by name, the first first. Raises `MasterKeyError`, which quotes nothing."""
        secrets = [_decoded(word, self._origin) for word in self._text.replace(",", " ").split()]
        if not secrets:
            raise MasterKeyError(f"{self._origin} holds no master key. Make one with: openssl rand -base64 32")
        return {name_of(secret): AESGCM(secret) for secret in secrets}


class KeyFile:
    """Master keys in a file that its owner alone may read, one per line, that which wraps first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def read(self) -> Mapping[str, AESGCM]:
        """Return the keys by name, the first first. Raises `MasterKeyError`."""
        return KeyText("\n".join(self._lines()), str(self.path)).read()

    def prepend(self, secret: bytes) -> None:
        """Let `secret` wrap from now on; the others still unwrap. Raises `MasterKeyError`."""
        self._write([base64.b64encode(secret).decode(), *self._lines()])

    def keep_first(self) -> None:
        """Forget all keys but the one that wraps. Raises `MasterKeyError`."""
        self._write(self._lines()[:1])

    def _lines(self) -> list[str]:
        try:
            return read_secret(self.path).decode("ascii", "replace").split()
        except SecretFileError as error:
            raise MasterKeyError(str(error)) from None

    def _write(self, lines: Sequence[str]) -> None:
        try:
            write_secret(self.path, "".join(f"{line}\n" for line in lines).encode())
        except SecretFileError as error:
            raise MasterKeyError(str(error)) from None


def new_master_key() -> bytes:
    """Return what a file with one new master key holds."""
    return base64.b64encode(os.urandom(KEY_BYTES)) + b"\n"


def name_of(secret: bytes) -> str:
    """Return the name of a master key: a hash that says nothing of it."""
    return sha256(b"sextrontgen master key 1\0" + secret).hexdigest()[:_NAME_DIGITS]


def _decoded(word: str, origin: str) -> bytes:
    try:
        secret = base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise MasterKeyError(
            f"{origin} holds something that is no master key: each is 32 bytes in base64 (openssl rand -base64 32)."
        )
    return secret
