"""The GraphiQL page over HTTP: what is served, how, and that nothing else is."""

import re
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from api.http.graphiql import graphiql_routes

PAGE = "/graphiql"
ASSETS = "/graphiql/assets/"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
REFERENCE = re.compile(r"""(?:from|import|import\(|new URL\() ?"([^"]+)\"""")

APP = Starlette(routes=graphiql_routes())


@pytest.fixture
def client() -> TestClient:
    return TestClient(APP, follow_redirects=False)


class References(HTMLParser):
    """Collects what a page loads, and what it would run from within itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: set[str] = set()
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href"}:
                self.loaded.add(value or "")
            if name.startswith("on") or name == "style":
                self.inline.append(f"{tag} {name}")
        if tag == "style" or (tag == "script" and "src" not in dict(attrs)):
            self.inline.append(tag)


def reachable(client: TestClient) -> set[str]:
    """The page's own references, and those of each script, until there are no new ones."""
    found: set[str] = set()
    waiting = {urljoin(PAGE, reference) for reference in References(client.get(PAGE).text).loaded}
    while waiting:
        path = waiting.pop()
        found.add(path)
        if path.endswith(".js") and "/vendor/" not in path:
            waiting |= {urljoin(path, reference) for reference in REFERENCE.findall(client.get(path).text)} - found
    return found


def served() -> set[str]:
    return {str(getattr(route, "path", "")) for route in graphiql_routes()}


async def status_of(path: str, raw_path: bytes | None = None) -> int:
    """The status for a path that no client library has tidied up."""
    sent: list[Message] = []
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": raw_path or path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await APP(scope, receive, send)
    return int(sent[0]["status"])


def policy_of(header: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (directive.split() for directive in header.split(";"))}


def test_the_page_is_served_as_html(client: TestClient) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>GraphiQL - Sextrontgen</title>" in answer.text


def test_all_that_the_page_references_is_served_with_its_type(client: TestClient) -> None:
    paths = reachable(client)
    assert {f"{ASSETS}page.js", f"{ASSETS}token.js", f"{ASSETS}examples.json"} <= paths
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"] == TYPES[PurePosixPath(path).suffix], path
        assert answer.content, path


def test_nothing_is_served_but_the_page_and_what_it_references(client: TestClient) -> None:
    assert served() == reachable(client) | {PAGE}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        ASSETS,
        ASSETS.rstrip("/"),
        f"{ASSETS}page.html",
        f"{ASSETS}page.py",
        f"{ASSETS}__init__.py",
        f"{ASSETS}vendor",
        f"{ASSETS}vendor/",
        f"{ASSETS}vendor/README.md",
        f"{ASSETS}vendor/graphiql-4.1.2/",
        f"{ASSETS}vendor/graphiql-4.1.2/LICENSE",
        f"{ASSETS}vendor/graphiql-4.1.2/index.umd.js.map",
        f"{ASSETS}../page.py",
        f"{ASSETS}./page.js",
        f"{ASSETS}/page.js",
        f"{ASSETS}vendor/../page.js",
        f"{ASSETS}vendor/../../../../pyproject.toml",
        f"{ASSETS}..\\page.py",
        f"{ASSETS}%2e%2e/page.py",
        f"{ASSETS}..%2fpage.py",
        f"{ASSETS}/etc/passwd",
        f"{ASSETS}page.js\x00.svg",
        f"{ASSETS}PAGE.JS",
        f"{PAGE}/../graphiql/assets/page.js",
    ],
)
async def test_every_other_path_is_not_found(path: str) -> None:
    assert await status_of(path) == 404


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        (f"{ASSETS}../page.py", b"/graphiql/assets/%2e%2e/page.py"),
        (f"{ASSETS}../page.py", b"/graphiql/assets/..%2fpage.py"),
        (f"{ASSETS}vendor/../../page.py", b"/graphiql/assets/vendor%2f..%2f..%2fpage.py"),
    ],
)
async def test_an_encoded_climb_is_not_found(path: str, raw_path: bytes) -> None:
    assert await status_of(path, raw_path) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_files_are_only_read(client: TestClient, method: str) -> None:
    assert {client.request(method, path).status_code for path in served()} == {405}


def test_the_policy_lets_nothing_in_from_elsewhere_and_nothing_run_from_within(client: TestClient) -> None:
    for path in served():
        policy = policy_of(client.get(path).headers["content-security-policy"])
        style, hashed = policy.pop("style-src")
        assert style == "'self'"
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", hashed)
        assert policy == {
            "default-src": ["'none'"],
            "script-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "font-src": ["data:"],
            "connect-src": ["'self'"],
            "base-uri": ["'none'"],
            "form-action": ["'none'"],
            "frame-ancestors": ["'none'"],
        }


def test_every_answer_forbids_sniffing_and_names_no_referrer(client: TestClient) -> None:
    for path in served():
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_the_page_runs_and_styles_nothing_from_within_itself(client: TestClient) -> None:
    assert References(client.get(PAGE).text).inline == []


def test_a_copy_that_is_still_right_is_confirmed_without_a_body(client: TestClient) -> None:
    for path in served():
        first = client.get(path)
        etag = first.headers["etag"]
        for condition in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = client.get(path, headers={"If-None-Match": condition})
            assert (again.status_code, again.content) == (304, b""), (path, condition)
            assert again.headers["etag"] == etag
            assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_two_files_never_share_an_etag(client: TestClient) -> None:
    assert len({client.get(path).headers["etag"] for path in served()}) == len(served())


def test_only_a_path_that_names_its_version_is_kept_without_asking(client: TestClient) -> None:
    for path in served():
        caching = client.get(path).headers["cache-control"]
        versioned = re.search(r"/vendor/[a-z-]+-\d+\.\d+\.\d+/", path) is not None
        assert caching == ("public, max-age=31536000, immutable" if versioned else "no-cache"), path


def test_head_gives_the_headers_alone(client: TestClient) -> None:
    answer = client.head(f"{ASSETS}page.js")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(client.get(f"{ASSETS}page.js").content))
