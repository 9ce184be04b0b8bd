"""Keys that sign and verify access tokens: Ed25519, named by their thumbprint."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tenants.signing_files import KeyFileError, load_signing_keys, new_key

__all__ = ["KeyFileError", "TokenKeys", "load_keys", "new_key", "thumbprint"]


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The key that signs, and every key whose signature still counts, by name."""

    signing: Ed25519PrivateKey = field(repr=False)
    verifying: Mapping[str, Ed25519PublicKey] = field(repr=False)
    signing_name: str


def load_keys(pem: bytes) -> TokenKeys:
    """Return the keys in `pem`: the first signs, each verifies. Raises `KeyFileError`, which quotes nothing of it."""
    found = load_signing_keys(pem)
    if found.retired:
        raise KeyFileError("There is a public key: tokens are verified by private ones, of which the first signs.")
    named = {thumbprint(key.public_key()): key.public_key() for key in found.signing}
    return TokenKeys(found.signing[0], named, thumbprint(found.signing[0].public_key()))


def thumbprint(key: Ed25519PublicKey) -> str:
    """Return the name of `key`: its JWK thumbprint with SHA-256 (RFC 7638, section 3; RFC 8037, appendix A.3)."""
    point = _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{point}"}}'
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
