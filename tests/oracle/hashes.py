"""The keyed hash of a value on the record of changes, as the design has it: RFC 5869 and RFC 2104, by hand."""

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

Place = tuple[UUID, str, UUID]
"""The tenant, and the type and key of the object."""


def hashed(secret: bytes, place: Place, field: str, value: Any) -> str:
    """Return the hash of what the `field` (`Type.field`) of an object holds, 64 hexadecimal digits.

    `secret`: the installation's, the bytes of its file of signing keys.
    """
    pseudorandom = hmac.digest(bytes(32), secret, "sha256")
    derived = hmac.digest(pseudorandom, b"sextrontgen changes 1\x01", "sha256")
    tenant_id, kind, key = place
    said = [str(tenant_id), kind, str(key), field, _plain(value)]
    written = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(derived, written.encode(), sha256).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return int(value) if isinstance(value, float) and value.is_integer() else value
