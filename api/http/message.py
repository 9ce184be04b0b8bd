"""A GraphQL request as HTTP carries it (GraphQL over HTTP, sections 5 and 6): read, checked, bounded."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

from api.errors import Code, RequestRefusedError

BODY_SECONDS = 5.0
"""How long a body may take to arrive."""

_MOST_IN_URL = 16 * 1024
_CLOSE = {"connection": "close"}
"""What is left of a body that was not read to its end is not worth reading."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asked: the document, which operation of it, and the variables' values as they were sent."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]


async def read(request: Request, body_limit: int) -> Asked:
    """Return what `request` asks. Raises `RequestRefusedError`."""
    if request.method == "GET":
        return _checked(_from_url(request))
    if request.method != "POST":
        raise RequestRefusedError(
            405, Code.BAD_USER_INPUT, "Send the request by POST, a query also by GET.", headers={"allow": "GET, POST"}
        )
    kinds = request.headers.getlist("content-type")
    if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() != "application/json":
        raise RequestRefusedError(415, Code.BAD_USER_INPUT, "Send the request as application/json.")
    return _checked(_parsed(await _body(request, body_limit)))


async def _body(request: Request, most: int) -> bytes:
    too_large = RequestRefusedError(413, Code.BAD_USER_INPUT, f"The body is larger than {most} bytes.", headers=_CLOSE)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        told = "The body took too long to arrive."
        raise RequestRefusedError(408, Code.BAD_USER_INPUT, told, headers=_CLOSE) from None
    return bytes(body)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _bad("The body is not valid JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise _bad("The body is not a JSON object; batches are not served.")
    return found


def _from_url(request: Request) -> dict[str, Any]:
    if len(request.scope["query_string"]) > _MOST_IN_URL:
        told = f"The address is longer than {_MOST_IN_URL} bytes; send the request by POST."
        raise RequestRefusedError(414, Code.BAD_USER_INPUT, told)
    found: dict[str, Any] = {}
    for name in ("query", "operationName", "variables"):
        values = request.query_params.getlist(name)
        if len(values) > 1:
            raise _bad(f"The parameter {name} is there more than once.")
        if values:
            found[name] = values[0]
    if found.get("variables"):
        try:
            found["variables"] = orjson.loads(found["variables"])
        except orjson.JSONDecodeError:
            raise _bad("The parameter variables is not valid JSON.") from None
    else:
        found.pop("variables", None)
    return found


def _checked(found: dict[str, Any]) -> Asked:
    query, name, variables = found.get("query"), found.get("operationName"), found.get("variables")
    if not isinstance(query, str) or not query.strip():
        raise _bad('There is no query: send {"query": "{ viewer { id } }"}.')
    if name is not None and not isinstance(name, str):
        raise _bad("operationName is not a string.")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("variables is not an object.")
    return Asked(query, name or None, variables or {})


def _bad(message: str) -> RequestRefusedError:
    return RequestRefusedError(400, Code.BAD_USER_INPUT, message)
