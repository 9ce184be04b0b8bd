"""What people may type in, and how it is kept."""

import pytest

from domain.values.language import language_tag
from domain.values.phone import phone_number
from domain.values.text import plain_text
from domain.values.unfit import UnfitValueError


@pytest.mark.parametrize(
    "text",
    [
        "Engineer",
        "naïve façade",
        "日本語",
        "مرحبا",
        "👩‍👩‍👧",
        "e\u0301",
        "C++ & <b>",
        "'; DROP TABLE person; --",
        "a\u200fb",
        "5",
        "$",
        "x" * 200,
        "𝄞" * 200,
    ],
)
def test_a_text_is_kept_as_it_is(text: str) -> None:
    assert plain_text(text, most=200) == text


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "\x07",
        "a\nb",
        "a\tb",
        "a\rb",
        "a\x7fb",
        "a\x85b",
        "\ud800",
        "a\u2028b",
        "a\u2029b",
        "a\u202eb",
        "a\u2066b",
        "a\ufffeb",
        "a\ufdd0b",
        "a\U0001ffffb",
        "\u200b",
        "\u0301",
        "\u00ad",
        "x" * 201,
        "4111 1111 1111 1111",
    ],
)
def test_what_is_no_text_of_one_line_is_refused(text: str) -> None:
    with pytest.raises(UnfitValueError) as told:
        plain_text(text, most=200)
    assert str(told.value).startswith("It ")
    assert text not in str(told.value)


def test_lines_are_kept_where_there_may_be_some() -> None:
    assert plain_text("one\r\ntwo\n\nthree", most=20, lines=True) == "one\ntwo\n\nthree"
    for text in ("a\rb", "a\tb", "a\x0bb", "a\u2028b", "\n"):
        with pytest.raises(UnfitValueError):
            plain_text(text, most=20, lines=True)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("pt-br", "pt-BR"),
        ("ZH-HANT-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("de-CH-1996", "de-CH-1996"),
        ("hy-latn-IT-arevela", "hy-Latn-IT-arevela"),
        ("zh-cmn-hans-cn", "zh-cmn-Hans-CN"),
        ("en-US-u-islamcal", "en-US-u-islamcal"),
        ("de-x-ABCD-de", "de-x-abcd-de"),
        ("fil", "fil"),
    ],
)
def test_a_language_tag_is_kept_in_its_usual_spelling(text: str, kept: str) -> None:
    assert language_tag(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "e",
        "english language",
        "en_US",
        "en-",
        "-en",
        "en--US",
        "x-private",
        "i-klingon",
        "1en",
        "en-US-DE",
        "de-419-DE",
        "a-DE",
        "en-u",
        "en-x",
        "en-" + "a" * 9,
        "en-" + "-".join(["abcde"] * 7),
        "\uff45\uff4e",
        "\u212a\u212a",
        "en\n",
        "en-x-" + "a" * 40,
    ],
)
def test_what_has_not_the_form_of_a_language_tag_is_refused(text: str) -> None:
    with pytest.raises(UnfitValueError):
        language_tag(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("+4930901820", "+4930901820"),
        ("+49 30 901820", "+4930901820"),
        ("+1 (555) 010-9999", "+15550109999"),
        ("+44.20.7946.0018", "+442079460018"),
        ("+683 4000", "+6834000"),
        ("+123456789012345", "+123456789012345"),
    ],
)
def test_a_telephone_number_is_kept_as_a_plus_and_its_digits(text: str, kept: str) -> None:
    assert phone_number(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "030 901820",
        "0049 30 901820",
        "+0 30 901820",
        "+49 (0) 30 901820",
        "+49(0)30901820",
        "+49 30 90x20",
        "+49",
        "+1234567890123456",
        "++4930901820",
        "+",
        "phone",
        "+49\n30901820",
        "+49 30 901820 ext. 5",
        "+\uff14\uff1930901820",
        "+1" + " " * 40 + "5550109999",
        "4111 1111 1111 1111",
    ],
)
def test_what_has_not_the_form_of_an_international_number_is_refused(text: str) -> None:
    with pytest.raises(UnfitValueError):
        phone_number(text)
