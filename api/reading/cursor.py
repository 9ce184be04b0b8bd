"""Cursors: the place of a row in an order, sealed, so that they tell nothing and serve one list of one viewer.

AES-SIV (RFC 5297) is deterministic: the same row in the same list has the same cursor. What a cursor belongs to (list,
order, tenant, viewer) is authenticated with it and not part of its text.
"""

import base64
import binascii
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.reading.page import bad_input

_KEY_BYTES = 64
_MOST_CHARACTERS = 4096


class Cursors:
    """Seals and opens the cursors of one installation; every process with the same `secret` opens them."""

    def __init__(self, secret: bytes) -> None:
        self._siv = AESSIV(HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"sextrontgen cursors 1").derive(secret))

    def seal(self, values: list[Any], belongs_to: str) -> str:
        """Return the cursor of a row with these order `values` (JSON), in the list `belongs_to`."""
        sealed = self._siv.encrypt(orjson.dumps(values), [belongs_to.encode()])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, cursor: str, belongs_to: str) -> list[Any]:
        """Return the order values in `cursor`. Raises `GraphQLError` for one of another list, order or viewer."""
        try:
            if len(cursor) > _MOST_CHARACTERS or not cursor.isascii():
                raise ValueError
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            values: list[Any] = orjson.loads(self._siv.decrypt(sealed, [belongs_to.encode()]))
        except (binascii.Error, ValueError, InvalidTag):
            raise bad_input("The cursor is not one of this list.") from None
        return values
