"""Whether an address or a certificate keeps what is sent from being read by others on the way."""

import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

_SCHEMES = ("postgres", "postgresql")
_CHECKED_TLS = {"verify-ca", "verify-full"}
# With these the address would say less than it seems to: hosts and TLS come from a file that nobody looks at here.
_FROM_ELSEWHERE = {"service", "servicefile", "hostaddr"}


def is_local(host: str) -> bool:
    """Tell whether `host` is reached from this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def unsafe_database(url: str) -> Iterator[str]:
    """Yield what is wrong with the address of a database, without repeating any of it: it holds a password."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        hosts = _hosts(parts.netloc, query)
    except ValueError:
        yield "is not a valid address: postgresql://role:password@host/database, with %-escapes in the password"
        return
    if parts.scheme not in _SCHEMES:
        yield "is not an address of PostgreSQL: it begins with postgresql://"
    elif _FROM_ELSEWHERE & set(query):
        yield f"leaves its host to {', '.join(sorted(_FROM_ELSEWHERE & set(query)))}: name it as the host"
    elif not hosts:
        # The driver would take one from the environment.
        yield "names no host: put a name, an address, or the folder of a socket (?host=/run/postgresql) into it"
    elif not all(host.startswith("/") or is_local(host) for host in hosts):
        modes = set(query.get("sslmode", ()))
        if not modes or not modes <= _CHECKED_TLS:
            yield "leads over a network unencrypted or unchecked: add sslmode=verify-full"


def unsafe_certificate(certificate: Path, key: Path) -> Iterator[str]:
    """Yield why a server cannot show `certificate` (PEM, with its chain) and prove it with `key` (PEM, unencrypted)."""
    for path in (certificate, key):
        try:
            path.open("rb").close()
        except OSError as error:
            yield f"{path} cannot be read: {error.strerror}"
            return
    if key.stat().st_mode & 0o077:
        yield f"{key} may be read by others than its owner. Close it: chmod 600 {key}"
    try:
        # An empty password: an encrypted key fails here instead of asking at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError):
        yield f"{certificate} and {key} are not a certificate and its unencrypted key, both in PEM form"


def _hosts(netloc: str, query: dict[str, list[str]]) -> list[str]:
    """Return every host the driver may turn to; it takes several, each with a port, separated by commas."""
    if netloc.count("@") > 1:
        # Which one ends the password is read differently from library to library.
        raise ValueError("more than one @")
    named = unquote(netloc.rpartition("@")[2]).split(",")
    for value in query.get("host", ()):
        named += value.split(",")
    return [_without_port(host) for host in named if host]


def _without_port(host: str) -> str:
    if host.startswith("/"):
        return host
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
