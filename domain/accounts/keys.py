"""Keys that sign and verify access tokens: Ed25519, named by their thumbprint."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_PEM_BEGIN = b"-----BEGIN "
_PEM_BLOCK = re.compile(rb"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----", re.DOTALL)


class KeyFileError(ValueError):
    """What should hold signing keys does not."""


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The key that signs, and every key whose signature still counts, by name."""

    signing: Ed25519PrivateKey = field(repr=False)
    verifying: Mapping[str, Ed25519PublicKey] = field(repr=False)
    signing_name: str


def new_key() -> bytes:
    """Return a new private key (PKCS #8, PEM, unencrypted)."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_keys(pem: bytes) -> TokenKeys:
    """Return the keys in `pem`: the first signs, each verifies. Raises `KeyFileError`, which quotes nothing of it."""
    keys = [_load(block) for block in _PEM_BLOCK.findall(pem)]
    if not keys:
        raise KeyFileError("There is no private key in PEM form (-----BEGIN PRIVATE KEY-----).")
    if pem.count(_PEM_BEGIN) > len(keys):
        # Left out silently, it would be missed only when tokens that it should verify are refused.
        raise KeyFileError("There is something else than unencrypted private keys (-----BEGIN PRIVATE KEY-----).")
    named = {thumbprint(key.public_key()): key.public_key() for key in keys}
    return TokenKeys(signing=keys[0], verifying=named, signing_name=thumbprint(keys[0].public_key()))


def thumbprint(key: Ed25519PublicKey) -> str:
    """Return the name of `key`: its JWK thumbprint with SHA-256 (RFC 7638, section 3; RFC 8037, appendix A.3)."""
    point = _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{point}"}}'
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _load(block: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(block, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError("A private key there cannot be read.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(
            "A private key there is not an Ed25519 key; make one with: openssl genpkey -algorithm ed25519"
        )
    return key


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
