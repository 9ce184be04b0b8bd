"""What was found: a table for the terminal, and JSON to keep."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.measure import Series

OURS = "ours"
_LIBRARIES = ("asyncpg", "graphql-core", "httptools", "orjson", "sqlalchemy", "strawberry-graphql", "uvicorn", "uvloop")


def draw(found: Sequence[Series], console: Console) -> None:
    """Draw the table: a line per server; the last two columns compare ours with it."""
    table = Table(caption="ours against each server: the median over the rounds, pair by pair")
    for name in ("scenario", "connections", "server", "requests/s", "p50 ms", "ours: requests/s", "ours: p50"):
        table.add_column(name, justify="left" if name in {"scenario", "server"} else "right")
    for series in found:
        for server in series.samples:
            table.add_row(series.scenario, str(series.connections), server, *_cells(series, server))
        table.add_section()
    console.print(table)


def _cells(series: Series, server: str) -> Sequence[str]:
    cells = [f"{series.throughput(server):,.0f}", f"{series.latency(server):,.2f}"]
    if OURS in series.samples and server != OURS:
        throughput, latency = series.times_the_throughput(OURS, server), series.times_the_latency(OURS, server)
        cells += [f"x {throughput:.2f}", f"x {latency:.2f}"]
    return cells


def write(place: Path, found: Sequence[Series], failures: Sequence[str], rounds: int, facts: Mapping[str, Any]) -> None:
    """Write everything into the file `place`, made with its folder."""
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
            **facts,
        },
        "libraries": {name: version(name) for name in _LIBRARIES},
        "rounds": rounds,
        "scenarios": [_as_json(series) for series in found],
        "failures": list(failures),
    }
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _as_json(series: Series) -> dict[str, Any]:
    others = [server for server in series.samples if server != OURS] if OURS in series.samples else []
    return {
        "scenario": series.scenario,
        "connections": series.connections,
        "seconds": series.seconds,
        "servers": {
            server: {
                "requests_per_second": round(series.throughput(server), 1),
                "p50_ms": round(series.latency(server), 3),
                "rounds": [[round(each.requests_per_second, 1), round(each.p50_ms, 3)] for each in samples],
            }
            for server, samples in series.samples.items()
        },
        "ours": {
            server: {
                "times_the_throughput": round(series.times_the_throughput(OURS, server), 3),
                "times_the_latency": round(series.times_the_latency(OURS, server), 3),
            }
            for server in others
        },
    }
