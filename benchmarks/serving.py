"""One server in a process of its own: `python -m benchmarks.serving NAME`.

The first line of standard input says what to serve (see `benchmarks.processes`), the first line of standard output
where it is served. When standard input closes, whoever started this is gone, and it ends too.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

import api.http.graphql
from api.commands.serve import serve
from api.settings import Environment, Settings
from benchmarks import limit
from benchmarks.processors import pin
from benchmarks.stock.app import create_app as stock
from benchmarks.stock_sql.app import create_app as stock_sql
from benchmarks.target import POOL_SIZE, Target

_PATIENCE = 5  # seconds

APPLICATIONS: Mapping[str, Callable[[Target], ASGIApp]] = {
    "stock": stock,
    "stock-sql": stock_sql,
    "limit": limit.create_app,
}


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            _say(f"http://127.0.0.1:{sockets[0].getsockname()[1]}")


def serve_ours(told: Mapping[str, Any]) -> None:
    """Serve the product as `sextrontgen serve` does, in development, under the application's role."""
    settings = Settings.read(
        environment=Environment.DEVELOPMENT,
        database_url=SecretStr(told["application_url"]),
        token_keys=Path(told["token_keys"]),
        master_key=Path(told["master_key"]),
        trail_keys=Path(told["trail_keys"]),
        checkpoints=Path(told["checkpoints"]),
        port=0,
        pool_size=POOL_SIZE,
    )
    serve(settings, _say)


async def _nothing(*_told: object) -> None:
    """Stand where the record is written, to measure what that costs."""


def serve_other(application: ASGIApp) -> None:
    """Serve `application` with the settings of uvicorn that the product has."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_PATIENCE,
    )
    _Server(config).run(sockets=[listener])


def main() -> None:
    """Serve until a signal, or until standard input closes."""
    (name,) = sys.argv[1:]
    told = json.loads(sys.stdin.readline())
    pin(told["processors"])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if name == "ours":
        serve_ours(told)
    elif name == "unrecorded":
        with mock.patch.object(api.http.graphql, "record", _nothing):
            serve_ours(told)
    else:
        serve_other(APPLICATIONS[name](Target.of(told)))


def _say(address: str) -> None:
    sys.stdout.write(f"{address}/graphql\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(2 * _PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    main()
