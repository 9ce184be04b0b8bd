"""The demo: PostgreSQL, made-up tenants, a token per role, the server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from api.commands.demo_tokens import TokenEntry, tokens_of
from api.commands.importing import load_oulad
from api.commands.serve import serve
from api.commands.store import Store, open_store
from api.commands.terminal import CommandError, Report, progress, say
from domain.demo.cast import CastMember, ensure_cast
from domain.demo.names import DemoUnavailableError
from domain.demo.service import ensure_demo
from domain.oulad.lookup import OULAD_SLUG, student_and_instructor
from tenants.database import Database
from tenants.directory import UnknownTenantError, find_tenant
from tenants.secret_files import write_secret
from tenants.session import SystemTask, Task

Cast = Mapping[str, CastMember]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What the demo's data came to: per tenant and role, who it is and their token."""

    tenants: Mapping[str, Mapping[str, TokenEntry]]


def run(port: int, folder: Path, tokens_file: Path | None, oulad: Path | None) -> None:
    """Start the demo in `folder` and serve until a signal. Raises `CommandError`."""
    with open_store(folder) as store:
        with progress() as report:
            prepared = _prepare(store, oulad, report)
        settings = store.settings.model_copy(update={"host": "127.0.0.1", "port": port, "workers": 1})

        def ready(address: str) -> None:
            place = tokens_file or folder / "tokens.json"
            write_secret(place, _as_json(address, prepared, store.superuser_url))
            _welcome(address, prepared, place)

        serve(settings, ready)


def _prepare(store: Store, oulad: Path | None, report: Report) -> _Prepared:
    try:
        return asyncio.run(_data(store, oulad, report))
    except DemoUnavailableError as error:
        raise CommandError(str(error)) from None


async def _data(store: Store, oulad: Path | None, report: Report) -> _Prepared:
    database = store.open()
    try:
        casts: dict[str, Cast] = dict(await ensure_demo(database, say))
        if oulad is not None:
            await load_oulad(store, oulad, OULAD_SLUG, report)
        if (cast := await _oulad_cast(database)) is not None:
            casts[OULAD_SLUG] = cast
        return _Prepared({slug: await tokens_of(store, database, slug, cast) for slug, cast in casts.items()})
    finally:
        await database.close()


async def _oulad_cast(database: Database) -> Cast | None:
    """Return the cast of the data set's tenant, None when it was never loaded here."""
    try:
        tenant_id = await find_tenant(database, OULAD_SLUG)
    except UnknownTenantError:
        return None
    async with database.reading(SystemTask(Task.DEMO, tenant_id)) as session:
        found = await student_and_instructor(session)
    if found is None:
        return None
    learner_id, instructor_id = found
    return await ensure_cast(database, tenant_id, learner_id=learner_id, instructor_id=instructor_id)


def _as_json(address: str, prepared: _Prepared, superuser_url: str | None) -> bytes:
    tenants = {slug: {role: entry.as_json() for role, entry in cast.items()} for slug, cast in prepared.tenants.items()}
    content = {"graphql": f"{address}/graphql", "database": superuser_url, "tenants": tenants}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"


def _welcome(address: str, prepared: _Prepared, tokens_file: Path) -> None:
    slug, cast = next(iter(prepared.tenants.items()))
    others = ", ".join(list(prepared.tenants)[1:])
    say(f"\nTokens of {slug}, one per role, good for 30 days (of {others} too in {tokens_file}):\n")
    for role, entry in cast.items():
        say(f"{role}\n{entry.token}\n")
    say(f"GraphQL   {address}/graphql")
    say(f"GraphiQL  {address}/graphiql   <- open this, paste a token, run the first example")
    say("Ctrl-C ends it; the data stays.\n")
