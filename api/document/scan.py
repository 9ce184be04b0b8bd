"""What can be told from the text alone, before the parser builds anything: size, tokens, nesting.

The parser needs ten times as long and recurses with the nesting. The scan follows the lexical grammar (GraphQL,
October 2021, section 2.1) without checking it: on text that does not parse it may be wrong, and then the parser,
which has bounds of its own, says what is wrong.
"""

import re

from api.document.limits import Limits
from api.document.refusal import SYNTAX, refused, too_costly

# Possessive, so that no text makes it go back: one pass. A block string may be left open; an unknown character is no
# token.
_TOKEN = re.compile(
    r"""
      [{}()\[\]$:=!|&@] | \.\.\.
    | \"\"\" (?: [^"\\] | \\\"\"\" | \\ | "(?!"") )*+ (?:\"\"\")?
    | " (?: [^"\\\n\r] | \\. )*+ "?
    | \#[^\n\r]*+
    | [A-Za-z_][A-Za-z_0-9]*+
    | -?[0-9][0-9A-Za-z_.+-]*+
    """,
    re.VERBOSE,
)


def scan(text: str, limits: Limits) -> bytes:
    """Refuse a text that is too much or not text; return it as UTF-8.

    Raises ``DocumentRefused``: SYNTAX for what is not Unicode text, DOCUMENT_TOO_COSTLY for bytes, tokens, nesting,
    literal depth and digits.
    """
    data = _encoded(text, limits)
    tokens = depth = outside = nesting = literals = digits = 0
    for match in _TOKEN.finditer(text):
        tokens += 1
        lexeme = match[0]
        if lexeme in "{[(":
            depth += 1
            if lexeme == "(":
                outside = depth
            nesting = max(nesting, depth)
            # Selections stand outside parentheses; there is no parenthesis inside one.
            literals = max(literals, depth - outside) if outside else literals
        elif lexeme in "}])":
            depth -= 1
            outside = 0 if lexeme == ")" else outside
        elif lexeme[0] in "-0123456789":
            digits = max(digits, len(lexeme))
    for what, amount, most in (
        ("tokens", tokens, limits.tokens),
        ("nesting", nesting, limits.nesting),
        ("literal depth", literals, limits.literal_depth),
        ("digits", digits, limits.digits),
    ):
        if amount > most:
            raise too_costly(what, amount, most)
    return data


def _encoded(text: str, limits: Limits) -> bytes:
    # Characters first: they are counted without looking at them, and there are never more of them than bytes.
    if len(text) > limits.bytes:
        raise too_costly("bytes", len(text), limits.bytes)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = b""
    if not data and text:
        raise refused(SYNTAX, "The document is not Unicode text: it holds a lone surrogate. Send it as UTF-8.")
    if len(data) > limits.bytes:
        raise too_costly("bytes", len(data), limits.bytes)
    if b"\0" in data:
        raise refused(SYNTAX, "The document holds a NUL character, which no value may hold. Leave it out.")
    return data
