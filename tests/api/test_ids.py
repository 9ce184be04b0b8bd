"""Global ids: one text for one object, and no other text for it."""

import base64
from uuid import UUID

import pytest

from api.ids import MalformedIdError, decode_id, encode_id

KEY = UUID("019b76da-a800-7d69-9167-8c65628d83f7")


@pytest.mark.parametrize("kind", ["Learner", "AccessEvent", "A"])
def test_an_id_is_read_as_it_was_written(kind: str) -> None:
    assert decode_id(encode_id(kind, KEY)) == (kind, KEY)


def test_an_id_is_base64_of_the_type_and_the_key() -> None:
    assert base64.b64decode(encode_id("Learner", KEY)) == f"Learner:{KEY}".encode()


def other(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "x", "=", "====", "\0", "é", "\ud800", "A" * 100_000, "Learner", f"Learner:{KEY}",
        other("Learner"), other("Learner:"), other(f"Learner{KEY}"), other("Learner:1"), other(f"Learner:{KEY}x"),
        other(f"Learner:{str(KEY).upper()}"), other(f"Learner:{KEY.hex}"), other(f"Learner:{{{KEY}}}"),
        other(f"Learner:urn:uuid:{KEY}"), other(f"Learner: {KEY}"), other(f"Lé:{KEY}"), other(f"Learner::{KEY}"),
        encode_id("Learner", KEY) + "\n", " " + encode_id("Learner", KEY), encode_id("Learner", KEY) + "=",
        encode_id("Learner", KEY).rstrip("="), encode_id("Learner", KEY)[:-1],
    ],
    ids=lambda text: repr(text[:24]),
)  # fmt: skip
def test_what_would_be_written_otherwise_is_no_id(text: str) -> None:
    with pytest.raises(MalformedIdError) as told:
        decode_id(text)
    assert str(told.value) == "This is not an id of this server."


def test_bits_that_base64_leaves_unused_make_no_second_id() -> None:
    written = encode_id("Learner", KEY)
    assert written.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = len(written.rstrip("=")) - 1
    twins = [written[:last] + letter + written[last + 1 :] for letter in alphabet if letter != written[last]]
    same = [twin for twin in twins if base64.b64decode(twin) == base64.b64decode(written)]
    assert same
    for twin in same:
        with pytest.raises(MalformedIdError):
            decode_id(twin)
