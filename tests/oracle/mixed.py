"""A tenant in which every order meets nulls, ties, and values hidden from somebody."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Table

from domain.accounts.model import session
from domain.cases.model import staff_case
from domain.courses.model import assessment, course, teaching
from domain.enrollments.model import assessment_result, enrollment
from domain.people.model import guardianship, membership, person, role_grant
from domain.seats.model import seat, seat_pool, seat_pool_course

MANY, FEW = 9, 6
"""Multiples of the size of a page, so that the last page is full."""

START = datetime(2026, 1, 1, tzinfo=UTC)
OPERATION = "Planted"

NAMES = ("Sam Same", None, "bea Low", "Sam Same", "élan", None, "Sam Same", "", "bea Low")
RESTRICTED = (2, 3, 8)
"""Learners whose name nobody but themselves and privacy staff reads."""
ADULTS = (0, 3, 6)
"""The others are wards of one guardian."""

Row = dict[str, Any]
T = TypeVar("T")


def cycled(number: int, stride: int, *values: T) -> T:
    """Return one of `values`; another stride deals them out otherwise."""
    return values[number * stride % len(values)]


@dataclass(frozen=True)
class Mixed:
    """The tenant's rows by table, events beside them, and who is who."""

    rng: random.Random = field(default_factory=lambda: random.Random(7))
    rows: dict[Table, list[Row]] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    learners: list[UUID] = field(default_factory=list)
    viewers: dict[str, UUID] = field(default_factory=dict)
    """By role: members, and the platform's staff."""
    sessions: dict[str, UUID] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    """A course that all learners take, their pool, a learner's enrolment, an event about all of them."""

    def key(self) -> UUID:
        """Return a new key: the order of keys is that of nothing else."""
        return UUID(int=self.rng.getrandbits(128), version=4)

    def add(self, table: Table, **row: Any) -> UUID:
        """Add a row; return its key."""
        row = ({"id": self.key()} if "id" in table.c else {}) | row
        self.rows.setdefault(table, []).append(row)
        return UUID(str(row.get("id", UUID(int=0))))


def mixed() -> Mixed:
    """Return the rows of the tenant, each table after those that it points to."""
    made = Mixed()
    _people(made)
    courses = _courses(made)
    _enrollments(made, courses)
    _seats(made, courses)
    made.events.extend(_event(made, number) for number in range(MANY))
    made.ids["AccessEvent"] = made.events[0]["id"]
    return made


def _people(made: Mixed) -> None:
    for number, name in enumerate(NAMES):
        seen = cycled(number, 1, START, START + timedelta(days=1), None)
        flags = {"minor": number not in ADULTS, "restricted": number in RESTRICTED}
        made.learners.append(made.add(person, name=name, last_seen_at=seen, **flags))
    made.viewers.update(learner=made.learners[0], minor=made.learners[1])
    for role, name in (("instructor", "Sam Same"), ("enterprise_admin", None), ("guardian", "a")):
        made.viewers[role] = made.add(person, name=name, last_seen_at=START, minor=False, restricted=False)
    for key in (*made.learners, *list(made.viewers.values())[2:]):
        made.add(membership, person_id=key)
    for role in ("instructor", "enterprise_admin"):
        made.add(role_grant, person_id=made.viewers[role], role=role.upper())
    for ward in (key for number, key in enumerate(made.learners) if number not in ADULTS):
        made.add(guardianship, guardian_id=made.viewers["guardian"], ward_id=ward, confirmed_at=START)
    for role, purpose in (("security", "SECURITY_REVIEW"), ("privacy", "PRIVACY_REQUEST")):
        _case(made, role, purpose)
    for role, key in made.viewers.items():
        if role not in made.sessions:
            made.sessions[role] = _session(made, person_id=key)


def _case(made: Mixed, role: str, purpose: str) -> None:
    made.viewers[role] = made.key()
    facts = {"staff_id": made.viewers[role], "staff_role": role.upper(), "purpose": purpose}
    until = datetime.now(UTC) + timedelta(days=1)
    case = made.add(staff_case, **facts, reason="Asked.", ticket="T-1", opened_at=START, expires_at=until)
    made.sessions[role] = _session(made, case_id=case)


def _session(made: Mixed, **bearer: UUID) -> UUID:
    given: Mapping[str, UUID | None] = {"person_id": None, "case_id": None, **bearer}
    return made.add(session, **given, started_at=START, expires_at=datetime.now(UTC) + timedelta(days=1))


def _courses(made: Mixed) -> list[UUID]:
    found = []
    for number in range(MANY):
        begins = cycled(number, 1, date(2026, 2, 1), None, date(2026, 1, 1), date(2026, 2, 1))
        texts = {"code": cycled(number, 5, "a", "B", "a", "c"), "title": cycled(number, 1, "T", "t", "é")}
        found.append(made.add(course, **texts, starts_on=begins))
        made.add(teaching, course_id=found[-1], person_id=made.viewers["instructor"])
    made.ids["Course"] = found[0]
    return found


def _enrollments(made: Mixed, courses: list[UUID]) -> None:
    pairs = [(courses[0], learner) for learner in made.learners]
    pairs += [(each, learner) for learner in made.learners[:2] for each in courses[1:]]
    for number, (course_id, learner_id) in enumerate(pairs):
        values = {
            "progress": cycled(number, 1, 0.5, None, 0.25, 0.5, 1.0),
            "average_score": cycled(number, 1, 50.0, 50.0, None, 75.5),
            "last_activity_at": cycled(number, 1, None, START, START, START + timedelta(days=2), START),
            "enrolled_at": cycled(number, 3, START, START - timedelta(days=2), None, START, None),
        }
        key = made.add(enrollment, course_id=course_id, learner_id=learner_id, status="ACTIVE", **values)
        made.ids.setdefault("Enrollment", key)
    for _ in range(MANY):
        marked = made.add(assessment, course_id=courses[0], kind="EXAM", weight=8.0)
        made.add(assessment_result, enrollment_id=made.ids["Enrollment"], assessment_id=marked)


def _seats(made: Mixed, courses: list[UUID]) -> None:
    for number in range(FEW):
        days = {"starts_on": date(2026, 1, 1), "ends_on": date(2099, 1, 1)}
        pool = made.add(seat_pool, name=f"Pool {number}", total=MANY, **days)
        made.ids.setdefault("SeatPool", pool)
    for each in courses[:FEW]:
        made.add(seat_pool_course, pool_id=made.ids["SeatPool"], course_id=each)
    for learner in made.learners:
        made.add(seat, pool_id=made.ids["SeatPool"], person_id=learner, status="ACTIVE")


def _event(made: Mixed, number: int) -> Row:
    """Return a row of the trail: a learner read everybody, at one of a few instants."""
    people = sorted(map(str, made.learners))
    released = {"fields": ["Learner.name"], "categories": ["IDENTITY"], "subjects": people}
    return {
        "id": made.key(), "at": START + timedelta(minutes=cycled(number, 5, 1, 2, 1, 3)), "retention_years": 2,
        "actor_id": made.learners[0], "roles": ["LEARNER"], "capacities": ["LEARNER"], "session_id": made.key(),
        "purpose": "SELF_SERVICE", "operation": OPERATION, "document_hash": "0" * 64, "request_id": str(number),
        "policy_version": "1", "outcome": "RELEASED", "subject_count": len(people), "disclosures": [released],
        "denials": [],
    }  # fmt: skip
