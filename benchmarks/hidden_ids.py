"""Whether time tells what an id names: `python -m benchmarks.hidden_ids [--pairs 5000]`.

Ids of people who are not there, of another tenant's, and of some whom the viewer may not see are asked in a random
order. Of two kinds the AUC is the chance that one of the first takes longer than one of the second: 0.5 tells nothing.
"""

import argparse
import asyncio
import itertools
import random
import sys
from collections.abc import Mapping, Sequence
from uuid import UUID

from rich.console import Console
from rich.progress import track
from sqlalchemy import select

from api.commands.store import Store
from api.commands.terminal import say
from api.ids import encode_id
from benchmarks.errors import CompareError
from benchmarks.generated import write_class
from benchmarks.inside import serving
from benchmarks.processors import pin, share_out
from benchmarks.store import development_store
from benchmarks.tenant import gather_statistics, sign_in
from domain.enrollments.model import enrollment
from domain.oulad.writer import Tally, writing
from domain.people.model import person
from tenants.directory import ensure_tenant
from tenants.ids import uuid7
from tenants.session import SystemTask, Task, in_tenant

DOCUMENT = "query One($id: ID!) { node(id: $id) { id ... on Learner { name email enrollments { nodes { id } } } } }"
LEARNERS = 200

Ids = Mapping[str, Sequence[UUID]]


def main() -> None:
    """Measure and print."""
    options = _options()
    with development_store(None) as store:
        processors = share_out()
        askers, ids = asyncio.run(_prepare(store))
        assert store.superuser_url is not None
        asyncio.run(gather_statistics(store.superuser_url))
        pin(processors.server)
        console = Console(width=100)
        for name, token in askers.items():
            took = asyncio.run(_measure(store, token, ids, options.pairs, random.Random(options.seed)))
            for one, other in itertools.combinations(took, 2):
                console.print(f"{name}: {one} against {other}: AUC {auc(took[one], took[other]):.3f}")


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the chance that one of `one` is greater than one of `other`; equal ones count half (Mann-Whitney)."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks, place = 0.0, 0
    for _, group in itertools.groupby(ranked, key=lambda pair: pair[0]):
        tied = list(group)
        ranks += sum(mine for _, mine in tied) * (place + (len(tied) + 1) / 2)
        place += len(tied)
    return (ranks - len(one) * (len(one) + 1) / 2) / (len(one) * len(other))


async def _measure(store: Store, token: str, ids: Ids, pairs: int, chance: random.Random) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {kind: [] for kind in ids}
    async with serving(store) as inside:
        answers = set()
        for turn in track(range(pairs + 100), "asking", console=Console(stderr=True)):
            for kind in chance.sample(list(ids), len(ids)):
                seconds, answer = await inside.ask(
                    token, DOCUMENT, {"id": encode_id("Learner", chance.choice(ids[kind]))}
                )
                answers.add(answer)
                if turn >= 100:
                    took[kind].append(seconds)
    if len(answers) != 1:
        raise CompareError("The answers differ, so nobody needs a clock.")
    return took


async def _prepare(store: Store) -> tuple[dict[str, str], Ids]:
    """Return the tokens of those who ask, by what they are, and the ids by what they name."""
    database = store.open()
    try:
        here, there = [await ensure_tenant(database, f"hidden-{name}", name) for name in ("here", "there")]
        async with writing(database, here, Tally()) as writer:
            _, instructor_id = await write_class(writer, 5, "of the instructor")
            await write_class(writer, LEARNERS, "of somebody else")
        async with writing(database, there, Tally()) as writer:
            await write_class(writer, LEARNERS, "of another tenant")
        async with database.reading(SystemTask(Task.IMPORT, here)) as session:
            taught = select(enrollment.c.learner_id).where(in_tenant(enrollment))
            rows = await session.rows(
                select(person.c.id, person.c.external_id).where(in_tenant(person), person.c.id.in_(taught))
            )
        forbidden = [row.id for row in rows if "somebody else" in row.external_id]
        learner_id = next(row.id for row in rows if row.id not in forbidden)
        async with database.reading(SystemTask(Task.IMPORT, there)) as session:
            foreign = [row.id for row in await session.rows(select(person.c.id).where(in_tenant(person)))]
        ids = {"missing": [uuid7() for _ in range(LEARNERS)], "foreign": foreign, "forbidden": forbidden}
        askers = {"instructor": instructor_id, "learner": learner_id}
        return {name: await sign_in(store, database, here, key) for name, key in askers.items()}, ids
    finally:
        await database.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.hidden_ids", description="Whether time tells what an id names"
    )
    parser.add_argument("--pairs", type=int, default=5_000, help="how often each kind is asked")
    parser.add_argument("--seed", type=int, default=1, help="of the order and of the ids")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except CompareError as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
