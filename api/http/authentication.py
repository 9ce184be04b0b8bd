"""Who sends the request: the bearer token in its one Authorization header (RFC 6750, section 2.1)."""

from starlette.requests import Request

from api.errors import unauthenticated
from domain.accounts.tokens import Claims, InvalidTokenError, Tokens


def claims_of(request: Request, tokens: Tokens) -> Claims | None:
    """Return what the request's token proves, None when there is no token at all.

    Raises the refusal (401) for a token that proves nothing: a client that sent one means to be somebody.
    """
    headers = request.headers.getlist("authorization")
    if not headers:
        return None
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer":
        raise unauthenticated("Send one header 'Authorization: Bearer TOKEN'.", "invalid_request")
    try:
        return tokens.verify(token.strip(" "))
    except InvalidTokenError:
        raise unauthenticated("The token is not valid, or it has expired.", "invalid_token") from None
