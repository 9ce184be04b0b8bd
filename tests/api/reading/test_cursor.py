"""Cursors: deterministic, sealed, and good for the one list they were made for."""

import base64
from typing import Any

import pytest
from graphql import GraphQLError

from api.reading.cursor import Cursors

LIST = "Query.learners NAME_ASC 019b76da-a800-7000-8000-000000000001 019b76da-a800-7000-8000-000000000002"
CURSORS = Cursors(b"a secret of the installation")
VALUES: list[list[Any]] = [[None], ["Ana", "019b76da"], [None, None], [1.5, True, "\U0001f600"], [""], []]


def test_what_was_sealed_is_opened_again_whichever_process_does_it() -> None:
    for values in VALUES:
        assert Cursors(b"a secret of the installation").open(CURSORS.seal(values, LIST), LIST) == values


def test_a_row_has_one_cursor_and_other_rows_another() -> None:
    sealed = [CURSORS.seal(values, LIST) for values in VALUES]
    assert sealed == [CURSORS.seal(values, LIST) for values in VALUES]
    assert len(set(sealed)) == len(VALUES)
    assert CURSORS.seal(["Ana"], LIST) != CURSORS.seal(["Ana"], LIST + "x")


def test_a_cursor_is_plain_letters_and_tells_nothing() -> None:
    values = ["Ana Canary", "019b76da-a800-7000-8000-000000000009"]
    cursor = CURSORS.seal(values, LIST)
    opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for part in (*values, "Query", "learners", "NAME_ASC"):
        assert part.encode() not in opened
    alike = CURSORS.seal([values[0], "019b76da-a800-7000-8000-000000000008"], LIST)
    assert alike[:8] != cursor[:8]


@pytest.mark.parametrize(
    "other", ["", LIST + " ", LIST.replace("NAME_ASC", ""), LIST.replace("1 ", "3 "), LIST[:-1] + "9"]
)
def test_a_cursor_of_another_list_order_tenant_or_viewer_is_refused(other: str) -> None:
    with pytest.raises(GraphQLError):
        CURSORS.open(CURSORS.seal(["Ana"], LIST), other)


def test_a_cursor_of_another_installation_is_refused() -> None:
    with pytest.raises(GraphQLError):
        Cursors(b"another").open(CURSORS.seal(["Ana"], LIST), LIST)


def test_a_cursor_with_any_letter_changed_is_refused() -> None:
    cursor = CURSORS.seal(["Ana", "x"], LIST)
    for at, letter in enumerate(cursor):
        for spoilt in (cursor[:at] + ("A" if letter != "A" else "B") + cursor[at + 1 :], cursor[:at]):
            with pytest.raises(GraphQLError):
                CURSORS.open(spoilt, LIST)


def test_a_cursor_with_anything_put_in_is_refused() -> None:
    cursor = CURSORS.seal(["Ana", "x"], LIST)
    for at in range(len(cursor)):
        for letter in "+/=! \n.":
            with pytest.raises(GraphQLError):
                CURSORS.open(cursor[:at] + letter + cursor[at:], LIST)


@pytest.mark.parametrize(
    "text", ["", "=", "A", "AAAA", "é" * 30, "\ud800", "\0" * 40, "A" * 4096, "A" * 4097, "+/+/" * 10, "A A A A A" * 8]
)
def test_what_is_no_cursor_is_refused_as_a_bad_argument(text: str) -> None:
    with pytest.raises(GraphQLError) as told:
        CURSORS.open(text, LIST)
    assert told.value.extensions == {"code": "BAD_USER_INPUT"}
    assert told.value.message == "The cursor is not one of this list."
