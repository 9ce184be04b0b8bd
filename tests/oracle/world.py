"""One tenant's rows as plain Python, and what somebody is to somebody else, by looking through them."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from domain.cases.model import staff_case, staff_case_subject
from domain.courses.model import assessment, course, teaching
from domain.enrollments.model import assessment_result, enrollment
from domain.people.model import guardianship, membership, person, role_grant
from domain.seats.model import seat, seat_pool, seat_pool_course
from tenants.model import agreement, agreement_grant, tenant
from tests.oracle.row import Facts, Row, by_key, grouped, pairs
from tests.oracle.tenant_rules import TenantRules
from tests.oracle.trail import Trail
from tests.support.sealing import ring_of

Tables = Mapping[str, Sequence[Facts]]

_PEOPLE = (tenant, person, membership, role_grant, guardianship, staff_case, staff_case_subject)
_LEARNING = (course, teaching, assessment, enrollment, assessment_result)
_AGREED = (agreement, agreement_grant)
TABLES = (*_PEOPLE, *_LEARNING, *_AGREED, seat_pool, seat_pool_course, seat)
FURTHER = ("access_event", "change_event", "tenant_rule")
"""Tables by their names alone, for what defines them stands beside what is judged."""
ALL_NAMES = (*(table.name for table in TABLES), *FURTHER)

LIVE = ("INVITED", "ACTIVE")
"""States of a seat that is held."""

SUBJECTS = {
    "Learner": "id",
    "Instructor": "id",
    "Enrollment": "learner_id",
    "Seat": "person_id",
    "AccessEvent": "actor_id",
    "Actor": "actor_id",
}
"""What names the person whom a row describes, by its type; an AssessmentResult is about its enrolment's."""

_JSON = ("disclosures", "denials", "changes")


class World:
    """All rows of one tenant at one moment."""

    def __init__(self, tables: Tables, now: datetime) -> None:
        """`tables` holds rows by table name, as dictionaries by column name; `now` is in UTC."""
        rows = defaultdict[str, Sequence[Facts]](list, tables)
        self.now = now
        self.tenant = Row("Tenant", rows["tenant"][0]["tenant_id"], rows["tenant"][0])
        self.people = by_key(rows["person"], "id")
        self.courses = {key: Row("Course", key, facts) for key, facts in by_key(rows["course"], "id").items()}
        self.assessments = {
            key: Row("Assessment", key, facts) for key, facts in by_key(rows["assessment"], "id").items()
        }
        self.enrollments = {
            key: Row("Enrollment", key, facts) for key, facts in by_key(rows["enrollment"], "id").items()
        }
        results = by_key(rows["assessment_result"], "id")
        self.results = {key: Row("AssessmentResult", key, facts) for key, facts in results.items()}
        self.pools = {key: Row("SeatPool", key, facts) for key, facts in by_key(rows["seat_pool"], "id").items()}
        self.seats = {key: Row("Seat", key, facts) for key, facts in by_key(rows["seat"], "id").items()}
        self.cases = by_key(rows["staff_case"], "id")
        self._memberships = by_key(rows["membership"], "person_id")
        self._grants = pairs(rows["role_grant"], "person_id", "role")
        self._guardianships = [each for each in rows["guardianship"] if self._live(each)]
        self._taught = pairs(rows["teaching"], "person_id", "course_id")
        self._teachers = pairs(rows["teaching"], "course_id", "person_id")
        self._named = pairs(rows["staff_case_subject"], "case_id", "person_id")
        self._pool_courses = pairs(rows["seat_pool_course"], "pool_id", "course_id")
        self._enrollments_of = grouped(self.enrollments.values(), "learner_id")
        self._enrollments_in = grouped(self.enrollments.values(), "course_id")
        self._assessments_in = grouped(self.assessments.values(), "course_id")
        self._results_of = grouped(self.results.values(), "enrollment_id")
        self._seats_of = grouped(self.seats.values(), "person_id")
        self._seats_in = grouped(self.seats.values(), "pool_id")
        tickets = {key: case["ticket"] for key, case in self.cases.items()}
        self.rules = TenantRules(rows["tenant_rule"], rows["agreement"], rows["agreement_grant"])
        self.trail = Trail(rows["access_event"], tickets, self._name_of)

    def learner(self, person_id: UUID) -> Row | None:
        """Return the person as a Learner, None when there is nobody of that id."""
        facts = self.people.get(person_id)
        return None if facts is None else Row("Learner", person_id, facts)

    def instructor(self, person_id: UUID) -> Row | None:
        """Return the person as an Instructor, None when they teach nothing."""
        facts = self.people.get(person_id)
        return Row("Instructor", person_id, facts) if facts is not None and self.taught_by(person_id) else None

    def is_member(self, person_id: UUID) -> bool:
        """Return whether the person's membership is there and has not ended."""
        found = self._memberships.get(person_id)
        return found is not None and (found["left_at"] is None or found["left_at"] > self.now)

    def grants(self, person_id: UUID) -> set[str]:
        """Return the roles somebody granted to the person."""
        return self._grants[person_id]

    def wards(self, person_id: UUID) -> set[UUID]:
        """Return whom the person is a guardian of: confirmed, not withdrawn, a minor now."""
        return {each["ward_id"] for each in self._guardianships if each["guardian_id"] == person_id}

    def guardians(self, person_id: UUID) -> set[UUID]:
        """Return the person's guardians in force."""
        return {each["guardian_id"] for each in self._guardianships if each["ward_id"] == person_id}

    def taught_by(self, person_id: UUID) -> set[UUID]:
        """Return the courses that the person teaches."""
        return self._taught[person_id]

    def teachers_of(self, course_id: UUID) -> set[UUID]:
        """Return who teaches the course."""
        return self._teachers[course_id]

    def named_in(self, case_id: UUID) -> set[UUID]:
        """Return the people whom a staff case names."""
        return self._named[case_id]

    def courses_of_pool(self, pool_id: UUID) -> list[Row]:
        """Return the courses that a pool's seats open."""
        return [self.courses[key] for key in self._pool_courses[pool_id]]

    def enrollments_of(self, person_id: UUID) -> list[Row]:
        """Return the person's enrolments."""
        return self._enrollments_of[person_id]

    def enrollments_in(self, course_id: UUID) -> list[Row]:
        """Return the course's enrolments."""
        return self._enrollments_in[course_id]

    def assessments_in(self, course_id: UUID) -> list[Row]:
        """Return what is marked in the course."""
        return self._assessments_in[course_id]

    def results_of(self, enrollment_id: UUID) -> list[Row]:
        """Return the enrolment's results."""
        return self._results_of[enrollment_id]

    def seats_of(self, person_id: UUID) -> list[Row]:
        """Return the seats that the person holds or held."""
        return self._seats_of[person_id]

    def seats_in(self, pool_id: UUID) -> list[Row]:
        """Return the pool's seats."""
        return self._seats_in[pool_id]

    def holds_live_seat(self, person_id: UUID) -> bool:
        """Return whether the person holds a seat that is invited or active."""
        return any(each.facts["status"] in LIVE for each in self.seats_of(person_id))

    def subject(self, row: Row) -> UUID | None:
        """Return whom the row describes, None when it describes nobody."""
        if row.kind == "AssessmentResult":
            return self.subject(self.enrollments[row.facts["enrollment_id"]])
        found: UUID | None = row.facts[SUBJECTS[row.kind]] if row.kind in SUBJECTS else None
        return found

    def _name_of(self, person_id: UUID) -> str | None:
        facts = self.people.get(person_id)
        return None if facts is None else facts["name"]

    def _live(self, each: Facts) -> bool:
        in_force = each["confirmed_at"] is not None and each["withdrawn_at"] is None
        return in_force and bool(self.people[each["ward_id"]]["minor"])


