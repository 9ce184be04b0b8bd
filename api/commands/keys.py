"""The keys' commands: how they stand, new ones, and destroying one."""

import os
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from rich.table import Table as Drawn
from sqlalchemy import Table, func, select

from api.commands.store import Store
from api.commands.terminal import CommandError, Report, say
from api.ids import MalformedIdError, decode_id
from api.keys import master_key_source
from api.settings import SettingsError
from domain.people.shredding import shred_key
from tenants.database import Database
from tenants.directory import UnknownTenantError, all_tenants, find_tenant
from tenants.ids import TenantId
from tenants.keys.cells import KEY_BYTES
from tenants.keys.master import KeyFile, KeyText, LocalMasterKey, MasterKeyError
from tenants.keys.model import data_key, shredded_key, tenant_key
from tenants.keys.rotation import RotationError, begin_in_file, masters_in_use, rotate_master, rotate_tenant
from tenants.session import ReadSession, SystemTask, Task, in_tenant


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """How a tenant's keys stand."""

    slug: str
    versions: str
    masters: str
    data_keys: int
    shredded: int


async def status(store: Store) -> Drawn:
    """Return a table of every tenant's keys; says on the way which master keys are in use and at hand."""
    database = store.open()
    try:
        at_hand = _local(store).names()
        in_use = await masters_in_use(database)
        tenants = [
            await _keys_of(database, slug, tenant_id) for slug, tenant_id in (await all_tenants(database)).items()
        ]
    finally:
        await database.close()
    for place, name in enumerate(at_hand):
        use = "wraps" if place == 0 else "unwraps"
        say(f"master key {name}: at hand, {use}{'' if name in in_use else ', not in use here yet'}")
    for name in in_use:
        if name not in at_hand:
            say(f"master key {name}: IN USE AND MISSING; what it wraps cannot be opened")
    drawn = Drawn("tenant", "key", "wrapped by", "data keys", "destroyed")
    for each in tenants:
        drawn.add_row(each.slug, each.versions, each.masters, f"{each.data_keys:,}", f"{each.shredded:,}")
    return drawn


async def new_tenant_key(store: Store, slug: str, report: Report) -> str:
    """Replace the key of the tenant `slug`; return what there is to say. Raises `CommandError`."""
    database = store.open()
    try:
        tenant_id = await _tenant(database, slug)
        done = await rotate_tenant(database, tenant_id, partial(report, f"wrapping the data keys of {slug}"))
    except (MasterKeyError, RotationError) as error:
        raise CommandError(str(error)) from None
    finally:
        await database.close()
    return f"The tenant {slug} has a new key: {done:,} data keys are wrapped by it, and the old one is destroyed."


async def new_master_key(store: Store, report: Report) -> str:
    """Replace the master key; return what there is to say. Raises `CommandError`."""
    source = _source(store)
    try:
        if isinstance(source, KeyFile):
            is_new = begin_in_file(source, os.urandom(KEY_BYTES))
            say("A new master key was put first into the file." if is_new else "A rotation was begun here; going on.")
        elif len(source.read()) == 1:
            raise CommandError(
                "There is one key in SEXTRONTGEN_MASTER_KEYS. Put a new one before it (openssl rand -base64 32), with "
                "a comma between, start every process again, and then run this."
            )
        database = store.open()
        try:
            tenants = list((await all_tenants(database)).values())
            done = await rotate_master(
                database, LocalMasterKey(source), tenants, partial(report, "wrapping the tenants' keys")
            )
        finally:
            await database.close()
        return f"{done:,} tenants' keys were wrapped anew. {_end(source)}"
    except (MasterKeyError, RotationError) as error:
        raise CommandError(str(error)) from None


async def shred(store: Store, slug: str, person: str, reason: str) -> str:
    """Destroy the key of a person of the tenant `slug`; return what there is to say. Raises `CommandError`."""
    if not reason.strip() or len(reason) > 200:
        raise CommandError("Give a reason of at most 200 characters, such as the number of the request; no name.")
    person_id = _person(person)
    database = store.open()
    try:
        tenant_id = await _tenant(database, slug)
        if person_id == tenant_id:
            raise CommandError("That is the tenant itself, not a person.")
        async with database.writing(SystemTask(Task.KEYS, tenant_id)) as session:
            # Not by the key itself: one that does not unwrap may be destroyed too.
            if not await _count(session, data_key, person_id) and not await _count(session, shredded_key, person_id):
                raise CommandError(f"The tenant {slug} has no key of such a person.")
            is_new = await shred_key(session, person_id, reason.strip())
    except MasterKeyError as error:
        raise CommandError(str(error)) from None
    finally:
        await database.close()
    if not is_new:
        return "That key was destroyed before."
    return "The key is destroyed. It is in the backups of the keys until they expire: keep those for 30 days at most."


def _source(store: Store) -> KeyFile | KeyText:
    try:
        return master_key_source(store.settings)
    except SettingsError as error:
        raise CommandError(*error.problems) from None


def _local(store: Store) -> LocalMasterKey:
    try:
        return LocalMasterKey(_source(store))
    except MasterKeyError as error:
        raise CommandError(str(error)) from None


def _end(source: KeyFile | KeyText) -> str:
    """Destroy the old master keys, where they are at hand; return what there is to say."""
    if isinstance(source, KeyText):
        return "Take the old master key out of SEXTRONTGEN_MASTER_KEYS; older backups of the keys need a copy of it."
    source.keep_first()
    return (
        f"The old master key is gone from {source.path}. Make a copy of the new one; keep one of the old for as long "
        "as there are backups of the keys from before, and no longer."
    )


async def _tenant(database: Database, slug: str) -> TenantId:
    try:
        return await find_tenant(database, slug)
    except UnknownTenantError as error:
        raise CommandError(str(error)) from None


def _person(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        kind, key = decode_id(text)
    except MalformedIdError as error:
        raise CommandError(f"{error} Give a person's UUID or global id.") from None
    if kind != "Learner":
        raise CommandError(f"That is the id of a {kind}, not of a Learner.")
    return key


async def _count(session: ReadSession, table: Table, owner_id: UUID | None = None) -> int:
    query = select(func.count()).select_from(table).where(in_tenant(table))
    if owner_id is not None:
        query = query.where(table.c.owner_id == owner_id)
    return int((await session.rows(query))[0][0])


async def _keys_of(database: Database, slug: str, tenant_id: TenantId) -> TenantKeys:
    async with database.reading(SystemTask(Task.KEYS, tenant_id)) as session:
        rows = await session.rows(
            select(tenant_key.c.version, tenant_key.c.master)
            .where(in_tenant(tenant_key))
            .order_by(tenant_key.c.version)
        )
        return TenantKeys(
            slug=slug,
            versions=" -> ".join(str(row.version) for row in rows) or "none yet",
            masters=", ".join(dict.fromkeys(row.master for row in rows)),
            data_keys=await _count(session, data_key),
            shredded=await _count(session, shredded_key),
        )
