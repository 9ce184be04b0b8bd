"""Ways of tampering with a sealed trail, as somebody could who owns the database and the folder; each says where."""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from authz.audit.seal.checkpoint import opened, origin_of, signed
from authz.audit.seal.sealer import Sealer
from tenants.database import Database
from tenants.ids import TenantId, uuid7
from tenants.signing_files import load_signing_keys, new_key
from tests.authz.audit.seal.recomputing import hash_of, leaf
from tests.support.events import add_events
from tests.support.sealer import KEYS, KeptInMemory

FOREIGN = load_signing_keys(new_key())
_FAR = 1_000_000


@dataclass(frozen=True, slots=True)
class Trail:
    """A sealed trail, a superuser's connection to its database, and the folder with its checkpoints."""

    hand: asyncpg.Connection
    database: Database
    tenant_id: TenantId
    folder: Path
    size: int
    random: Random

    def anywhere(self) -> int:
        """Return some position."""
        return self.random.randrange(self.size)

    async def event_at(self, position: int) -> UUID:
        """Return the event at a position."""
        found = await self.hand.fetchval("SELECT event_id FROM trail_leaf WHERE position = $1", position)
        return UUID(str(found))

    async def sizes(self) -> list[int]:
        """Return the sizes of the checkpoints."""
        return [row[0] for row in await self.hand.fetch("SELECT size FROM trail_checkpoint ORDER BY 1")]

    def kept(self) -> list[Path]:
        """Return the files of the folder."""
        return sorted(self.folder.rglob("*.txt"))


@dataclass(frozen=True, slots=True)
class Where:
    """The positions that were tampered with; `first` None for what was done beside the tree."""

    first: int | None
    end: int | None = None
    in_export: bool = True
    """Whether an export shows it: what the database has beside events and checkpoints does not come into one."""


Tampering = Callable[[Trail], Awaitable[Where]]
BESIDE = Where(None, in_export=False)

_CHANGES = {
    "purpose": "purpose || 'x'",
    "operation": "coalesce(operation, '') || 'x'",
    "document_hash": "reverse(document_hash)",
    "request_id": "request_id || '1'",
    "policy_version": "'v2'",
    "outcome": "CASE outcome WHEN 'RELEASED' THEN 'DENIED' ELSE 'RELEASED' END",
    "roles": "roles || ARRAY['PRIVACY']",
    "capacities": "'{}'",
    "subject_count": "subject_count + 1",
    "actor_id": "gen_random_uuid()",
    "session_id": "gen_random_uuid()",
    "case_id": "gen_random_uuid()",
    "client_address": "set_byte(client_address, 3, (get_byte(client_address, 3) + 1) % 256)",
    "disclosures": "jsonb_set(disclosures, '{0,subjects,0}', '\"00000000-0000-0000-0000-0000000000ff\"')",
    "denials": 'denials || \'[{"field": "Seat.id", "reason": "NO_RELATION", "told": "NO_RELATION", '
    '"category": "SEAT", "subjects": []}]\'',
}


async def a_member_of_an_event_changed(trail: Trail) -> Where:
    position = trail.anywhere()
    column = trail.random.choice(sorted(_CHANGES))
    change = f"UPDATE access_event SET {column} = {_CHANGES[column]} WHERE id = $1"
    assert await trail.hand.execute(change, await trail.event_at(position)) == "UPDATE 1"
    return Where(position)


async def an_event_moved_in_time(trail: Trail) -> Where:
    position = trail.anywhere()
    move = "UPDATE access_event SET at = at + interval '1 microsecond' WHERE id = $1"
    await trail.hand.execute(move, await trail.event_at(position))
    return Where(position)


async def an_event_deleted(trail: Trail) -> Where:
    position = trail.anywhere()
    await trail.hand.execute("DELETE FROM access_event WHERE id = $1", await trail.event_at(position))
    return Where(position)


async def an_event_deleted_and_said_to_be_old(trail: Trail) -> Where:
    place = await an_event_deleted(trail)
    old = "UPDATE trail_leaf SET at = at - interval '9 years', retention_years = 1 WHERE position = $1"
    await trail.hand.execute(old, place.first)
    return place


async def an_event_deleted_with_its_leaf(trail: Trail) -> Where:
    place = await an_event_deleted(trail)
    await trail.hand.execute("DELETE FROM trail_leaf WHERE position = $1", place.first)
    return place


async def an_event_deleted_and_the_others_moved_up(trail: Trail) -> Where:
    place = await an_event_deleted_with_its_leaf(trail)
    assert place.first is not None
    await _shift(trail, place.first, -1)
    return place


async def an_event_put_in_between(trail: Trail) -> Where:
    position = trail.anywhere()
    forged = await _forged(trail, await trail.event_at(position))
    await _shift(trail, position, 1)
    await _add_leaf(trail, position, forged)
    return Where(position)


async def an_event_put_at_the_end(trail: Trail) -> Where:
    await _add_leaf(trail, trail.size, await _forged(trail, await trail.event_at(trail.anywhere())))
    return Where(trail.size, in_export=False)


