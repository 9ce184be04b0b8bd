"""Routes for the GraphiQL page and its files.

Each file has a route of its own, made from a list: no path of a request ever becomes a path on disk, so there is
nothing to traverse and nothing to list. All files are read once, when the routes are made.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

FOLDER: Final = Path(__file__).parent
PAGE: Final = "page.html"
OWN_FILES: Final = (
    "examples.js",
    "examples.json",
    "fetcher.js",
    "icon.svg",
    "page.css",
    "page.js",
    "token-box.js",
    "token.js",
)
VENDORED_FILES: Final = (
    "vendor/graphiql-4.1.2/graphiql.min.css",
    "vendor/graphiql-4.1.2/graphiql.min.js",
    "vendor/react-18.3.1/react.production.min.js",
    "vendor/react-dom-18.3.1/react-dom.production.min.js",
)

# Named here because the standard library's table depends on the machine, and a browser refuses a mistyped script.
MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}

# Scripts and styles come from files alone: nothing inline, no eval. The one exception is the style element with which
# GraphiQL's dialogs keep the page behind them from scrolling, named by its hash. Fonts are data in the style sheet.
DIRECTIVES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo='",
    "img-src": "'self' data:",
    "font-src": "data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY: Final = "; ".join(f"{name} {sources}" for name, sources in DIRECTIVES.items())
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

REVALIDATED: Final = "no-cache"
FOR_A_YEAR: Final = "public, max-age=31536000, immutable"  # only where the path names the version


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in memory, with the headers of every answer that carries it."""

    body: bytes
    headers: dict[str, str]

    async def respond(self, request: Request) -> Response:
        """The file; 304 without a body when the browser's copy is this one (RFC 9110, section 13.1.2)."""
        if _names(request.headers.get("if-none-match", ""), self.headers["ETag"]):
            return Response(status_code=304, headers=self.headers)
        return Response(self.body, headers=self.headers)


def graphiql_routes() -> list[BaseRoute]:
    """The page at `/graphiql`, its files at `/graphiql/assets/...`, all for GET and HEAD alone.

    Raises FileNotFoundError when a listed file is missing from the installation.
    """
    routes: list[BaseRoute] = [Route("/graphiql", _read(PAGE, REVALIDATED).respond, name="graphiql")]
    for names, caching in ((OWN_FILES, REVALIDATED), (VENDORED_FILES, FOR_A_YEAR)):
        routes += [Route(f"/graphiql/assets/{name}", _read(name, caching).respond, name=name) for name in names]
    return routes


def _read(name: str, caching: str) -> Asset:
    path = FOLDER / name
    body = path.read_bytes()
    media_type = MEDIA_TYPES[path.suffix]
    headers = {
        "Cache-Control": caching,
        "Content-Type": f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type,
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        **SECURITY_HEADERS,
    }
    return Asset(body, headers)


def _names(if_none_match: str, etag: str) -> bool:
    """Weak comparison, as GET and HEAD want it (RFC 9110, section 8.8.3.2)."""
    candidates = {candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")}
    return bool(candidates & {etag, "*"})
