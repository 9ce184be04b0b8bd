"""Random changes of a tenant: who is a minor, who is restricted, who belongs to whom and to what, what is unknown.

Everything is drawn anew from the rows as they are, in the order of their keys, so a seed says it all.
"""

import random
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

_PEOPLE = """UPDATE person SET restricted = $3, minor = $4, name = $5, last_seen_at = $6
    WHERE tenant_id = $1 AND id = $2"""
_MEMBERSHIP = "UPDATE membership SET left_at = now() + $3 * interval '1 day' WHERE tenant_id = $1 AND person_id = $2"
_GUARDIANSHIP = """UPDATE guardianship
    SET confirmed_at = CASE WHEN $3 THEN now() END, withdrawn_at = CASE WHEN $4 THEN now() END
    WHERE tenant_id = $1 AND id = $2"""
_NEW_GUARDIANSHIP = """INSERT INTO guardianship (tenant_id, id, guardian_id, ward_id, confirmed_at)
    VALUES ($1, $2, $3, $4, now()) ON CONFLICT DO NOTHING"""
_NO_TEACHING = "DELETE FROM teaching WHERE tenant_id = $1 AND course_id = $2 AND person_id = $3"
_TEACHING = "INSERT INTO teaching (tenant_id, course_id, person_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_NO_GRANT = "DELETE FROM role_grant WHERE tenant_id = $1 AND person_id = $2 AND role = $3"
_GRANT = """INSERT INTO role_grant (tenant_id, person_id, role)
    SELECT $1, $2, $3 WHERE EXISTS (SELECT FROM membership WHERE tenant_id = $1 AND person_id = $2)
    ON CONFLICT DO NOTHING"""
_SEAT = "UPDATE seat SET status = $3, last_used_at = $4 WHERE tenant_id = $1 AND id = $2"
_NEW_SEAT = """INSERT INTO seat (tenant_id, id, pool_id, person_id, status) VALUES ($1, $2, $3, $4, 'ACTIVE')
    ON CONFLICT DO NOTHING"""
_ENROLLMENT = """UPDATE enrollment SET status = $3, progress = $4, average_score = $5
    WHERE tenant_id = $1 AND id = $2"""
_NOT_NAMED = "DELETE FROM staff_case_subject WHERE tenant_id = $1 AND case_id = $2"
_NAMED = "INSERT INTO staff_case_subject (tenant_id, case_id, person_id) VALUES ($1, $2, $3)"

_STATES = ("INVITED", "ACTIVE", "REVOKED", "EXPIRED")
"""Of a seat; in the first two it is held."""

Rows = Sequence[Any]


