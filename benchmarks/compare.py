"""The product against plain Strawberry, over HTTP on this machine: `python -m benchmarks.compare`.

Servers on one database and one tenant: `stock` (Strawberry, SQLAlchemy's ORM, DataLoader), `stock-sql` (Strawberry over
one hand-written statement per document), `limit` (the same statements without GraphQL), none of them guarded or
recorded, and `ours`, guarded and recorded, asked by an instructor. All four get the same bytes and have to give the
same data before anything is measured. Each runs in one process, on one processor that they share; they take turns,
round by round. Everything is started and ended here, and nothing listens but on 127.0.0.1 and a socket in the folder.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from api.commands.store import Store
from api.commands.terminal import CommandError, progress, say
from benchmarks import report
from benchmarks.comparison import Comparison
from benchmarks.errors import CompareError
from benchmarks.load import Load, find_wrk
from benchmarks.measure import Rounds
from benchmarks.processes import ROOT, servers
from benchmarks.processors import Processors, pin, share_out
from benchmarks.scenarios import SCENARIOS
from benchmarks.store import development_store, scratch
from benchmarks.tenant import prepare
from tenants.embedded import EmbeddedServerError

SERVERS = ("stock", "stock-sql", "limit", "ours")


def main() -> NoReturn:
    """Compare; exit with 1 when a server failed a scenario, after everything else has been measured."""
    signal.signal(signal.SIGTERM, _end)
    options = _options()
    try:
        with scratch() as folder:
            failures = compare(options, folder)
    except (CommandError, CompareError, EmbeddedServerError) as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(1 if failures else 0)


def compare(options: argparse.Namespace, folder: Path) -> list[str]:
    """Measure, draw and write; return a line for each failure. `folder` takes what is not kept."""
    processors, busy = share_out(), _load_average()
    wrk = None if options.own_client else find_wrk()
    with development_store(options.data) as store:
        with progress() as drawn:
            ground = prepare(store, options.oulad, drawn)
        # PostgreSQL runs by now, on every processor; of what is started from here on, the servers pin themselves.
        pin(processors.client)
        load, rounds = Load(folder, ground.token, wrk), Rounds(options.rounds, options.seconds)
        with servers(options.servers, ground.as_json() | reached(store, processors), folder) as running:
            comparison = Comparison(running, ground, load, rounds, options.connections)
            comparison.run(each for each in SCENARIOS if each.name in options.scenarios)
    report.draw(comparison.found, Console(width=100))
    for failure in comparison.failures:
        say(failure)
    facts = {"processors": os.cpu_count(), "data": ground.data, "client": "wrk" if wrk else "own", "load": busy}
    report.write(options.output, comparison.found, comparison.failures, rounds.count, facts)
    return comparison.failures


def reached(store: Store, processors: Processors) -> dict[str, Any]:
    """Return what a server's process is told beside the ground."""
    assert store.settings.database_url is not None
    paths = {name: getattr(store.settings, name) for name in ("token_keys", "master_key", "trail_keys", "checkpoints")}
    return {
        "superuser_url": store.superuser_url,
        "application_url": store.settings.database_url.get_secret_value(),
        **{name: str(path.resolve()) for name, path in paths.items()},
        "processors": processors.server,
    }


def _load_average() -> float:
    """Return how many processes wanted a processor during the last minute, before anything was started here."""
    load = os.getloadavg()[0]
    if load > (os.cpu_count() or 1) / 4:
        say(f"Others keep this machine busy (load {load:.1f}): trust the ratios of one round, not single numbers.")
    return round(load, 2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.compare", description="The product against plain Strawberry")
    add = parser.add_argument
    names = [scenario.name for scenario in SCENARIOS]
    add(
        "--data",
        type=Path,
        help="folder of an embedded database to use and keep; a group of 200 made-up people is added to it",
    )
    add("--oulad", type=Path, default=ROOT.parent / "shared/data/oulad", help="folder with the files of the data set")
    add("--rounds", type=_within(1, 100), default=3, help="times that every server has its turn")
    add("--seconds", type=_within(1, 60), default=3, help="length of a turn")
    add("--connections", type=_within(1, 256), nargs="+", default=[1, 16])
    add("--servers", nargs="+", choices=SERVERS, default=SERVERS)
    add("--scenarios", nargs="+", choices=names, default=names)
    add("--own-client", action="store_true", help="use the client in Python even where wrk is installed")
    add("--output", type=Path, default=ROOT / "benchmarks/results/latest.json", help="where the result is written")
    return parser.parse_args()


def _within(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        found = int(text)
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return found

    return number


def _end(_number: int, _frame: object) -> NoReturn:
    # An exception, so that what was started is ended.
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
