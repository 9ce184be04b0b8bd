"""Free text: what a person wrote about themselves, as it may be kept."""

import unicodedata

from domain.values.card import holds_card_number
from domain.values.unfit import UnfitValueError

# They turn round or hide what stands beside them, so that it reads otherwise than it is (Unicode TR 36, section 2.5).
_TURNING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_READABLE = frozenset("LNPS")


def plain_text(text: str, *, most: int, lines: bool = False) -> str:
    """Return `text` as it is kept: of at most `most` characters, on one line unless `lines`. Raises `UnfitValueError`.

    Refused are control characters, what is no character, and card numbers.
    """
    kept = text.replace("\r\n", "\n") if lines else text
    if len(kept) > most:
        raise UnfitValueError(f"It is longer than {most} characters.")
    if not all(_is_text(character) or (lines and character == "\n") for character in kept):
        raise UnfitValueError(f"It holds characters that are not text{'' if lines else ', or more than one line'}.")
    if not any(unicodedata.category(character)[0] in _READABLE for character in kept):
        raise UnfitValueError("It holds nothing that can be read.")
    if holds_card_number(kept):
        raise UnfitValueError("It looks as if it holds a card number. Card numbers are not kept here.")
    return kept


def _is_text(character: str) -> bool:
    """Tell whether `character` is one of a text: no control, surrogate, separator of lines, or noncharacter."""
    code = ord(character)
    is_nothing = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE or character in _TURNING
    return not is_nothing and unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
