"""Errors as clients see them: a message, a place in the document, a code of the contract, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from graphql import GraphQLError


class Code(StrEnum):
    """Why something was not answered."""

    SYNTAX = "SYNTAX"
    INVALID_DOCUMENT = "INVALID_DOCUMENT"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    DOCUMENT_TOO_COSTLY = "DOCUMENT_TOO_COSTLY"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    AUDIT_UNAVAILABLE = "AUDIT_UNAVAILABLE"
    INTERNAL = "INTERNAL"


class RequestRefusedError(Exception):
    """The whole request is refused before anything is executed: an HTTP status, headers, and errors for the client."""

    def __init__(
        self,
        status: int,
        code: Code,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[GraphQLError] = (),
        well_formed: bool = False,
    ) -> None:
        """`well_formed` says that HTTP and JSON were right, and what they carried (document, variables) was not."""
        super().__init__(message)
        self.well_formed = well_formed
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.errors = list(errors) or [GraphQLError(message, extensions={"code": code.value})]


def unauthenticated(message: str = "Sign in first: no token was sent.", error: str = "") -> RequestRefusedError:
    """Return the refusal of somebody who has not proven who they are; `error` is RFC 6750's (section 3.1)."""
    challenge = 'Bearer realm="sextrontgen"' + (f', error="{error}"' if error else "")
    return RequestRefusedError(401, Code.UNAUTHENTICATED, message, headers={"www-authenticate": challenge})


def unavailable() -> RequestRefusedError:
    """Return the refusal of a request whose record could not be written, so that nothing may leave."""
    message = "This cannot be put on record at the moment, so it is not answered. Try again shortly."
    return RequestRefusedError(503, Code.AUDIT_UNAVAILABLE, message, headers={"retry-after": "1"})


def internal(request_id: str) -> GraphQLError:
    """Return the one error that stands for every mistake of ours; the log has the rest under the same request id."""
    return GraphQLError("Something went wrong here.", extensions={"code": Code.INTERNAL.value, "requestId": request_id})


def formatted(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """Return `errors` as the answer's `errors` (GraphQL specification, section 7.1.2)."""
    return [dict(error.formatted) for error in errors]
