"""Random rules of a tenant, written as rows: what admins add and remove, and what a new agreement grants."""

import random
from collections.abc import Iterator
from uuid import UUID

import asyncpg

from tests.oracle.contract import fields_of, is_guarded
from tests.oracle.material import PEOPLE
from tests.oracle.policy import category_in
from tests.oracle.rules import ALL, GRANTABLE, PURPOSES, allows

SPOKEN_OF = ("INSTRUCTOR", "ENTERPRISE_ADMIN", "SEAT_MANAGER", "SUPPORT")
"""The roles that a tenant's rules may be about."""

CALLS = ("Mutation.enroll", "Mutation.withdraw", "Mutation.updateProfile", "Mutation#LEARNING")
KEPT_FROM = ("ENTERPRISE_ADMIN", "SEAT_MANAGER", "SEAT_MANAGER")
"""In which role rules that are to meet calls are about an admin: as who calls, or as who sees how somebody stands."""
MOST = 16

_ADD = """INSERT INTO tenant_rule (tenant_id, id, version, role, object, subject, allow, author_id, added_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())"""
_REMOVE = """UPDATE tenant_rule SET removed_version = $3, removed_by = $4, removed_at = now()
    WHERE tenant_id = $1 AND id = $2"""
_AGREE = "INSERT INTO agreement (tenant_id, version, retention_years, signed_at) VALUES ($1, $2, 2, now())"
_GRANT = "INSERT INTO agreement_grant (tenant_id, version, role, object) VALUES ($1, $2, $3, $4)"
_NEWEST = """SELECT greatest(max(version), max(removed_version), 0) FROM tenant_rule WHERE tenant_id = $1"""
_IN_FORCE = "SELECT id FROM tenant_rule WHERE tenant_id = $1 AND removed_version IS NULL ORDER BY id"
_STAMP = "UPDATE tenant SET policy_stamp = $2 WHERE tenant_id = $1"

Said = tuple[str, str, str | None, bool]
"""Role, object, subject, whether it allows."""


async def change_rules(
    connection: asyncpg.Connection, tenant_id: UUID, rng: random.Random, *, of_calls: bool = False
) -> None:
    """Remove some of the tenant's rules, add some, now and then agree anew on what is granted, and say so.

    `of_calls`: half of those added keep admins from calling something, or from seeing what a call would tell them.
    """
    author, version = UUID(int=rng.getrandbits(128)), await connection.fetchval(_NEWEST, tenant_id)
    kept, kept_from = 0, rng.choice(KEPT_FROM) if of_calls else ""
    for row in await connection.fetch(_IN_FORCE, tenant_id):
        if rng.random() < 0.6:
            version += 1
            await connection.execute(_REMOVE, tenant_id, row["id"], version, author)
        else:
            kept += 1
    for said in random_rules(rng, max(int(of_calls), rng.choice((0, 4, 8, MOST)) - kept)):
        version += 1
        told = _of_call(rng, kept_from) if of_calls and rng.random() < 0.5 else said
        await connection.execute(_ADD, tenant_id, UUID(int=rng.getrandbits(128)), version, *told, author)
    if rng.random() < 0.6:
        await _agree(connection, tenant_id, rng)
    await connection.execute(_STAMP, tenant_id, UUID(int=rng.getrandbits(128)))


async def _agree(connection: asyncpg.Connection, tenant_id: UUID, rng: random.Random) -> None:
    version = 1 + await connection.fetchval("SELECT max(version) FROM agreement WHERE tenant_id = $1", tenant_id)
    await connection.execute(_AGREE, tenant_id, version)
    found = sorted(set(grantable()))
    for role, object_ in rng.sample(found, rng.randint(0, len(found) * 2 // 3)):
        await connection.execute(_GRANT, tenant_id, version, role, object_)


def random_rules(rng: random.Random, count: int) -> Iterator[Said]:
    """Yield `count` rules, mostly of such a kind as change something."""
    for _ in range(count):
        if rng.random() < 0.3:
            role, object_ = rng.choice(sorted(set(grantable())))
            yield role, object_, rng.choice((None, None, "MINOR", "RESTRICTED")), True
        else:
            role = rng.choice(SPOKEN_OF)
            yield role, _denied(rng, role), rng.choice((None, None, None, "MINOR", "MINOR", "RESTRICTED")), False


def _of_call(rng: random.Random, role: str) -> Said:
    if role == "SEAT_MANAGER":
        # Admins may still call, and see the enrolment, but not how it stands: no answer may tell them.
        return role, "Enrollment.status", rng.choice((None, "MINOR")), False
    object_ = rng.choice((*CALLS, "Enrollment.status", "Enrollment.status", "Enrollment#LEARNING"))
    return role, object_, rng.choice((None, "MINOR", "MINOR", "RESTRICTED")), False


def _denied(rng: random.Random, role: str) -> str:
    """Return what a rule denies to `role`: mostly a cell that it reads, or the category around it."""
    if rng.random() < 0.1:
        return rng.choice(CALLS)
    wanted = rng.choice((True, True, True, False))
    found = [(kind, field) for kind, field in _cells() if not wanted or _reads(role, kind, field)]
    kind, field = rng.choice(found)
    # Without its id a row is not there at all: an interesting rule, but one that leaves nothing else to look at.
    if field == "id" and rng.random() < 0.6:
        kind, field = rng.choice(found)
    return f"{kind}#{category_in(kind, field)}" if rng.random() < 0.3 else f"{kind}.{field}"


def _cells() -> list[tuple[str, str]]:
    about_people = [(kind, field) for kind in PEOPLE for field in fields_of(kind) if is_guarded(kind, field)]
    return [*about_people, ("Tenant", "seatPools"), ("SeatPool", "id")]


def _reads(role: str, kind: str, field: str) -> bool:
    return any(allows(role, kind, field, about, why) for about in ALL for why in PURPOSES[role])


def grantable() -> Iterator[tuple[str, str]]:
    """Yield what can be granted, by itself and as the whole category that it belongs to."""
    for promise in GRANTABLE:
        for object_ in promise.objects.split():
            kind, _, name = object_.replace("#", ".").partition(".")
            for role in promise.roles:
                yield role, object_
                if "#" not in object_ and (role, f"{kind}#{category_in(kind, name)}") != (role, object_):
                    yield role, f"{kind}#{category_in(kind, name)}"
