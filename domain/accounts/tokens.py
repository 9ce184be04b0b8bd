"""Access tokens: JSON Web Tokens signed with EdDSA, checked as RFC 8725 (best current practices) asks.

What may be in a token is decided here and by configuration, never by the token: one algorithm, one type (`at+jwt`,
RFC 9068), the configured issuer and audience, keys only from the configuration, no header that fetches or embeds one.
What two readers could understand differently (a name that is there twice, another encoding than UTF-8) is refused.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NoReturn
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.accounts.keys import TokenKeys
from tenants.ids import TenantId

_ALGORITHM = "EdDSA"
_TYPE = "at+jwt"
_MOST_CHARACTERS = 2048
_MOST_REMEMBERED = 4096
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_REQUIRED = ("iss", "aud", "sub", "tid", "sid", "jti", "iat", "exp")


class InvalidTokenError(Exception):
    """The token proves nothing. The message is for the log; clients learn only that they are not signed in."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says: who, in which tenant, in which session, until when (UTC)."""

    tenant_id: TenantId
    person_id: UUID
    session_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Proven:
    """What was proven; it counts from `since` on and before `until` (Unix times in whole seconds, no leeway)."""

    claims: Claims
    since: int
    until: int


class _Remembered:
    """The tokens proven last, so that a signature is checked once and not with every request.

    A token is known by the SHA-256 of its every character, and is itself not kept. What proves nothing never gets here.
    """

    def __init__(self) -> None:
        self._proven: OrderedDict[bytes, _Proven] = OrderedDict()

    def find(self, digest: bytes) -> Claims | None:
        """Return what the token said; None when it is not known, or does not count at this moment."""
        proven = self._proven.get(digest)
        if proven is None:
            return None
        # The clock as PyJWT reads it.
        if not proven.since <= datetime.now(UTC).timestamp() < proven.until:
            del self._proven[digest]
            return None
        self._proven.move_to_end(digest)
        return proven.claims

    def add(self, digest: bytes, proven: _Proven) -> None:
        """Remember it in the place of the one that was not asked for the longest, when there are too many."""
        self._proven[digest] = proven
        if len(self._proven) > _MOST_REMEMBERED:
            self._proven.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues and verifies the access tokens of one installation."""

    keys: TokenKeys
    issuer: str
    audience: str
    longest: timedelta = timedelta(minutes=10)
    """No token lives longer, whoever signed it."""
    _remembered: _Remembered = field(default_factory=_Remembered, init=False, repr=False, compare=False)
    """Proven by these keys, for this issuer and audience: whatever has others starts with none."""

    def issue(self, tenant_id: TenantId, person_id: UUID, session_id: UUID, expires_at: datetime) -> str:
        """Return a token for `session_id`. Raises `ValueError` when it would live longer than `longest`."""
        now = datetime.now(UTC)
        if not now < expires_at <= now + self.longest:
            raise ValueError(f"A token lives longer than now and at most {self.longest}.")
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(person_id),
            "tid": str(tenant_id),
            "sid": str(session_id),
            "jti": str(uuid4()),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        headers = {"typ": _TYPE, "kid": self.keys.signing_name}
        return jwt.encode(claims, self.keys.signing, algorithm=_ALGORITHM, headers=headers)

    def verify(self, token: str) -> Claims:
        """Return what `token` says once it is proven. Raises `InvalidTokenError`."""
        if len(token) > _MOST_CHARACTERS or not _FORM.fullmatch(token):
            raise InvalidTokenError("not in the form of a token")
        digest = sha256(token.encode()).digest()
        if (claims := self._remembered.find(digest)) is not None:
            return claims
        proven = self._prove(token)
        self._remembered.add(digest, proven)
        return proven.claims

    def _prove(self, token: str) -> _Proven:
        try:
            header, _ = (_object(segment) for segment in token.split(".")[:2])
            claims = jwt.decode(
                token,
                self._key_of(header),
                algorithms=[_ALGORITHM],
                issuer=self.issuer,
                audience=self.audience,
                options={"require": list(_REQUIRED), "strict_aud": True},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError) as error:
            raise InvalidTokenError(type(error).__name__) from None
        return self._checked(claims)

    def _key_of(self, header: Mapping[str, Any]) -> Ed25519PublicKey:
        if set(header) != {"alg", "typ", "kid"} or header["alg"] != _ALGORITHM or header["typ"] != _TYPE:
            raise InvalidTokenError("another header than ours")
        name = header["kid"]
        key = self.keys.verifying.get(name) if isinstance(name, str) else None
        if key is None:
            raise InvalidTokenError("a key that is not ours")
        return key

    def _checked(self, claims: Mapping[str, Any]) -> _Proven:
        issued, expires = claims["iat"], claims["exp"]
        # PyJWT takes whatever int() takes: a float, a text, true.
        whole = all(type(claims[name]) is int for name in ("iat", "exp", "nbf") if name in claims)
        if not whole or not 0 < expires - issued <= self.longest.total_seconds():
            raise InvalidTokenError("times that no token of ours has")
        _uuid(claims["jti"])
        said = Claims(
            tenant_id=TenantId(_uuid(claims["tid"])),
            person_id=_uuid(claims["sub"]),
            session_id=_uuid(claims["sid"]),
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
        return _Proven(said, since=max(issued, claims.get("nbf", issued)), until=expires)


def _object(segment: str) -> dict[str, Any]:
    """Return the JSON object in `segment`. Raises `ValueError` for what RFC 8259 leaves open (sections 4, 6, 8.1)."""
    text = urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode("utf-8")
    found = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    if not isinstance(found, dict):
        raise InvalidTokenError("not an object")
    return found


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name that is there twice")
    return found


def _no_number(_name: str) -> NoReturn:
    raise ValueError("no number of JSON")


def _uuid(value: object) -> UUID:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise InvalidTokenError("an id that is not a UUID")
    return UUID(value)
