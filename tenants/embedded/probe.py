"""Does a PostgreSQL answer on this socket? Asked with a real startup packet, since a socket file proves nothing."""

import contextlib
import socket
import struct
from pathlib import Path

from tenants.embedded.addresses import DATABASE, PORT, SUPERUSER

_PROTOCOL = 3 << 16  # protocol 3.0; PostgreSQL documentation, "Message Formats", StartupMessage
_FIELDS = f"user\0{SUPERUSER}\0database\0{DATABASE}\0\0".encode()
_NOT_NOW = b"C57P03\0"  # SQLSTATE cannot_connect_now: starting, recovering or shutting down


def socket_file(folder: Path) -> Path:
    return folder / f".s.PGSQL.{PORT}"


def answers(folder: Path, timeout: float = 2.0) -> bool:
    """Whether the server on the socket in `folder` takes connections now. `timeout` is in seconds.

    An authentication request (R) is a yes, and so is any refusal other than "not now": a full house is alive too.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, contextlib.suppress(OSError):
        client.settimeout(timeout)
        client.connect(str(socket_file(folder)))
        client.sendall(struct.pack("!II", 8 + len(_FIELDS), _PROTOCOL) + _FIELDS)
        reply = client.recv(4096)
        return reply[:1] == b"R" or (reply[:1] == b"E" and _NOT_NOW not in reply)
    return False
