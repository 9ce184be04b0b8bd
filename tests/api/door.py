"""A door in front of PostgreSQL's socket, to be shut, stuck and cut as networks and servers are."""

import asyncio
import contextlib
import shutil
import struct
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

_SOCKET = ".s.PGSQL.5432"
_FAREWELL = b"SFATAL\0VFATAL\0C25P03\0Midle\0\0"
"""An ErrorResponse's fields (PostgreSQL manual, section 55.7): severity twice, SQLSTATE, message."""


class Door:
    """Passes bytes between a client and PostgreSQL. `stick` holds them back, `shut` refuses and cuts connections."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._target = str(Path(query["host"]) / _SOCKET)
        # Not pytest's folder: a socket's path is at most 107 bytes long.
        self._folder = Path(tempfile.mkdtemp(prefix="door-"))
        self.url = urlunsplit(parts._replace(query=urlencode({**query, "host": str(self._folder)})))
        self._free = asyncio.Event()
        self._free.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._clients: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Let everybody through, again."""
        self._free.set()
        if self._server is None:
            self._server = await asyncio.start_unix_server(self._enter, self._folder / _SOCKET)

    def stick(self) -> None:
        """Take connections and bytes, and pass nothing on."""
        self._free.clear()

    def cut(self) -> None:
        """Break every connection there is."""
        for writer in self._writers:
            writer.transport.abort()

    def dismiss(self) -> None:
        """Say on every connection that the server ends it, as it does with idle ones; the end itself comes later."""
        for writer in self._clients:
            writer.write(b"E" + struct.pack("!i", 4 + len(_FAREWELL)) + _FAREWELL)

    def shut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        (self._folder / _SOCKET).unlink(missing_ok=True)
        self.cut()

    async def close(self) -> None:
        """Shut for good."""
        self._free.set()
        self.shut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there_reader, there = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, there}
        self._clients.add(writer)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, there), self._pass(there_reader, writer))
        for one in (writer, there):
            one.transport.abort()
            self._writers.discard(one)
            self._clients.discard(one)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._free.wait()
            writer.write(data)
            await writer.drain()
        writer.transport.abort()