class _Drawn(NamedTuple):
    """A tenant's rows and the dice."""

    connection: asyncpg.Connection
    tenant_id: UUID
    rng: random.Random
    people: list[UUID]

    async def rows(self, table: str, key: str = "id") -> Rows:
        found: Rows = await self.connection.fetch(
            f"SELECT * FROM {table} WHERE tenant_id = $1 ORDER BY {key}", self.tenant_id
        )
        return found

    async def run(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        await self.connection.executemany(statement, [(self.tenant_id, *row) for row in rows])

    def new(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def hit(self, chance: float) -> bool:
        return self.rng.random() < chance

    def some(self, count: int) -> list[UUID]:
        return self.rng.sample(self.people, count)


async def shuffle(
    connection: asyncpg.Connection, tenant_id: UUID, rng: random.Random, staying: Collection[UUID]
) -> None:
    """Change the tenant's rows; those `staying` remain members, so that they can go on asking."""
    people = await connection.fetch("SELECT id FROM person WHERE tenant_id = $1 ORDER BY id", tenant_id)
    drawn = _Drawn(connection, tenant_id, rng, [row["id"] for row in people])
    await _flags(drawn)
    await _members(drawn, staying)
    for step in (_guardians, _teachers, _grants, _seats, _enrollments, _cases):
        await step(drawn)


async def _flags(drawn: _Drawn) -> None:
    rows = await drawn.rows("person")
    changed = []
    for row in rows:
        minor = not row["minor"] if drawn.hit(0.12) else row["minor"]
        name = drawn.rng.choice((None, rows[0]["name"])) if drawn.hit(0.02) else row["name"]
        seen = None if drawn.hit(0.03) else row["last_seen_at"]
        changed.append((row["id"], drawn.hit(0.12), minor, name, seen))
    await drawn.run(_PEOPLE, changed)


async def _members(drawn: _Drawn, staying: Collection[UUID]) -> None:
    ends = (None,) * 17 + (-1.0, -0.01, 0.5)
    rows = await drawn.rows("membership", "person_id")
    found = [(row["person_id"], drawn.rng.choice(ends)) for row in rows]
    await drawn.run(_MEMBERSHIP, [(key, None if key in staying else end) for key, end in found])


async def _guardians(drawn: _Drawn) -> None:
    rows = await drawn.rows("guardianship")
    live: set[tuple[UUID, UUID]] = set()
    changed = []
    for row in rows:
        pair = (row["guardian_id"], row["ward_id"])
        is_withdrawn = pair in live or drawn.hit(0.15)
        changed.append((row["id"], not drawn.hit(0.1), is_withdrawn))
        live |= set() if is_withdrawn else {pair}
    # All of them are withdrawn first: at no moment are there two of one pair in force.
    await drawn.run(_GUARDIANSHIP, [(key, confirmed, True) for key, confirmed, _ in changed])
    await drawn.run(_GUARDIANSHIP, changed)
    guardians = [row["guardian_id"] for row in rows]
    new = [(drawn.new(), drawn.rng.choice(guardians), ward) for ward in drawn.some(2)]
    await drawn.run(_NEW_GUARDIANSHIP, [row for row in new if row[1] != row[2]])


async def _teachers(drawn: _Drawn) -> None:
    rows = await drawn.rows("teaching", "course_id, person_id")
    pairs = [(row["course_id"], row["person_id"]) for row in rows]
    await drawn.run(_NO_TEACHING, [pair for pair in pairs if drawn.hit(0.25)])
    courses = [row["id"] for row in await drawn.rows("course")]
    granted = await drawn.rows("role_grant", "person_id, role")
    teachers = [row["person_id"] for row in granted if row["role"] == "INSTRUCTOR"] + drawn.some(1)
    await drawn.run(_TEACHING, [(drawn.rng.choice(courses), drawn.rng.choice(teachers)) for _ in range(5)])


async def _grants(drawn: _Drawn) -> None:
    rows = await drawn.rows("role_grant", "person_id, role")
    await drawn.run(_NO_GRANT, [(row["person_id"], row["role"]) for row in rows if drawn.hit(0.1)])
    await drawn.run(_GRANT, [(key, drawn.rng.choice(("INSTRUCTOR", "ENTERPRISE_ADMIN"))) for key in drawn.some(2)])


async def _seats(drawn: _Drawn) -> None:
    held = [row for row in await drawn.rows("seat") if row["status"] in _STATES[:2] and drawn.hit(0.15)]
    used = [None if drawn.hit(0.3) else row["last_used_at"] for row in held]
    await drawn.run(_SEAT, [(row["id"], drawn.rng.choice(_STATES), at) for row, at in zip(held, used, strict=True)])
    pools = [row["id"] for row in await drawn.rows("seat_pool")]
    await drawn.run(_NEW_SEAT, [(drawn.new(), drawn.rng.choice(pools), key) for key in drawn.some(6)])


async def _enrollments(drawn: _Drawn) -> None:
    changed = []
    for row in await drawn.rows("enrollment"):
        if drawn.hit(0.05):
            status = drawn.rng.choice(("ACTIVE", "ACTIVE", "COMPLETED", "WITHDRAWN"))
            score = drawn.rng.choice((None, 50.0, row["average_score"]))
            changed.append((row["id"], status, drawn.rng.choice((None, 0.5, row["progress"])), score))
    await drawn.run(_ENROLLMENT, changed)


async def _cases(drawn: _Drawn) -> None:
    for case in await drawn.rows("staff_case", "staff_role, purpose"):
        if case["staff_role"] == "SUPPORT" and drawn.hit(0.5):
            await drawn.run(_NOT_NAMED, [(case["id"],)])
            await drawn.run(_NAMED, [(case["id"], key) for key in drawn.some(drawn.rng.randint(1, 5))])
