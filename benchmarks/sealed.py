"""What sealing costs a page: `python -m benchmarks.sealed [--rounds 400]`.

An admin's page of 100 members with their addresses, as shipped and with the addresses in a clear column of the same
rows, asked in turns in one process and one database. Once with the unwrapped keys kept, and once with every key
unwrapped anew for each page.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from unittest import mock

from rich.console import Console
from rich.progress import track
from sqlalchemy import select, update

import api.app
import api.keys
from api.commands.store import Store
from api.commands.terminal import say
from api.reading.entity import Cell
from api.reading.reader import Reading
from api.settings import Settings
from benchmarks.errors import CompareError
from benchmarks.generated import write_class
from benchmarks.inside import Inside, serving
from benchmarks.processors import pin, share_out
from benchmarks.store import development_store
from benchmarks.tenant import gather_statistics, sign_in
from domain.oulad.writer import Tally, writing
from domain.people.model import GrantedRole, person, role_grant
from tenants.directory import ensure_tenant
from tenants.keys.rows import opened_rows
from tenants.keys.service import KeyService
from tenants.session import SystemTask, Task, in_tenant

PAGE = "{ learners(first: 100, orderBy: NAME_ASC) { nodes { id name email title location lastSeenAt } } }"


def main() -> None:
    """Measure and print."""
    options = _options()
    with development_store(options.data) as store:
        processors = share_out()
        token = asyncio.run(_prepare(store, options.members))
        assert store.superuser_url is not None
        asyncio.run(gather_statistics(store.superuser_url))
        pin(processors.server)
        found = {kept: asyncio.run(_measure(store, token, options.rounds, kept=kept)) for kept in (True, False)}
    console = Console(width=100)
    for kept, (sealed, clear) in found.items():
        ratio = median(one / other for one, other in zip(sealed, clear, strict=True))
        console.print(
            f"keys {'kept' if kept else 'unwrapped anew'}: sealed {median(sealed) * 1e3:.2f} ms, in clear "
            f"{median(clear) * 1e3:.2f} ms, median of the ratios {ratio:.3f} over {len(sealed):,} pairs"
        )


async def _measure(store: Store, token: str, rounds: int, *, kept: bool) -> tuple[list[float], list[float]]:
    services: list[KeyService] = []
    with _noting(services):
        async with serving(store) as sealed:
            with _in_clear():
                async with serving(store) as clear:
                    return await _turns(sealed, clear, token, rounds, [] if kept else services)


async def _turns(
    sealed: Inside, clear: Inside, token: str, rounds: int, forgetting: list[KeyService]
) -> tuple[list[float], list[float]]:
    took: tuple[list[float], list[float]] = ([], [])
    answers = set()
    for turn in track(range(rounds + 30), "asking", console=Console(stderr=True)):
        for place in random.sample((0, 1), 2):
            for service in forgetting:
                service.data_keys.clear()
            seconds, answer = await (sealed, clear)[place].ask(token, PAGE, {})
            answers.add(answer)
            if turn >= 30:
                took[place].append(seconds)
    if len(answers) != 1:
        raise CompareError("The answers differ, so nobody needs a clock.")
    return took


@contextmanager
def _in_clear() -> Iterator[None]:
    """Let an application that begins inside read addresses from the column that holds them in clear."""
    made = api.app.reading_of

    def reading_of(*arguments: object) -> Reading:
        reading = made(*arguments)  # type: ignore[arg-type] # as given
        reading.entities["Learner"].sources["email"] = Cell(person.c.education, "CONTACT")
        return reading

    with mock.patch.object(api.app, "reading_of", reading_of):
        yield


@contextmanager
def _noting(services: list[KeyService]) -> Iterator[None]:
    """Note the keys of the applications that begin inside."""
    made = api.keys.keys_of

    def keys_of(settings: Settings) -> KeyService:
        services.append(service := made(settings))
        return service

    with mock.patch.object(api.app, "keys_of", keys_of):
        yield


async def _prepare(store: Store, members: int) -> str:
    database = store.open()
    try:
        key = await ensure_tenant(database, "sealed", "Sealed")
        async with writing(database, key, Tally()) as writer:
            _, admin_id = await write_class(writer, members, "sealed")
            grant = {"person_id": admin_id, "role": GrantedRole.ENTERPRISE_ADMIN}
            await writer.put(role_grant, [grant], key=("person_id", "role"))
        async with database.writing(SystemTask(Task.IMPORT, key)) as session:
            rows = await session.rows(select(person.c.id, person.c.email).where(in_tenant(person)))
            for row in await opened_rows(session, person, [one._asdict() for one in rows]):
                same = update(person).where(in_tenant(person), person.c.id == row["id"])
                await session.change(same.values(education=row["email"]))
        return await sign_in(store, database, key, admin_id)
    finally:
        await database.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.sealed", description="What sealing costs a page")
    parser.add_argument("--rounds", type=int, default=400, help="pairs of pages")
    parser.add_argument("--members", type=int, default=2_000, help="people of the tenant, 100 of them on the page")
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
