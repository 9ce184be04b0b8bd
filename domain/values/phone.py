"""Telephone numbers."""

import re

from domain.values.unfit import UnfitValueError

_FORM = re.compile(r"\+[1-9][0-9 .()-]*")
_DIGITS = range(7, 16)
_MOST = 40


def phone_number(text: str) -> str:
    """Return an international number as it is kept: a plus and its digits (ITU-T E.164). Raises `UnfitValueError`.

    Whether anybody has that number is not looked up.
    """
    digits = re.sub(r"[^0-9]", "", text[:_MOST])
    # The nought of a national number is not dialled after the country's code.
    if len(text) > _MOST or not _FORM.fullmatch(text) or "(0)" in text or len(digits) not in _DIGITS:
        raise UnfitValueError("It is not an international number: a plus, the country's code, then up to 15 digits.")
    return f"+{digits}"
