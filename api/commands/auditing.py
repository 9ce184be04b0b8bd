"""The trail's commands that show no event: verifying, sealing now, the keys that sign, proofs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson

from api.commands.store import Store
from api.commands.terminal import CommandError, Report, say
from api.ids import MalformedIdError, decode_id
from api.sealing import keep_up, sealer_of, trail_keys
from api.settings import SettingsError
from authz.audit.seal.checkpoint import origin_of, verifier_key
from authz.audit.seal.kept import checkpoints_in
from authz.audit.seal.proofs import Proof, consistency_proof, proof_of
from authz.audit.seal.store import CheckpointStoreError
from authz.audit.seal.stored import Stored
from authz.audit.seal.verdict import Verdict
from authz.audit.seal.verify import Verifier
from tenants.database import Database
from tenants.directory import UnknownTenantError, all_tenants, find_tenant
from tenants.ids import TenantId
from tenants.secret_files import read_secret, write_secret
from tenants.session import SystemTask, Task
from tenants.signing_files import SigningKeys, new_key, pem_of


async def verify(store: Store, slug: str | None, folder: Path | None, report: Report) -> None:
    """Verify the trail of one tenant or of all, against the checkpoints in `folder` too.

    Says what was found. Raises `CommandError` when something is wrong.
    """
    keys = keys_of(store)
    outside = folder if folder is not None else store.settings.checkpoints
    if outside is None or not outside.is_dir():
        raise CommandError(
            f"There are no checkpoints in {outside}: name the folder that they are kept in, --checkpoints DIR, or set "
            "SEXTRONTGEN_CHECKPOINTS"
        )
    database, bad = store.open(), 0
    try:
        for name, tenant_id in (await tenants_of(database, slug)).items():
            verifier = Verifier(
                Stored(database, tenant_id), keys.verifying, checkpoints_in(outside, tenant_id), datetime.now(UTC)
            )
            verdict = await verifier.verify(partial(report, f"verifying {name}"))
            bad += verdict.count
            _tell(name, verdict)
    except OSError as error:
        raise CommandError(f"{outside} cannot be read: {error.strerror}.") from None
    finally:
        await database.close()
    if bad:
        raise CommandError(f"{bad:,} problems: the trail is not what was signed, or not all that was recorded.")
    say("Everything is as it was signed.")


def _tell(name: str, verdict: Verdict) -> None:
    for problem in verdict.problems:
        say(f"{name}: {problem}")
    if verdict.count > len(verdict.problems):
        say(f"{name}: and {verdict.count - len(verdict.problems):,} more problems")
    gone = f", {verdict.gone:,} of them dropped in their time" if verdict.gone else ""
    waiting = f"; {verdict.waiting:,} wait for their seal" if verdict.waiting else ""
    say(
        f"{name}: {verdict.leaves:,} events in the tree{gone}, {verdict.signed:,} signed, "
        f"{verdict.checkpoints:,} checkpoints compared, {verdict.outside:,} of them from outside{waiting}"
    )


async def seal(store: Store) -> Sequence[str]:
    """Seal what waits, now; return what there is to say. Raises `CommandError`."""
    keys_of(store)
    if store.settings.checkpoints is None:
        raise CommandError("SEXTRONTGEN_CHECKPOINTS is not set: the folder that checkpoints are kept in.")
    database = store.open()
    try:
        sealer = sealer_of(database, store.settings)
        await sealer.seal_all()
        if sealer.last is None:
            raise CommandError("Not every tenant's trail could be sealed; the lines above say which.")
        made, dropped = await keep_up(database)
    except SettingsError as error:
        raise CommandError(*error.problems) from None
    except CheckpointStoreError as error:
        raise CommandError(str(error)) from None
    finally:
        await database.close()
    return [
        f"{sealer.sealed:,} events sealed; nothing waits.",
        *([f"{made} partitions made, {dropped} dropped."] if made or dropped else []),
    ]


async def proof(store: Store, slug: str, event: str | None, old: int | None, size: int | None) -> str:
    """Return a proof as JSON: that an event is in the tree, or that it goes on from an older. Raises `CommandError`."""
    if (event is None) == (old is None):
        raise CommandError("Choose one: an event's id, or --from SIZE with --to SIZE or without.")
    database = store.open()
    try:
        tenant_id = (await tenants_of(database, slug))[slug]
        async with database.reading(SystemTask(Task.AUDIT, tenant_id)) as session:
            if event is not None:
                found: Proof | None = await proof_of(session, decode_id(event)[1])
            else:
                assert old is not None
                found = await consistency_proof(session, old, size)
    except MalformedIdError as error:
        raise CommandError(str(error)) from None
    finally:
        await database.close()
    if found is None:
        raise CommandError("There is no checkpoint that covers this event, or none of that size.")
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()


async def tell_keys(store: Store, slug: str | None) -> Sequence[str]:
    """Return the keys that verify, a line for each tenant and key, as verifiers take them. Raises `CommandError`."""
    keys = keys_of(store)
    database = store.open()
    try:
        tenants = await tenants_of(database, slug)
    finally:
        await database.close()
    return [verifier_key(origin_of(tenant_id), key) for tenant_id in tenants.values() for key in keys.verifying]


def new_signing_key(store: Store) -> str:
    """Put a new key first into the file; the old ones sign on. Return what there is to say."""
    path, _ = _file(store)
    write_secret(path, new_key() + read_secret(path))
    return (
        f"A new key was put first into {path}; from now on each checkpoint is signed by it and the older ones. Give "
        "the new lines of 'sextrontgen audit keys' to those who verify, then end the overlap: audit keys --retire"
    )


def retire_signing_keys(store: Store) -> str:
    """Let the first key sign alone; of the others the public part stays, to verify. Return what there is to say."""
    path, keys = _file(store)
    first, *others = keys.signing
    if not others:
        raise CommandError("There is one key that signs, and no other to retire: begin with audit keys --rotate")
    retired = [*(key.public_key() for key in others), *keys.retired]
    write_secret(path, b"".join([pem_of(first), *map(pem_of, retired)]))
    return f"The first key in {path} signs alone now; {len(others)} older still verify what they signed."


def keys_of(store: Store) -> SigningKeys:
    """Return the keys of the trail. Raises `CommandError`."""
    if store.settings.trail_keys is None:
        raise CommandError("SEXTRONTGEN_TRAIL_KEYS is not set: the file with the keys that sign the trail.")
    try:
        return trail_keys(store.settings)
    except SettingsError as error:
        raise CommandError(*error.problems) from None


async def tenants_of(database: Database, slug: str | None) -> dict[str, TenantId]:
    """Return the tenant `slug`, or all, by their short names. Raises `CommandError`."""
    if slug is None:
        return await all_tenants(database)
    try:
        return {slug: await find_tenant(database, slug)}
    except UnknownTenantError as error:
        raise CommandError(str(error)) from None


def _file(store: Store) -> tuple[Path, SigningKeys]:
    keys = keys_of(store)
    assert store.settings.trail_keys is not None
    return store.settings.trail_keys, keys
