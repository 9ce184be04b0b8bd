"""Starting the servers side by side, and ending them whatever happens."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.errors import CompareError

ROOT = Path(__file__).parents[1]
_START_SECONDS = 30
_END_SECONDS = 15
_OURS = ("SEXTRONTGEN_", "DATABASE_URL", "MIGRATION_DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens, and the address of its endpoint."""

    name: str
    url: str


@contextmanager
def servers(names: Sequence[str], told: Mapping[str, Any], logs: Path) -> Iterator[list[Server]]:
    """Start the servers of `names` and end them when the block ends. Raises `CompareError`.

    `told` are the fields of `benchmarks.tenant.Ground`, `superuser_url`, `application_url`, the files of keys,
    `checkpoints` (a folder) and `processors`. What a server says goes into the folder `logs`.
    """
    with ExitStack() as running:
        yield [running.enter_context(_server(name, told, logs / f"{name}.log")) for name in names]


@contextmanager
def _server(name: str, told: Mapping[str, Any], log: Path) -> Iterator[Server]:
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.serving", name],
            cwd=ROOT,
            env={key: value for key, value in os.environ.items() if not key.upper().startswith(_OURS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(dict(told)).encode() + b"\n")
            process.stdin.flush()
            yield Server(name, _address(name, process.stdout, log))
        except BrokenPipeError:
            raise _silent(name, log) from None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _address(name: str, output: IO[bytes], log: Path) -> str:
    """Return the line that `output` begins with."""
    line = b""
    end = time.monotonic() + _START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            part = os.read(output.fileno(), 1000) if selector.select(max(0, end - time.monotonic())) else b""
            if not part:
                raise _silent(name, log)
            line += part
    return line.decode().strip()


def _silent(name: str, log: Path) -> CompareError:
    last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
    return CompareError(f"The server {name} did not start: {last[0]}")
