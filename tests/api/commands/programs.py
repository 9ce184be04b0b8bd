"""The program as a person starts it: a process, its output, its end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

PROGRAM = Path(sys.executable).with_name("sextrontgen")
PATIENCE = 60.0
VIEWER = "{ viewer { id roles tenant { id slug name } } }"


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without anything that is the program's."""
    foreign = {k: v for k, v in os.environ.items() if not k.startswith("SEXTRONTGEN_") and "DATABASE_URL" not in k}
    return {**foreign, **more}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=clean_environment(**environment),
        stdin=subprocess.DEVNULL,
    )


@dataclass
class Demo:
    """A demo that is serving."""

    process: subprocess.Popen[str]
    tokens: dict[str, Any]
    output: Path

    @property
    def url(self) -> str:
        return str(self.tokens["graphql"])

    def token(self, tenant: str, role: str) -> str:
        return str(self.tokens["tenants"][tenant][role]["token"])

    def ask(self, token: str, query: str = VIEWER) -> httpx2.Response:
        return httpx2.post(
            self.url, json={"query": query}, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def demo(folder: Path, *more: str) -> Iterator[Demo]:
    """Start the demo on a free port and wait until it says that it serves."""
    tokens, output = folder.with_suffix(".json"), folder.with_suffix(".log")
    tokens.unlink(missing_ok=True)
    with output.open("w") as log:
        process = subprocess.Popen(
            [PROGRAM, "demo", "--port", "0", "--data", str(folder), "--tokens", str(tokens), *more],
            stdout=log,
            stderr=log,
            text=True,
            stdin=subprocess.DEVNULL,
            # New events are sealed at once, for those who wait for that.
            env=clean_environment(SEXTRONTGEN_SEAL_EVERY="0.5"),
        )
    try:
        _wait(process, tokens, output)
        yield Demo(process, json.loads(tokens.read_text()), output)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def _wait(process: subprocess.Popen[str], tokens: Path, output: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not tokens.exists():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < end, output.read_text()
        time.sleep(0.05)
