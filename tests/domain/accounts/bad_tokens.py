"""Tokens that prove nothing, each with the one thing that is wrong with it (RFC 8725, and what readers differ in)."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.domain.accounts.forging import (
    AUDIENCE,
    ISSUER,
    LONGEST,
    SESSION,
    Forge,
    encoded,
    unsigned,
    with_ed25519,
    with_p256,
    with_rsa,
    with_secret,
)

Make = Callable[[Forge], str]
REQUIRED: Final = ("iss", "aud", "sub", "tid", "sid", "jti", "iat", "exp")
IDS: Final = ("sub", "tid", "sid", "jti")
TIMES: Final = ("iat", "exp")
HUGE: Final = 10**40


def bad_tokens() -> Mapping[str, Make]:
    """Return how to make each token, by what is wrong with it."""
    found: dict[str, Make] = {}
    for family in (_algorithms, _names_of_keys, _headers, _claims, _times, _parties, _ids, _json, _forms):
        for name, make in family():
            assert name not in found, name
            found[name] = make
    return found


def _header(**changes: Any) -> Make:
    return lambda forge: forge.token(header=forge.header(**changes))


def _claim(**changes: Any) -> Make:
    return lambda forge: forge.token(claims=forge.claims(**changes))


def _payload(change: Callable[[str], str]) -> Make:
    """A payload whose text is changed after it was written as JSON, then signed."""
    return lambda forge: forge.raw(
        json.dumps(forge.header()).encode(), change(json.dumps(forge.claims())).encode("utf-8", "surrogatepass")
    )


def _changed(change: Callable[[str], str]) -> Make:
    """A good token that is changed after it was signed."""
    return lambda forge: change(forge.token())


def _algorithms() -> Iterator[tuple[str, Make]]:
    for name in ("none", "None", "NONE", "nOnE", ""):
        yield (
            f"alg {name!r} without a signature",
            lambda forge, name=name: forge.token(header=forge.header(alg=name), sign=unsigned),  # type: ignore[misc] # a default that binds the name
        )
        yield f"alg {name!r} with a signature", _header(alg=name)
    for name in ("HS256", "HS384", "HS512"):
        for form in ("raw", "pem", "der", "openssh"):
            yield f"alg {name} with the public key ({form}) as the secret", _hmac(name, form)
    yield "alg EdDSA with a MAC of the public key", _mac_as_eddsa
    yield "alg RS256", lambda forge: forge.token(header=forge.header(alg="RS256"), sign=with_rsa())
    yield "alg ES256", lambda forge: forge.token(header=forge.header(alg="ES256"), sign=with_p256())
    yield "alg EdDSA with another key", _stranger
    for name in ("eddsa", "EDDSA", "Ed25519", "Ed448", "EdDSA ", "HS256", "PS256", "ES256K", "A" * 500):
        yield f"alg {name[:20]!r} over a good signature", _header(alg=name)
    for label, value in (("missing", ...), ("null", None), ("a list", ["EdDSA"]), ("a number", 1), ("true", True)):
        yield f"alg {label}", _header(alg=value)


def _hmac(name: str, form: str) -> Make:
    digest = f"sha{name[2:]}"
    return lambda forge: forge.token(
        header=forge.header(alg=name), sign=with_secret(forge.public_forms()[form], digest)
    )


def _mac_as_eddsa(forge: Forge) -> str:
    return forge.token(sign=with_secret(forge.public_forms()["raw"], "sha512"))


def _stranger(forge: Forge) -> str:
    return forge.token(sign=with_ed25519(forge.others.signing))


def _names_of_keys() -> Iterator[tuple[str, Make]]:
    given = {
        "missing": ...,
        "null": None,
        "empty": "",
        "unknown": "A" * 43,
        "a number": 0,
        "true": True,
        "an object": {"kid": "x"},
        "a path": "../../../../dev/null",
        "a file": "file:///dev/null",
        "SQL": "' OR 1=1 --",
        "a command": "x; cat /etc/passwd",
        "a NUL": "x\0",
        "a lone surrogate": "\ud800",
    }
    for label, value in given.items():
        yield f"kid {label}", _header(kid=value)
    yield "kid in a list", lambda forge: forge.token(header=forge.header(kid=[forge.keys.signing_name]))
    yield "kid with a space", lambda forge: forge.token(header=forge.header(kid=f"{forge.keys.signing_name} "))
    yield "kid of a stranger's key", _strangers_name
    yield "kid of a stranger's key, signed with ours", _other_name


def _strangers_name(forge: Forge) -> str:
    header = forge.header(kid=forge.others.signing_name)
    return forge.token(header=header, sign=with_ed25519(forge.others.signing))


def _other_name(forge: Forge) -> str:
    return forge.token(header=forge.header(kid=forge.others.signing_name))


def _headers() -> Iterator[tuple[str, Make]]:
    extra: dict[str, Any] = {
        "jku": "https://evil.example/jwks.json",
        "x5u": "https://evil.example/chain.pem",
        "x5c": ["MIIB"],
        "x5t": "dGh1bWI",
        "cty": "JWT",
        "zip": "DEF",
        "enc": "A256GCM",
        "b64": True,
        "crit": ["exp"],
        "url": "https://evil.example",
        "x": 1,
    }
    for name, value in extra.items():
        yield f"header {name}", _header(**{name: value})
    yield "header crit empty", _header(crit=[])
    yield "header crit null", _header(crit=None)
    yield "header b64 false", _header(b64=False, crit=["b64"])
    yield "header b64 false without crit", _header(b64=False)
    yield "header jwk with the key it is signed with", _embedded_key
    types: dict[str, Any] = {"missing": ..., "null": None, "JWT": "JWT", "jwt": "jwt", "AT+JWT": "AT+JWT"}
    types |= {"with application/": "application/at+jwt", "a list": ["at+jwt"], "refresh": "rt+jwt", "JOSE": "JOSE"}
    for label, value in types.items():
        yield f"typ {label}", _header(typ=value)


def _embedded_key(forge: Forge) -> str:
    point = encoded(forge.others.signing.public_key().public_bytes_raw())
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": point}
    return forge.token(header=forge.header(jwk=jwk), sign=with_ed25519(forge.others.signing))


def _claims() -> Iterator[tuple[str, Make]]:
    for name in REQUIRED:
        yield f"{name} missing", _claim(**{name: ...})
        wrong: dict[str, Any] = {"null": None, "a list": [1], "an object": {"a": 1}, "empty": "", "false": False}
        wrong |= {"true": True, "a half": 0.5, "huge": HUGE, "negative": -1, "zero": 0}
        for label, value in wrong.items():
            yield f"{name} {label}", _claim(**{name: value})
    yield "no claims", lambda forge: forge.token(claims={})


def _times() -> Iterator[tuple[str, Make]]:
    longest = int(LONGEST.total_seconds())
    offsets = {
        "exp a second ago": ("exp", -1),
        "exp now": ("exp", 0),
        "exp a second beyond the longest": ("exp", longest + 1),
        "exp in a year": ("exp", 365 * 86_400),
        "iat in a minute": ("iat", 60),
        "iat longer ago than a token lives": ("iat", -longest),
        "nbf in a minute": ("nbf", 60),
    }
    for label, (name, offset) in offsets.items():
        yield label, _at(name, offset)
    yield "exp before iat", lambda forge: forge.token(claims=forge.claims(iat=int(time.time()) - 5, exp=1))
    yield "iat and exp the same", _no_time_at_all
    for name in (*TIMES, "nbf"):
        for literal in ("NaN", "Infinity", "-Infinity", "1e400"):
            yield f"{name} {literal}", _literal(name, literal)
        yield f"{name} as a text", _as(name, str)
        yield f"{name} as a float", _as(name, float)
        yield f"{name} in a list", _as(name, lambda value: [value])
    yield "nbf true", _claim(nbf=True)
    yield "nbf null", _claim(nbf=None)


def _at(name: str, offset: int) -> Make:
    return lambda forge: forge.token(claims=forge.claims(**{name: int(time.time()) + offset}))


def _no_time_at_all(forge: Forge) -> str:
    later = int(time.time())
    return forge.token(claims=forge.claims(iat=later, exp=later))


def _literal(name: str, literal: str) -> Make:
    def make(forge: Forge) -> str:
        text = json.dumps(forge.claims(**{name: "HERE"})).replace('"HERE"', literal)
        return forge.raw(json.dumps(forge.header()).encode(), text.encode())

    return make


def _as(name: str, convert: Callable[[int], Any]) -> Make:
    def make(forge: Forge) -> str:
        good = forge.claims().get(name, int(time.time()) - 1)
        return forge.token(claims=forge.claims(**{name: convert(good)}))

    return make


def _parties() -> Iterator[tuple[str, Make]]:
    yield "iss of another installation", _claim(iss="other.example")
    yield "iss in a list", _claim(iss=[ISSUER])
    yield "iss with a slash", _claim(iss=f"{ISSUER}/")
    yield "iss in upper case", _claim(iss=ISSUER.upper())
    yield "aud of another service", _claim(aud="other.example")
    yield "aud in a list", _claim(aud=[AUDIENCE])
    yield "aud in a list of two", _claim(aud=["other.example", AUDIENCE])
    yield "aud with a space", _claim(aud=f"{AUDIENCE} ")
    yield "iss and aud exchanged", _claim(iss=AUDIENCE, aud=ISSUER)
    yield "another installation's token", _foreign


def _foreign(forge: Forge) -> str:
    return Forge(keys=forge.others).token()


def _ids() -> Iterator[tuple[str, Make]]:
    ways: dict[str, Callable[[str], str]] = {
        "in upper case": str.upper,
        "in braces": lambda text: f"{{{text}}}",
        "as a URN": lambda text: f"urn:uuid:{text}",
        "with a newline": lambda text: f"{text}\n",
        "without hyphens": lambda text: text.replace("-", ""),
        "with a space before": lambda text: f" {text}",
        "too short": lambda text: text[:-1],
        "with SQL": lambda text: f"{text}' OR '1'='1",
        "in full-width digits": lambda text: text.replace("0", "\uff10"),
    }
    for name in IDS:
        for label, way in ways.items():
            yield f"{name} {label}", _claim(**{name: way(str(SESSION))})


def _json() -> Iterator[tuple[str, Make]]:
    for name in REQUIRED:
        yield f"{name} twice", _twice(name)
    yield "a name twice deep inside", _payload(lambda text: text[:-1] + ', "x": {"a": 1, "a": 2}}')
    yield "a name twice, once escaped", _payload(lambda text: text[:-1] + ', "\\u0073ub": "x"}')
    for name in ("alg", "typ", "kid"):
        yield f"header {name} twice", _header_twice(name)
    yield "payload a list", _payload(lambda text: f"[{text}]")
    yield "payload a text", _payload(json.dumps)
    yield "payload a number", _payload(lambda _text: "1")
    yield "payload null", _payload(lambda _text: "null")
    yield "payload no JSON", _payload(lambda text: text[:-1])
    yield "payload with more behind it", _payload(lambda text: text + "{}")
    yield "payload with a byte order mark", _payload(lambda text: "\ufeff" + text)
    yield "payload with a lone surrogate", _payload(lambda text: text.replace(ISSUER, "\ud800"))
    yield "payload with an escaped surrogate", _payload(lambda text: text.replace(ISSUER, "\\ud800"))
    yield "payload with a NUL", _payload(lambda text: text.replace(ISSUER, "\0"))
    yield "payload in Python's spelling", _payload(lambda text: text.replace('"', "'"))
    yield "payload nested deep and never closed", _payload(lambda text: text[:-1] + ', "x": ' + "[" * 900)
    for encoding in ("utf-16", "utf-32", "utf-8-sig", "utf-16-le"):
        yield f"payload in {encoding}", _in_encoding(encoding)
    yield "payload not UTF-8", lambda forge: forge.raw(json.dumps(forge.header()).encode(), b'{"iss":"\xff"}')
    yield "header a list", lambda forge: forge.raw(b"[]", json.dumps(forge.claims()).encode())
    yield "header null", lambda forge: forge.raw(b"null", json.dumps(forge.claims()).encode())
    yield "header nested deep", lambda forge: forge.raw(b"[" * 1000, json.dumps(forge.claims()).encode())
    yield "header empty", lambda forge: forge.raw(b"{}", json.dumps(forge.claims()).encode())


def _twice(name: str) -> Make:
    def make(forge: Forge) -> str:
        claims = forge.claims()
        text = json.dumps(claims)[:-1] + f", {json.dumps(name)}: {json.dumps(claims[name])}}}"
        return forge.raw(json.dumps(forge.header()).encode(), text.encode())

    return make


def _header_twice(name: str) -> Make:
    def make(forge: Forge) -> str:
        header = forge.header()
        text = "{" + f'"{name}": {json.dumps("none")}, ' + json.dumps(header)[1:]
        return forge.raw(text.encode(), json.dumps(forge.claims()).encode())

    return make


def _in_encoding(encoding: str) -> Make:
    def make(forge: Forge) -> str:
        # Short, so that it is not the length that is refused.
        text = json.dumps(forge.claims(), separators=(",", ":"))
        return forge.raw(json.dumps(forge.header()).encode(), text.encode(encoding))

    return make


def _forms() -> Iterator[tuple[str, Make]]:
    yield "nothing", lambda _forge: ""
    yield "a word", lambda _forge: "abracadabra"
    yield "only dots", lambda _forge: ".."
    yield "signature cut", _changed(lambda token: token[:-2])
    yield "signature cut by a byte", _changed(lambda token: token[:-3])
    yield "signature left out", _changed(lambda token: token.rpartition(".")[0] + ".")
    yield "signature left out with its dot", _changed(lambda token: token.rpartition(".")[0])
    yield "signature padded", _changed(lambda token: token + "==")
    yield "signature longer", _changed(lambda token: token + "AAAA")
    yield "signature all zero", lambda forge: forge.token(sign=lambda _message: bytes(64))
    yield "signature of another token", _changed(_other_signature)
    yield "signature with other spare bits", _changed(_spare_bits)
    yield "signature in plain base64", _changed(lambda token: token[:-86] + "+/" + token[-84:])
    yield "payload of another token", _other_payload
    yield "header padded", _changed(lambda token: token.replace(".", "=.", 1))
    yield "whitespace before", _changed(lambda token: "\t" + token)
    yield "a space inside", _changed(lambda token: token.replace(".", " .", 1))
    yield "a newline behind", _changed(lambda token: token + "\n")
    yield "a newline inside", _changed(lambda token: token.replace(".", "\n.", 1))
    yield "quotes around", _changed(lambda token: f'"{token}"')
    yield "a NUL behind", _changed(lambda token: token + "\0")
    yield "a letter beyond ASCII", _changed(lambda token: token + "\xe9")
    yield "a lone surrogate behind", _changed(lambda token: token + "\ud800")
    yield "full-width letters", _changed(lambda token: token.replace("e", "\uff45"))
    yield "four parts", _changed(lambda token: token + "." + token.rpartition(".")[2])
    yield (
        "five parts, as JWE has",
        lambda _forge: ".".join([encoded(b'{"alg":"dir","enc":"A256GCM"}'), "", "AA", "AA", "AA"]),
    )
    yield "the JSON form of JWS", _changed(_json_form)
    yield "a token in a token", _nested
    yield "two tokens with a comma", _changed(lambda token: f"{token},{token}")
    yield "more characters than a token has", lambda forge: forge.token(claims=forge.claims(x="x" * 1600))
    yield "a million characters", lambda _forge: "A" * 1_000_000


def _other_signature(token: str) -> str:
    body, _, signature = token.rpartition(".")
    return f"{body}.{signature[::-1]}"


def _spare_bits(token: str) -> str:
    # 64 bytes are 85 characters and two bits; the other four bits of the last character mean nothing.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _other_payload(forge: Forge) -> str:
    head, _, signature = forge.token().split(".")
    _, payload, _ = forge.token(claims=forge.claims(sub=str(SESSION))).split(".")
    return f"{head}.{payload}.{signature}"


def _json_form(token: str) -> str:
    head, payload, signature = token.split(".")
    return json.dumps({"protected": head, "payload": payload, "signature": signature})


def _nested(forge: Forge) -> str:
    return forge.raw(json.dumps(forge.header()).encode(), forge.token().encode())
