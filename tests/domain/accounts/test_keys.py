"""Key files: what is no set of Ed25519 keys is refused in words that quote nothing of it."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from domain.accounts.keys import KeyFileError, load_keys, new_key, thumbprint

PLAIN = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
ED25519 = Ed25519PrivateKey.generate()
GARBAGE = base64.b64encode(b"canary" * 20)

BAD = {
    "nothing": b"",
    "text": b"canary",
    "bytes": bytes(range(256)),
    "a broken body": b"-----BEGIN PRIVATE KEY-----\ncanary!\n-----END PRIVATE KEY-----\n",
    "garbage in base64": b"-----BEGIN PRIVATE KEY-----\n" + GARBAGE + b"\n-----END PRIVATE KEY-----\n",
    "no end": new_key().partition(b"-----END")[0],
    "a public key": ED25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "an encrypted key": ED25519.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"canary")),
    "an RSA key": rsa.generate_private_key(65537, 2048).private_bytes(*PLAIN),
    "an RSA key in the old form": rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ),
    "a P-256 key": ec.generate_private_key(ec.SECP256R1()).private_bytes(*PLAIN),
    "an Ed448 key": ed448.Ed448PrivateKey.generate().private_bytes(*PLAIN),
    "an X25519 key": x25519.X25519PrivateKey.generate().private_bytes(*PLAIN),
    "a DSA key": dsa.generate_private_key(2048).private_bytes(*PLAIN),
    "a key of an unknown algorithm": b"-----BEGIN PRIVATE KEY-----\n"
    + base64.b64encode(bytes.fromhex("302e020100300506032b657f04220420") + bytes(32))
    + b"\n-----END PRIVATE KEY-----\n",
}


@pytest.mark.parametrize("pem", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("beside", [b"", new_key()], ids=["alone", "behind a good key"])
def test_what_is_no_key_is_refused_and_not_quoted(pem: bytes, beside: bytes) -> None:
    if beside and b"-----BEGIN" not in pem:
        # Text around keys is a comment, as OpenSSL has it.
        assert len(load_keys(beside + pem).verifying) == 1
        return
    with pytest.raises(KeyFileError) as caught:
        load_keys(beside + pem)
    assert "canary" not in str(caught.value)
    assert GARBAGE.decode() not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_first_key_signs_and_each_verifies() -> None:
    first, second = new_key(), new_key()
    keys = load_keys(b"# made today\n" + first + b"# made last year\n" + second)
    assert keys.signing_name == load_keys(first).signing_name
    assert set(keys.verifying) == {load_keys(first).signing_name, load_keys(second).signing_name}


def test_keys_show_no_secret() -> None:
    assert "Ed25519PrivateKey" not in repr(load_keys(new_key()))


def test_a_key_is_named_by_its_jwk_thumbprint() -> None:
    # The example of RFC 8037, appendix A.3.
    point = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    jwk = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    expected = base64.urlsafe_b64encode(hashlib.sha256(jwk.replace(" ", "").encode()).digest()).rstrip(b"=").decode()
    assert (
        thumbprint(Ed25519PublicKey.from_public_bytes(point))
        == expected
        == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )
