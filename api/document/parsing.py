"""From text to nodes."""

import re

from graphql import DocumentNode, GraphQLSyntaxError, parse

from api.document.limits import Limits
from api.document.refusal import SYNTAX, DocumentRefused, refused

# A token is described by its kind and, for these kinds, its value. A name is left out too: it may be a value whose
# quotes were forgotten.
_VALUE = re.compile(r"\b(Name|String|BlockString|Int|Float|Comment) '.*'", re.DOTALL)


def parsed(text: str, limits: Limits) -> DocumentNode:
    """Parse a text that has been scanned.

    Raises ``DocumentRefused`` (SYNTAX) with what was expected, what kind of token was found, and where.
    """
    outcome = _outcome(text, limits)
    if isinstance(outcome, DocumentRefused):
        raise outcome
    return outcome


def _outcome(text: str, limits: Limits) -> DocumentNode | DocumentRefused:
    # Returned and not raised: a refusal raised in the handler would carry graphql-core's error, which prints the
    # source.
    try:
        return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        return refused(SYNTAX, f"Syntax error: {_without_values(error.description)}", error.locations)


def _without_values(description: str) -> str:
    """What graphql-core says, without what it quotes of the document: tokens, characters, escapes, and proposals made
    of them.
    """
    kinds = _VALUE.sub(r"\1", description)
    return kinds.partition(", did you mean")[0].partition(": ")[0].removesuffix(".") + "."
