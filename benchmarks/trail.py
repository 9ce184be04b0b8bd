"""What the trail costs when it is long: `python -m benchmarks.trail [--events 2000000]`.

Before and after so many events: a learner's own access log (of somebody read in every twentieth event), what security
staff ask with each filter, and writing an event. Then sealing all of them, and verifying them.
"""

import argparse
import asyncio
import logging
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import structlog
from rich.console import Console
from rich.table import Table

from api.commands.demo_tokens import tokens_of
from api.commands.store import Store
from api.commands.terminal import progress, say
from api.sealing import sealer_of, trail_keys
from authz.audit.seal.kept import checkpoints_in
from authz.audit.seal.stored import Stored
from authz.audit.seal.verify import Verifier
from benchmarks.errors import CompareError
from benchmarks.events import Many, fill
from benchmarks.inside import Inside, serving
from benchmarks.store import development_store
from benchmarks.tenant import gather_statistics
from domain.demo.service import ensure_demo
from tenants.directory import find_tenant
from tenants.ids import TenantId

SLUG = "northwind"
OWN_LOG = """{ viewer { learner { accessLog(first: 25) { nodes {
    at purpose actor { name roles } disclosures { field } } } } } }"""
WRITING = "{ viewer { learner { name } } }"
TRAIL = "query ($f: AccessEventFilter) { accessEvents(filter: $f, first: 25) { nodes { at purpose subjectCount } } }"
FILTERS: dict[str, dict[str, object]] = {
    "no filter": {},
    "actor": {"actor": "$instructor"},
    "subject": {"subject": "$learner"},
    "field": {"field": "Learner.email"},
    "category": {"category": ["CONTACT", "IDENTITY"]},
    "purpose": {"purpose": ["TEACHING"]},
    "role": {"role": ["INSTRUCTOR", "GUARDIAN"]},
    "case": {"case": "DEMO-1"},
    "outcome": {"outcome": ["DENIED"]},
    "operation": {"operation": "Operation7"},
    "nothing found": {"operation": "Nothing", "field": "Learner.email"},
    "all of them": {"subject": "$learner", "field": "Learner.email", "purpose": ["TEACHING"], "role": ["INSTRUCTOR"]},
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where it is measured: the tenant, and by role a token and a global id."""

    tenant_id: TenantId
    tokens: dict[str, str]
    ids: dict[str, str]


def main() -> None:
    """Measure and print."""
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with development_store(options.data) as store, progress() as report:
        assert store.superuser_url is not None
        ground, person_id = asyncio.run(_prepare(store))
        asyncio.run(gather_statistics(store.superuser_url))
        empty = asyncio.run(_ask_everything(store, ground, options.rounds))
        many = Many(ground.tenant_id, person_id, options.events, 20)
        asyncio.run(fill(store.superuser_url, many, partial(report, "making events")))
        sealed = asyncio.run(_seal(store, ground))
        asyncio.run(gather_statistics(store.superuser_url))
        full = asyncio.run(_ask_everything(store, ground, options.rounds))
        took, problems = asyncio.run(_verify(store, ground))
    drawn = Table("asked", "empty ms", "full ms", "ratio of medians", "full, 95 % ms")
    for name, times in full.items():
        before, after = median(empty[name]), median(times)
        drawn.add_row(
            name,
            f"{before * 1e3:.2f}",
            f"{after * 1e3:.2f}",
            f"{after / before:.2f}",
            f"{quantiles(times, n=20)[-1] * 1e3:.2f}",
        )
    Console(width=100).print(drawn)
    say(f"sealed {options.events:,} events in {sealed:.1f} s; verified in {took:.1f} s, {problems} problems")


async def _prepare(store: Store) -> tuple[Ground, UUID]:
    database = store.open()
    try:
        cast = (await ensure_demo(database, say))[SLUG]
        entries = await tokens_of(store, database, SLUG, cast)
        tokens, ids = ({role: getattr(one, name) for role, one in entries.items()} for name in ("token", "id"))
        return Ground(await find_tenant(database, SLUG), tokens, ids), cast["learner"].person_id
    finally:
        await database.close()


async def _ask_everything(store: Store, ground: Ground, rounds: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {}
    async with serving(store) as inside:
        took["own log"] = await _ask(inside, ground.tokens["learner"], OWN_LOG, {}, rounds)
        for name, condition in FILTERS.items():
            given = {
                key: ground.ids.get(str(value)[1:], value) if isinstance(value, str) else value
                for key, value in condition.items()
            }
            took[name] = await _ask(inside, ground.tokens["security"], TRAIL, {"f": given}, rounds)
        took["a read, and its record"] = await _ask(inside, ground.tokens["learner"], WRITING, {}, rounds)
    return took


async def _ask(inside: Inside, token: str, query: str, variables: dict[str, object], rounds: int) -> list[float]:
    took = []
    for turn in range(rounds + 20):
        seconds, answer = await inside.ask(token, query, variables)
        if b'"data"' not in answer or b'"data":null' in answer:
            raise CompareError(f"It was not answered: {answer[:300]!r}")
        if turn >= 20:
            took.append(seconds)
    return took


async def _seal(store: Store, ground: Ground) -> float:
    database = store.open()
    try:
        start = time.perf_counter()
        await sealer_of(database, store.settings).seal(ground.tenant_id, trail_keys(store.settings))
        return time.perf_counter() - start
    finally:
        await database.close()


async def _verify(store: Store, ground: Ground) -> tuple[float, int]:
    database = store.open()
    try:
        assert store.settings.checkpoints is not None
        kept = checkpoints_in(store.settings.checkpoints, ground.tenant_id)
        stored = Stored(database, ground.tenant_id)
        verifier = Verifier(stored, trail_keys(store.settings).verifying, kept, datetime.now(UTC))
        start = time.perf_counter()
        verdict = await verifier.verify(lambda _done, _total: None)
        return time.perf_counter() - start, verdict.count
    finally:
        await database.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.trail", description="What a long trail costs")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=200, help="times that each is asked")
    parser.add_argument("--data", type=Path, help="folder of an embedded database, left out: a new one")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except CompareError as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(130)
