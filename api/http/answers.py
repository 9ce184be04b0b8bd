"""Answers as HTTP carries them (GraphQL over HTTP, section 6): their type, their status, errors included."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.errors import Code, RequestRefusedError, formatted, internal

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"

_ELSEWHERE = {
    404: "There is nothing here; GraphQL is served at /graphql.",
    405: "This method is not served here.",
}


def answered(body: Mapping[str, Any], request: Request) -> Response:
    """Return the answer of a request that was executed."""
    return _response(200, body, request)


def refused(refusal: RequestRefusedError, request: Request) -> Response:
    """Return the answer of a request that was not executed: errors, and no data."""
    # A client that understands plain JSON only is told of a bad document or bad variables with 200, as the
    # specification asks (section 6.4.1): to it, other statuses come from whoever stands between.
    status = 200 if refusal.well_formed and _media_type(request) == PLAIN_JSON else refusal.status
    response = _response(status, {"errors": formatted(refusal.errors)}, request)
    response.headers.update(refusal.headers)
    return response


def failed(request: Request, request_id: str) -> Response:
    """Return the answer that stands for a mistake of ours."""
    return _response(500, {"errors": formatted([internal(request_id)])}, request)


async def not_served(request: Request, error: Exception) -> Response:
    """Return the answer to a path or a method that nobody serves; `error` is Starlette's `HTTPException`."""
    status = int(getattr(error, "status_code", 404))
    headers = {name.lower(): value for name, value in (getattr(error, "headers", None) or {}).items()}
    if "allow" in headers:
        headers["allow"] = ", ".join(sorted(headers["allow"].split(", ")))
    message = _ELSEWHERE.get(status, "This request cannot be served.")
    return refused(RequestRefusedError(status, Code.BAD_USER_INPUT, message, headers=headers), request)


def _media_type(request: Request) -> str:
    """Return the type to answer in: the specification's own, unless the client names plain JSON and likes it better.

    A wildcard names neither: whoever sends one along with application/json means the JSON that it knows.
    """
    liking: dict[str, float] = {}
    for part in ",".join(request.headers.getlist("accept")).split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        liking[name] = max(liking.get(name, 0.0), _quality(parameters))
    return PLAIN_JSON if liking.get(PLAIN_JSON, 0.0) > liking.get(GRAPHQL_JSON, 0.0) else GRAPHQL_JSON


def _quality(parameters: list[str]) -> float:
    """Return the weight among the parameters of one media range, 0 to 1 (RFC 9110, section 12.4.2)."""
    given = [parameter[2:] for parameter in parameters if parameter.startswith("q=")]
    try:
        return min(max(float(given[0]), 0.0), 1.0) if given else 1.0
    except ValueError:
        return 1.0


def _response(status: int, body: Mapping[str, Any], request: Request) -> Response:
    return Response(orjson.dumps(body), status, media_type=f"{_media_type(request)}; charset=utf-8")