async def read_tables(url: str, tenant_id: UUID, names: Sequence[str] = ALL_NAMES) -> dict[str, list[dict[str, Any]]]:
    """Return the tenant's rows from the database at `url`, what is sealed opened.

    They are read as a role that may see them (owner, superuser).
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT set_config('app.tenant', $1, false)", str(tenant_id))
        ring, tables = await ring_of(connection), {}
        for name in names:
            found = await connection.fetch(f"SELECT * FROM {name} WHERE tenant_id = $1", tenant_id)
            tables[name] = [plain(ring.opened(name, row)) for row in found]
        return tables
    finally:
        await connection.close()


_SEALED_IN = """
    SELECT leaf.event_id, min(size) AS size FROM trail_leaf leaf JOIN trail_checkpoint kept
    ON kept.tenant_id = leaf.tenant_id AND kept.size > leaf.position WHERE leaf.tenant_id = $1 GROUP BY 1
"""


async def load(url: str, tenant_id: UUID) -> World:
    """Return the tenant's world as the database at `url` holds it now; see `read_tables`."""
    tables = dict(await read_tables(url, tenant_id))
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT set_config('app.tenant', $1, false)", str(tenant_id))
        sealed = {UUID(int=row["event_id"].int): row["size"] for row in await connection.fetch(_SEALED_IN, tenant_id)}
    finally:
        await connection.close()
    tables["access_event"] = [{**row, "sealed_in": sealed.get(row["id"])} for row in tables["access_event"]]
    return World(tables, datetime.now(UTC))


def plain(row: Facts) -> dict[str, Any]:
    """Return a row with Python's own values: the driver has a class for UUIDs, and gives JSON as text."""
    values = {name: UUID(int=value.int) if isinstance(value, UUID) else value for name, value in row.items()}
    return values | {name: json.loads(row[name]) for name in _JSON if name in values}
