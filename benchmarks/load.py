"""Load on one server for some seconds, by wrk where it is installed, else by a client of our own."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import CompareError
from benchmarks.processes import ROOT, Server

_LUA = Path(__file__).with_name("load.lua")
_GRACE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run found: answers per second, and the median of their latency in milliseconds."""

    requests_per_second: float
    p50_ms: float


class Load:
    """Sends requests; `folder` holds their bytes, since a command line is there for everybody to see."""

    def __init__(self, folder: Path, token: str, wrk: str | None) -> None:
        self._wrk = wrk
        self._body = folder / "body.json"
        self._authorization = folder / "authorization"
        self._authorization.touch(0o600)
        self._authorization.write_text(f"Bearer {token}")

    def run(self, server: Server, body: bytes, answer_bytes: int, connections: int, seconds: int) -> Sample:
        """Return what `server` does with `connections` in `seconds`.

        Raises `CompareError` unless every answer is a success, and as long as the one that was checked on average.
        """
        self._body.write_bytes(body)
        found = self._measured(server, connections, seconds)
        if found["failed"] or found["requests"] == 0:
            raise CompareError(f"{server.name}: {found['failed']} of {found['requests']} requests failed under load")
        if found["bytes"] / found["requests"] < answer_bytes:
            raise CompareError(f"{server.name}: answers under load are shorter than the answer that was checked")
        return Sample(found["requests"] / found["seconds"], found["p50_ms"])

    def _measured(self, server: Server, connections: int, seconds: int) -> dict[str, float]:
        try:
            done = subprocess.run(
                self._command(server.url, connections, seconds),
                cwd=ROOT,
                check=True,
                capture_output=True,
                timeout=seconds + _GRACE_SECONDS,
            )
        except subprocess.CalledProcessError as error:
            last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise CompareError(f"{server.name}: the client failed: {''.join(last)}") from None
        except subprocess.TimeoutExpired:
            raise CompareError(f"{server.name}: the client did not end in time") from None
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found

    def _command(self, url: str, connections: int, seconds: int) -> list[str]:
        files = [str(self._body), str(self._authorization)]
        if self._wrk is None:
            return [sys.executable, "-m", "benchmarks.client", url, str(connections), str(seconds), *files]
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_LUA)]
        return [self._wrk, *options, url, "--", *files]


def find_wrk() -> str | None:
    """Return the command wrk, None where it is not installed."""
    return shutil.which("wrk")