async def an_event_put_beside_the_tree(trail: Trail) -> Where:
    await _forged(trail, await trail.event_at(trail.anywhere()))
    return BESIDE


async def two_leaves_swapped(trail: Trail) -> Where:
    first, second = sorted(trail.random.sample(range(trail.size), 2))
    for now, then in ((first, _FAR), (second, first), (_FAR, second)):
        await trail.hand.execute("UPDATE trail_leaf SET position = $2 WHERE position = $1", now, then)
    return Where(first)


async def the_order_turned_round(trail: Trail) -> Where:
    first = trail.random.randrange(trail.size - 5)
    there = [await trail.event_at(first + step) for step in range(5)]
    for step, event_id in enumerate(reversed(there)):
        away = "UPDATE trail_leaf SET position = $2 WHERE event_id = $1"
        await trail.hand.execute(away, event_id, _FAR + step)
    await trail.hand.execute("UPDATE trail_leaf SET position = position - $1 WHERE position >= $2", _FAR - first, _FAR)
    return Where(first, first + 5)


async def what_two_events_say_swapped(trail: Trail) -> Where:
    first, second = trail.random.sample(range(trail.size), 2)
    ids = [await trail.event_at(first), await trail.event_at(second)]
    texts = [await trail.hand.fetchval("SELECT request_id FROM access_event WHERE id = $1", each) for each in ids]
    for each, text in zip(ids, reversed(texts), strict=True):
        await trail.hand.execute("UPDATE access_event SET request_id = $2 WHERE id = $1", each, text)
    return Where(first)


async def the_end_cut_off(trail: Trail) -> Where:
    size = trail.random.choice((await trail.sizes())[:-1])
    await _cut(trail, size)
    return Where(size, trail.size)


async def the_end_cut_off_somewhere(trail: Trail) -> Where:
    size = trail.random.randrange(1, trail.size)
    await _cut(trail, size)
    return Where(size, trail.size)


async def another_history_signed_by_the_true_key(trail: Trail) -> Where:
    """As after an old backup was put back and used."""
    size = (await the_end_cut_off(trail)).first
    assert size is not None
    await _lively(trail, lambda: add_events(trail.database, trail.tenant_id, 90, seed=trail.random.randrange(1 << 30)))
    await Sealer(trail.database, lambda: KEYS, KeptInMemory()).seal(trail.tenant_id, KEYS)
    return Where(size, trail.size)


async def another_history_signed_by_a_foreign_key(trail: Trail) -> Where:
    size = (await the_end_cut_off(trail)).first
    assert size is not None
    await _lively(trail, lambda: add_events(trail.database, trail.tenant_id, 20, seed=trail.random.randrange(1 << 30)))
    await Sealer(trail.database, lambda: FOREIGN, KeptInMemory()).seal(trail.tenant_id, FOREIGN)
    return Where(size, max(trail.size, size + 20))


async def an_event_and_its_leaf_changed_together(trail: Trail) -> Where:
    place = await a_member_of_an_event_changed(trail)
    assert place.first is not None
    row = await trail.hand.fetchrow("SELECT * FROM access_event WHERE id = $1", await trail.event_at(place.first))
    await _set_hash(trail, place.first, hash_of(leaf(row)))
    return place


async def the_hash_of_a_leaf_changed(trail: Trail) -> Where:
    position = trail.anywhere()
    await _set_hash(trail, position, trail.random.randbytes(32))
    return Where(position, in_export=False)


