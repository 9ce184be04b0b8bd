"""How a document is refused.

Nothing here carries the document's text: neither a literal nor the source that graphql-core's errors print.
"""

from collections.abc import Sequence

from graphql import GraphQLError, SourceLocation

SYNTAX = "SYNTAX"
INVALID_DOCUMENT = "INVALID_DOCUMENT"
DOCUMENT_TOO_COSTLY = "DOCUMENT_TOO_COSTLY"

# A message may name what the document names, and a name may be as long as the document.
LONGEST_MESSAGE = 300


class DocumentRefused(Exception):  # noqa: N818 - it reads as what happened, like the others that end a request
    """The document does not pass.

    ``code`` is SYNTAX, INVALID_DOCUMENT or DOCUMENT_TOO_COSTLY; each of ``errors`` has it in ``extensions["code"]``,
    a message that is safe to show and to log, and ``locations`` where the place is known. They have no nodes and no
    source, so that printing them prints no document.
    """

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(f"{code}: {'; '.join(error.message for error in errors)}")
        self.code = code
        self.errors = errors


def plain_error(code: str, message: str, locations: Sequence[SourceLocation] | None = None) -> GraphQLError:
    """An error that knows the places but not the text."""
    shown = message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 3] + "..."
    error = GraphQLError(shown, extensions={"code": code})
    error.locations = list(locations) if locations else None
    return error


def refused(code: str, message: str, locations: Sequence[SourceLocation] | None = None) -> DocumentRefused:
    """The refusal with one error."""
    return DocumentRefused(code, [plain_error(code, message, locations)])


def too_costly(what: str, amount: int, most: int) -> DocumentRefused:
    """The refusal that names the limit, the amount and what would pass."""
    return refused(DOCUMENT_TOO_COSTLY, f"The document is too costly: {what} {amount} is more than {most}.")
