"""One tenant's rows as plain Python, and what somebody is to somebody else, by looking through them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from domain.cases.model import staff_case, staff_case_subject
from domain.courses.model import assessment, course, teaching
from domain.enrollments.model import assessment_result, enrollment
from domain.people.model import guardianship, membership, person, role_grant
from domain.seats.model import seat, seat_pool, seat_pool_course
from tenants.model import tenant
from tests.oracle.row import Facts, Row
from tests.oracle.trail import Trail

Tables = Mapping[str, Sequence[Facts]]

_PEOPLE = (tenant, person, membership, role_grant, guardianship, staff_case, staff_case_subject)
_LEARNING = (course, teaching, assessment, enrollment, assessment_result)
TABLES = (*_PEOPLE, *_LEARNING, seat_pool, seat_pool_course, seat)

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


class World:
    """All rows of one tenant at one moment."""

    def __init__(self, tables: Tables, now: datetime) -> None:
        """`tables` holds rows by table name, as dictionaries by column name; `now` is in UTC."""
        rows = defaultdict[str, Sequence[Facts]](list, tables)
        self.now = now
        self.tenant = Row("Tenant", rows["tenant"][0]["tenant_id"], rows["tenant"][0])
        self.people = _by(rows["person"], "id")
        self.courses = {key: Row("Course", key, facts) for key, facts in _by(rows["course"], "id").items()}
        self.assessments = {key: Row("Assessment", key, facts) for key, facts in _by(rows["assessment"], "id").items()}
        self.enrollments = {key: Row("Enrollment", key, facts) for key, facts in _by(rows["enrollment"], "id").items()}
        results = _by(rows["assessment_result"], "id")
        self.results = {key: Row("AssessmentResult", key, facts) for key, facts in results.items()}
        self.pools = {key: Row("SeatPool", key, facts) for key, facts in _by(rows["seat_pool"], "id").items()}
        self.seats = {key: Row("Seat", key, facts) for key, facts in _by(rows["seat"], "id").items()}
        self.cases = _by(rows["staff_case"], "id")
        self._memberships = _by(rows["membership"], "person_id")
        self._grants = _pairs(rows["role_grant"], "person_id", "role")
        self._guardianships = [each for each in rows["guardianship"] if self._live(each)]
        self._taught = _pairs(rows["teaching"], "person_id", "course_id")
        self._teachers = _pairs(rows["teaching"], "course_id", "person_id")
        self._named = _pairs(rows["staff_case_subject"], "case_id", "person_id")
        self._pool_courses = _pairs(rows["seat_pool_course"], "pool_id", "course_id")
        self._enrollments_of = _grouped(self.enrollments.values(), "learner_id")
        self._enrollments_in = _grouped(self.enrollments.values(), "course_id")
        self._assessments_in = _grouped(self.assessments.values(), "course_id")
        self._results_of = _grouped(self.results.values(), "enrollment_id")
        self._seats_of = _grouped(self.seats.values(), "person_id")
        self._seats_in = _grouped(self.seats.values(), "pool_id")
        tickets = {key: case["ticket"] for key, case in self.cases.items()}
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


async def load(url: str, tenant_id: UUID) -> World:
    """Read the tenant's rows from the database at `url`, as a role that may see them (the owner or a superuser)."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT set_config('app.tenant', $1, false)", str(tenant_id))
        tables = {}
        for table in TABLES:
            found = await connection.fetch(f"SELECT * FROM {table.name} WHERE tenant_id = $1", tenant_id)
            tables[table.name] = [plain(row) for row in found]
        events = await connection.fetch("SELECT * FROM access_event WHERE tenant_id = $1", tenant_id)
        tables["access_event"] = [plain(row) for row in events]
        return World(tables, datetime.now(UTC))
    finally:
        await connection.close()


def plain(row: Facts) -> dict[str, Any]:
    """Return a row with Python's own values: the driver has a class for UUIDs, and gives JSON as text."""
    values = {name: UUID(int=value.int) if isinstance(value, UUID) else value for name, value in row.items()}
    return values | {name: json.loads(row[name]) for name in ("disclosures", "denials") if name in values}


def _by(rows: Iterable[Facts], column: str) -> dict[UUID, Facts]:
    return {row[column]: row for row in rows}


def _pairs(rows: Iterable[Facts], first: str, second: str) -> defaultdict[UUID, set[Any]]:
    found = defaultdict[UUID, set[Any]](set)
    for row in rows:
        found[row[first]].add(row[second])
    return found


def _grouped(rows: Iterable[Row], column: str) -> defaultdict[UUID, list[Row]]:
    found = defaultdict[UUID, list[Row]](list)
    for row in rows:
        found[row.facts[column]].append(row)
    return found
