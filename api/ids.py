"""Global ids: base64 of `Type:UUID`, opaque to clients."""

import base64
import binascii
from uuid import UUID


class MalformedIdError(ValueError):
    """The text is no global id."""


def encode_id(kind: str, key: UUID) -> str:
    """Return the global id of the object `key` of type `kind`."""
    return binascii.b2a_base64(f"{kind}:{key!s}".encode(), newline=False).decode()


def decode_id(text: str) -> tuple[str, UUID]:
    """Return the type's name and the key in a global id. Raises `MalformedIdError`.

    One object has one id: a text that `encode_id` would write differently is none.
    """
    try:
        kind, _, key = base64.b64decode(text, validate=True).decode("ascii").partition(":")
        found = kind, UUID(key)
    except (binascii.Error, ValueError):
        raise MalformedIdError("This is not an id of this server.") from None
    if encode_id(*found) != text:
        raise MalformedIdError("This is not an id of this server.")
    return found
