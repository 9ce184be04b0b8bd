"""A forger's tools: tokens made of any header, any payload and any signature."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.accounts.keys import TokenKeys, load_keys, new_key
from domain.accounts.tokens import Tokens

TENANT: Final = UUID("018f0000-0000-7000-8000-000000000001")
PERSON: Final = UUID("018f0000-0000-7000-8000-000000000002")
SESSION: Final = UUID("018f0000-0000-7000-8000-000000000003")
ISSUER: Final = "issuer.example"
AUDIENCE: Final = "audience.example"
LONGEST: Final = timedelta(minutes=10)

Signer = Callable[[bytes], bytes]
Json = Mapping[str, Any]


def encoded(raw: bytes) -> str:
    """Return base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class Forge:
    """One installation's keys in the hands of somebody who signs anything with them."""

    keys: TokenKeys = field(default_factory=lambda: load_keys(new_key()))
    others: TokenKeys = field(default_factory=lambda: load_keys(new_key()))
    """Keys that the installation has never seen."""

    @property
    def tokens(self) -> Tokens:
        """The checker to be fooled."""
        return Tokens(self.keys, ISSUER, AUDIENCE, LONGEST)

    def sign(self, message: bytes) -> bytes:
        """Sign with the installation's own key: whatever is refused then is refused for what it says."""
        return self.keys.signing.sign(message)

    def header(self, **changes: Any) -> dict[str, Any]:
        """Return a good header with `changes`; `...` takes a member out."""
        good = {"alg": "EdDSA", "typ": "at+jwt", "kid": self.keys.signing_name}
        return {name: value for name, value in (good | changes).items() if value is not ...}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return good claims with `changes`; `...` takes a member out."""
        now = int(time.time())
        good: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(PERSON), "tid": str(TENANT)}
        good |= {"sid": str(SESSION), "jti": str(SESSION), "iat": now - 1, "exp": now + 300}
        return {name: value for name, value in (good | changes).items() if value is not ...}

    def raw(self, header: bytes, payload: bytes, sign: Signer | None = None) -> str:
        """Return the token of these bytes, signed."""
        signed = f"{encoded(header)}.{encoded(payload)}"
        return f"{signed}.{encoded((sign or self.sign)(signed.encode()))}"

    def token(self, header: Json | None = None, claims: Json | None = None, sign: Signer | None = None) -> str:
        """Return a token that is good where nothing is given."""
        chosen = (self.header() if header is None else header, self.claims() if claims is None else claims)
        first, second = (json.dumps(part).encode() for part in chosen)
        return self.raw(first, second, sign)

    def public_forms(self) -> dict[str, bytes]:
        """Return the public key in every form that a careless verifier might take for a shared secret."""
        public = self.keys.signing.public_key()
        forms = {
            "raw": (Encoding.Raw, PublicFormat.Raw),
            "pem": (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "der": (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "openssh": (Encoding.OpenSSH, PublicFormat.OpenSSH),
        }
        return {name: public.public_bytes(*form) for name, form in forms.items()}


def with_secret(secret: bytes, digest: str = "sha256") -> Signer:
    """Return a signer of HMAC."""
    return lambda message: hmac.new(secret, message, getattr(hashlib, digest)).digest()


def with_ed25519(key: Ed25519PrivateKey) -> Signer:
    """Return a signer with another Ed25519 key."""
    return key.sign


def with_rsa() -> Signer:
    """Return a signer of RS256."""
    key = rsa.generate_private_key(65537, 2048)
    return lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def with_p256() -> Signer:
    """Return a signer of ES256 (r and s side by side, RFC 7518, section 3.4)."""
    key = ec.generate_private_key(ec.SECP256R1())

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def unsigned(_message: bytes) -> bytes:
    """Sign with nothing."""
    return b""
