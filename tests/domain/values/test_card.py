"""Card numbers are seen wherever they are, and nothing else is taken for one."""

import random

import pytest

from domain.values.card import holds_card_number

# Numbers that the card schemes publish for tests.
CARDS = (
    "4111111111111111",
    "4222222222222",
    "4917610000000000003",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "6011111111111117",
    "3530111333300000",
    "6304000000000000",
)


def grouped(digits: str, gap: str, size: int = 4) -> str:
    return gap.join(digits[start : start + size] for start in range(0, len(digits), size))


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("gap", ["", " ", "-", ".", "\u00a0", " - ", "\n", "\u2011"])
def test_a_card_number_is_seen_however_it_is_written(card: str, gap: str) -> None:
    written = grouped(card, gap)
    for text in (written, f"card {written}.", f"({written})", f"{written} 12/27 123", f"on 2024-05-01 {written}"):
        assert holds_card_number(text), text


def test_a_card_number_in_other_digits_is_a_card_number() -> None:
    assert holds_card_number("".join(chr(0x0660 + int(digit)) for digit in CARDS[0]))


@pytest.mark.parametrize("card", CARDS)
def test_a_number_with_one_digit_off_is_none(card: str) -> None:
    for place in range(1, len(card)):
        other = f"{card[:place]}{(int(card[place]) + 1) % 10}{card[place + 1 :]}"
        assert not holds_card_number(other), other


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024",
        "978-3-16-148410-0",
        "ISBN 9780306406157",
        "+49 1512 3456789",
        "+4915123456789",
        "+4111111111111111",
        "4111 and 1111 and 1111 and 1111",
        "411111111111",
        "0" * 16,
        "1" * 16,
        "from 2019-2023, 40 h a week",
        "3.14159265358979",
    ],
)
def test_what_is_no_card_number_is_let_through(text: str) -> None:
    assert not holds_card_number(text)


def test_a_long_run_of_digits_is_looked_through_in_no_time() -> None:
    rng = random.Random(1)
    holds_card_number(" ".join(rng.choice("12789") for _ in range(2000)))
    holds_card_number("".join(rng.choice("12789") for _ in range(4000)))