async def an_inner_hash_changed(trail: Trail) -> Where:
    number = trail.random.randrange(trail.size // 16)
    change = "UPDATE trail_node SET hash = $1 WHERE level = 1 AND index = $2"
    assert await trail.hand.execute(change, trail.random.randbytes(32), number) == "UPDATE 1"
    return Where(number * 16, number * 16 + 16, in_export=False)


async def an_inner_hash_deleted(trail: Trail) -> Where:
    number = trail.random.randrange(trail.size // 16)
    await trail.hand.execute("DELETE FROM trail_node WHERE level = 1 AND index = $1", number)
    return Where(number * 16, number * 16 + 16, in_export=False)


async def a_checkpoint_changed(trail: Trail) -> Where:
    size = trail.random.choice(await trail.sizes())
    note = await trail.hand.fetchval("SELECT note FROM trail_checkpoint WHERE size = $1", size)
    change = "UPDATE trail_checkpoint SET note = $2 WHERE size = $1"
    await trail.hand.execute(change, size, _other(note, trail))
    return Where(size - 1)


async def a_kept_checkpoint_changed(trail: Trail) -> Where:
    path = trail.random.choice(trail.kept())
    path.write_text(_other(path.read_text(), trail))
    return Where(int(path.stem) - 1)


async def a_kept_checkpoint_renamed(trail: Trail) -> Where:
    path = trail.random.choice(trail.kept())
    other = trail.random.choice([size for size in range(1, trail.size) if size not in await trail.sizes()])
    path.rename(path.with_name(f"{other:016d}.txt"))
    return Where(other - 1)


async def an_event_taken_from_those_that_wait(trail: Trail) -> Where:
    await trail.hand.execute("DELETE FROM unsealed_event WHERE ctid = (SELECT min(ctid) FROM unsealed_event)")
    return BESIDE


async def an_event_that_waits_deleted(trail: Trail) -> Where:
    one = "SELECT event_id FROM unsealed_event ORDER BY at LIMIT 1"
    await trail.hand.execute(f"DELETE FROM access_event WHERE id = ({one})")
    return BESIDE


TAMPERINGS: list[Tampering] = [
    a_member_of_an_event_changed, an_event_moved_in_time, an_event_deleted, an_event_deleted_and_said_to_be_old,
    an_event_deleted_with_its_leaf, an_event_deleted_and_the_others_moved_up, an_event_put_in_between,
    an_event_put_at_the_end, an_event_put_beside_the_tree, two_leaves_swapped, the_order_turned_round,
    what_two_events_say_swapped, the_end_cut_off, the_end_cut_off_somewhere, another_history_signed_by_the_true_key,
    another_history_signed_by_a_foreign_key, an_event_and_its_leaf_changed_together, the_hash_of_a_leaf_changed,
    an_inner_hash_changed, an_inner_hash_deleted, a_checkpoint_changed, a_kept_checkpoint_changed,
    a_kept_checkpoint_renamed, an_event_taken_from_those_that_wait, an_event_that_waits_deleted,
]  # fmt: skip


def _other(note: str, trail: Trail) -> str:
    """Return a note that says something else, or that somebody else signed."""
    found = opened(note, origin_of(trail.tenant_id), KEYS.verifying)
    lines = note.split("\n")
    match trail.random.randrange(6):
        case 0:
            lines[1] = str(found.size + 1)
        case 1:
            lines[2] = base64.b64encode(trail.random.randbytes(32)).decode()
        case 2:
            lines[3] = lines[3].replace("time 2", "time 3")
        case 3:
            name, _, made = lines[5].rpartition(" ")
            raw = bytearray(base64.b64decode(made))
            raw[trail.random.randrange(4, len(raw))] ^= 1 << trail.random.randrange(8)
            lines[5] = f"{name} {base64.b64encode(raw).decode()}"
        case 4:
            return signed(found, FOREIGN.signing)
        case _:
            lines[0] = origin_of(uuid7())
    return "\n".join(lines)


async def _forged(trail: Trail, like: UUID) -> asyncpg.Record:
    """Add an event like another, a moment later, without letting it wait to be sealed."""
    forge = """
        INSERT INTO access_event SELECT (jsonb_populate_record(it, jsonb_build_object(
            'id', $2::uuid, 'at', it.at + interval '1 second'))).* FROM access_event it WHERE id = $1
    """
    made = uuid7()
    await trail.hand.execute(forge, like, made)
    return await trail.hand.fetchrow("SELECT * FROM access_event WHERE id = $1", made)


async def _add_leaf(trail: Trail, position: int, event: asyncpg.Record) -> None:
    add = "INSERT INTO trail_leaf VALUES ($1, $2, $3, $4, $5, $6)"
    facts = (event["id"], event["retention_years"], event["at"], hash_of(leaf(event)))
    await trail.hand.execute(add, trail.tenant_id, position, *facts)


async def _set_hash(trail: Trail, position: int, hashed: bytes) -> None:
    await trail.hand.execute("UPDATE trail_leaf SET hash = $2 WHERE position = $1", position, hashed)


async def _shift(trail: Trail, position: int, by: int) -> None:
    """Move the leaves from `position` on."""
    await trail.hand.execute("UPDATE trail_leaf SET position = position + $2 WHERE position >= $1", position, _FAR)
    back = "UPDATE trail_leaf SET position = position - $1 WHERE position >= $2"
    await trail.hand.execute(back, _FAR - by, _FAR)


async def _cut(trail: Trail, size: int) -> None:
    """Take the trail back to a size, as far as the database goes."""
    gone = "SELECT event_id FROM trail_leaf WHERE position >= $1"
    await trail.hand.execute(f"DELETE FROM access_event WHERE id IN ({gone})", size)
    await trail.hand.execute("DELETE FROM trail_leaf WHERE position >= $1", size)
    await trail.hand.execute("DELETE FROM trail_checkpoint WHERE size > $1", size)
    await trail.hand.execute("DELETE FROM trail_node WHERE (index + 1) * 16 ^ level > $1", size)


async def _lively(trail: Trail, work: Callable[[], Awaitable[Any]]) -> None:
    """Take away what waits, so that only what `work` records is sealed."""
    await trail.hand.execute("DELETE FROM access_event WHERE id IN (SELECT event_id FROM unsealed_event)")
    await trail.hand.execute("DELETE FROM unsealed_event")
    await work()
