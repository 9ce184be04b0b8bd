"""Ed25519 keys in PEM form, several in one text: private ones sign, public ones verify only."""

import re
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

_PEM_BEGIN = b"-----BEGIN "
_BLOCK = re.compile(rb"-----BEGIN (PRIVATE|PUBLIC) KEY-----.+?-----END \1 KEY-----", re.DOTALL)
_MAKE_ONE = "make one with: openssl genpkey -algorithm ed25519"


class KeyFileError(ValueError):
    """What should hold signing keys does not."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys of a file in its order."""

    signing: list[Ed25519PrivateKey] = field(repr=False)
    retired: list[Ed25519PublicKey] = field(repr=False)
    """Those of which only the public part is left."""

    @property
    def verifying(self) -> list[Ed25519PublicKey]:
        """Return every key whose signature counts."""
        return [*(key.public_key() for key in self.signing), *self.retired]


def new_key() -> bytes:
    """Return a new private key (PKCS #8, PEM, unencrypted)."""
    return pem_of(Ed25519PrivateKey.generate())


def pem_of(key: Ed25519PrivateKey | Ed25519PublicKey) -> bytes:
    """Return a key in PEM form, a private one unencrypted."""
    if isinstance(key, Ed25519PrivateKey):
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_signing_keys(pem: bytes) -> SigningKeys:
    """Return the keys in `pem`. Raises `KeyFileError`, which quotes nothing of it."""
    blocks = list(_BLOCK.finditer(pem))
    keys = [_load(block[0], private=block[1] == b"PRIVATE") for block in blocks]
    signing = [key for key in keys if isinstance(key, Ed25519PrivateKey)]
    if not signing:
        raise KeyFileError("There is no private key in PEM form (-----BEGIN PRIVATE KEY-----).")
    if pem.count(_PEM_BEGIN) > len(blocks):
        # Left out silently, it would be missed only when what it should verify is refused.
        raise KeyFileError("There is something else than unencrypted Ed25519 keys (-----BEGIN PRIVATE KEY-----).")
    return SigningKeys(signing, [key for key in keys if isinstance(key, Ed25519PublicKey)])


def _load(block: bytes, *, private: bool) -> Ed25519PrivateKey | Ed25519PublicKey:
    kind = "private" if private else "public"
    try:
        key = load_pem_private_key(block, password=None) if private else load_pem_public_key(block)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"A {kind} key there cannot be read.") from None
    if not isinstance(key, Ed25519PrivateKey | Ed25519PublicKey):
        raise KeyFileError(f"A {kind} key there is not an Ed25519 key; {_MAKE_ONE}")
    return key
