from dataclasses import replace

import pytest
from graphql import Lexer, Source, TokenKind

from api.document.limits import Limits
from api.document.refusal import DocumentRefused
from api.document.scan import scan
from tests.api.document.honest import honest


def refusal_of(text: str, limits: Limits | None = None) -> str:
    with pytest.raises(DocumentRefused) as caught:
        scan(text, limits or Limits())
    return str(caught.value)


def tokens_of(text: str) -> int:
    """The tokens as graphql-core counts them, comments included."""
    lexer = Lexer(Source(text))
    while lexer.advance().kind is not TokenKind.EOF:
        pass
    count, token = 0, lexer.token.prev
    while token is not None and token.kind is not TokenKind.SOF:
        count, token = count + 1, token.prev
    return count


TRICKY = (
    '{ a(b: "x { [ ( \\" } #") } # { [ (',
    '{ a(b: """x { \\""" [ " "" ( #""") }',
    '{ a(b: """""", c: "", d: "\\\\") }',
    '{ a(b: """\\\\ """) }',
    "{ a(b: -1.5e-3, c: 0, d: [1,2,3]) ...on X { _a1 } ...F @skip(if: $v) }",
    "query Q($v: [[Int!]!]! = [[1]]) { a }\r\n# c\r# d\n",
    '\ufeff{ a(b: "\u00e4\U0001f600") }',
)


@pytest.mark.parametrize("text", [*TRICKY, *dict(honest()).values()])
def test_the_scan_counts_the_tokens_that_the_parser_will_meet(text: str) -> None:
    count = tokens_of(text)
    assert scan(text, Limits(tokens=count)) == text.encode()
    assert f"tokens {count} is more than {count - 1}." in refusal_of(text, Limits(tokens=count - 1))


def test_brackets_in_strings_and_comments_do_not_nest() -> None:
    scan('{ a(b: "[[[[[[", c: """{{{{{{""") } # ((((((', Limits(nesting=2))


@pytest.mark.parametrize(
    ("text", "nesting", "literal_depth"),
    [
        ("{ a { b { c } } }", 3, 0),
        ("{ a(b: 1) { c } }", 2, 0),
        ("{ a(b: [{c: [1]}]) { d { e { f { g { h } } } } } }", 6, 3),
        ("query ($v: [[Int]]) { a }", 3, 2),
        ("{ a(b: [1], c: {d: 1}) }", 3, 1),
    ],
)
def test_nesting_counts_all_brackets_and_literal_depth_those_in_parentheses(
    text: str, nesting: int, literal_depth: int
) -> None:
    enough = Limits(nesting=nesting, literal_depth=literal_depth)
    scan(text, enough)
    assert f"nesting {nesting} is more than" in refusal_of(text, replace(enough, nesting=nesting - 1))
    if literal_depth:
        assert f"literal depth {literal_depth} is more than" in refusal_of(
            text, replace(enough, literal_depth=literal_depth - 1)
        )


def test_bytes_are_counted_and_not_characters() -> None:
    text = "#" + "\u00e4" * 10
    assert scan(text, Limits(bytes=21)) == text.encode()
    assert "bytes 21 is more than 20." in refusal_of(text, Limits(bytes=20))
    assert "bytes 11 is more than 10." in refusal_of(text, Limits(bytes=10))


def test_a_text_far_too_long_is_refused_without_being_read() -> None:
    assert "bytes 20000000 is more than" in refusal_of("\ud800" * 20_000_000)


def test_a_long_number_is_refused() -> None:
    scan("{ a(b: " + "9" * 40 + ") }", Limits())
    assert "digits 41 is more than 40." in refusal_of("{ a(b: -" + "9" * 40 + ") }")


@pytest.mark.parametrize("text", ["\ud800", "{ a } \udfff", "\ud83d\ude00"], ids=["high", "low", "pair"])
def test_surrogates_are_no_text(text: str) -> None:
    assert refusal_of(text).startswith("SYNTAX: ")


def test_nul_is_refused_wherever_it_stands() -> None:
    for text in ("\0", '{ a(b: "\0") }', "{ a } # \0"):
        assert refusal_of(text).startswith("SYNTAX: ")
