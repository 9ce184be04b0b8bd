"""Card numbers in what people type, so that none is ever kept."""

import re
from collections.abc import Iterator

_DIGITS = re.compile(r"\d+")
_GAP = re.compile(r"[\s\-\u2010-\u2015\u00b7._/]{1,3}")
"""What people put between the groups of a number."""

_ISSUERS = re.compile(r"220[0-4]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|30[0-59]|3[4-9]|[4-6]")
"""How the numbers of payment cards begin (ISO/IEC 7812: the issuers of cards in use). A book's ISBN does not."""
_LENGTHS = range(13, 20)


def holds_card_number(text: str) -> bool:
    """Tell whether `text` holds 13 to 19 digits, in groups or not, that can be a payment card's number.

    It can if it begins like one and its last digit is the check digit (ISO/IEC 7812-1, annex B: Luhn's formula).
    """
    return any(_is_card_number(number) for run in _runs(text) for number in _numbers(run))


def _runs(text: str) -> Iterator[list[str]]:
    """Yield the groups of digits that stand together. The first after a plus is a telephone's, so it is left out."""
    run: list[str] = []
    end = 0
    for found in _DIGITS.finditer(text):
        if run and not _GAP.fullmatch(text, end, found.start()):
            yield run
            run = []
        digits = "".join(str(int(digit)) for digit in found.group())
        run.append("" if text[: found.start()].endswith("+") else digits)
        end = found.end()
    yield run


def _numbers(run: list[str]) -> Iterator[str]:
    """Yield what whole groups side by side amount to, where that is as long as a card's number."""
    for first in range(len(run)):
        number = ""
        for group in run[first:]:
            if not group or len(number) >= _LENGTHS.stop:
                break
            number += group
            if len(number) in _LENGTHS:
                yield number


def _is_card_number(number: str) -> bool:
    if not _ISSUERS.match(number):
        return False
    doubled = (2 * int(digit) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(value // 10 + value % 10 for value in doubled)) % 10 == 0
