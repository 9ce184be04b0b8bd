"""A small tenant with a canary in every personal cell, and the capacities known in which everybody meets them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from authz.audit.event import access_event
from domain.accounts.keys import load_keys
from domain.accounts.model import session as sessions
from domain.accounts.tokens import Tokens
from domain.cases.model import staff_case_subject
from domain.courses.model import assessment, course, teaching
from domain.enrollments.model import assessment_result, enrollment
from domain.people.model import guardianship, membership, person
from domain.seats.model import seat, seat_pool
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import uuid7
from tenants.keys.columns import Sealed
from tenants.session import SystemTask, Task
from tests.api.people import People, ago
from tests.api.reading.canaries import TABLES, column_of
from tests.api.reading.conftest import open_database
from tests.api.reading.meetings import (
    GONE_GUARDIAN,
    NAMED,
    OUTSIDE,
    PLANTED,
    SEATLESS,
    STAFF,
    SUBJECTS,
    WARDS,
    Meeting,
    Subject,
    members,
)
from tests.support.cluster import Urls


@dataclass(frozen=True, slots=True)
class Planted:
    """The tenant: its subjects and viewers, by name."""

    people: People
    urls: Urls
    course_id: UUID
    pool_id: UUID
    subjects: Mapping[str, Subject]
    viewers: Mapping[str, Meeting]
    sessions: Mapping[str, UUID]
    stored: Mapping[tuple[str, str, int], bytes]
    """What stands in the database where a canary is sealed, by type, field and person."""

    def token(self, viewer: str) -> str:
        """Return a token for `viewer`."""
        return self.people.token(self.viewers[viewer].person_id, self.sessions[viewer])


def plant(urls: Urls, key_file: Path) -> Planted:
    """Fill a new tenant of the database at `urls`."""
    issuer = Tokens(load_keys(key_file.read_bytes()), "sextrontgen", "sextrontgen")
    return asyncio.run(_plant(urls, issuer))


async def _plant(urls: Urls, issuer: Tokens) -> Planted:
    database = open_database(urls)
    tenant_id = await ensure_tenant(database, f"planted-{uuid7()}", "Planted")
    people = People(database, tenant_id, issuer)
    subjects = {name: Subject(name, number) for number, name in enumerate(SUBJECTS, start=1)}
    keys = {name: uuid7() for name in ("taught", "other", "own", "pool", "assessment")}
    await _insert(people, _rows(subjects, keys))
    instructor = await people.member(roles=["INSTRUCTOR"])
    await people.add(teaching, course_id=keys["taught"], person_id=instructor)
    admin = await people.member(roles=["ENTERPRISE_ADMIN"])
    viewers = {**members(subjects, instructor, admin), **await _staff(people, subjects)}
    begun = {name: uuid7() for name in viewers}
    rows = [_session(begun[name], viewer) for name, viewer in viewers.items()]
    await _insert(people, [(sessions, rows)])
    await database.close()
    stored = await _stored(urls, subjects.values())
    return Planted(people, urls, keys["taught"], keys["pool"], subjects, viewers, begun, stored)


async def _insert(people: People, filled: Sequence[tuple[Table, list[dict[str, Any]]]]) -> None:
    database: Database = people.database
    async with database.writing(SystemTask(Task.SIGN_IN, people.tenant_id)) as session:
        for table, rows in filled:
            await session.insert(table, rows)


async def _stored(urls: Urls, subjects: Iterable[Subject]) -> dict[tuple[str, str, int], bytes]:
    connection = await asyncpg.connect(urls.superuser)
    found: dict[tuple[str, str, int], bytes] = {}
    for (kind, (table, names)), subject in product(TABLES.items(), subjects):
        row = await connection.fetchrow(f"SELECT * FROM {table.name} WHERE id = $1", subject.key(kind))
        columns = {name: column_of(kind, name) for name in names}
        sealed = {name: row[column.name] for name, column in columns.items() if isinstance(column.type, Sealed)}
        found |= {(kind, name, subject.number): value for name, value in sealed.items()}
    await connection.close()
    return found


def _rows(subjects: Mapping[str, Subject], keys: Mapping[str, UUID]) -> list[tuple[Table, list[dict[str, Any]]]]:
    everybody = list(subjects.values())
    courses = [{"id": keys[name], "code": name, "title": name} for name in ("taught", "other", "own")]
    pool = {"id": keys["pool"], "name": "Pool", "total": 50, "starts_on": date(2025, 1, 1), "ends_on": date(2035, 1, 1)}
    wards = [(guardian, ward) for guardian, names in WARDS.items() for ward in names]
    return [
        (course, courses),
        (assessment, [{"id": keys["assessment"], "course_id": keys["taught"], "kind": "EXAM", "weight": 100.0}]),
        (seat_pool, [pool]),
        (person, [{"id": s.person_id, **s.values("Learner"), "minor": s.minor, "restricted": s.restricted}
                  for s in everybody]),
        (membership, [{"person_id": s.person_id, "left_at": ago(days=1) if s.name == GONE_GUARDIAN else None}
                      for s in everybody]),
        # They teach a course that nobody takes, and were not granted the role: that makes them Instructors to look at.
        (teaching, [{"course_id": keys["own"], "person_id": s.person_id} for s in everybody]),
        (enrollment, [{"id": s.rows["Enrollment"], "learner_id": s.person_id, **s.values("Enrollment"),
                       "course_id": keys["other" if s.name in OUTSIDE else "taught"]} for s in everybody]),
        (assessment_result, [{"id": s.rows["AssessmentResult"], "enrollment_id": s.rows["Enrollment"],
                              "assessment_id": keys["assessment"], **s.values("AssessmentResult")} for s in everybody]),
        (seat, [{"id": s.rows["Seat"], "person_id": s.person_id, "pool_id": keys["pool"], **s.values("Seat"),
                 "status": "REVOKED" if s.name.endswith(SEATLESS) else "ACTIVE"} for s in everybody]),
        (guardianship, [{"id": uuid7(), "guardian_id": subjects[guardian].person_id, "confirmed_at": ago(days=1),
                         "ward_id": subjects[ward].person_id} for guardian, ward in wards]),
        (access_event, [_event(s) for s in everybody]),
    ]  # fmt: skip


def _session(key: UUID, viewer: Meeting) -> dict[str, Any]:
    person_id = None if viewer.case_id else viewer.person_id
    return {
        "id": key,
        "person_id": person_id,
        "case_id": viewer.case_id,
        "started_at": ago(days=2),
        "expires_at": ago(days=-1),
    }


def _event(subject: Subject) -> dict[str, Any]:
    released = {"fields": ["Learner.id"], "categories": ["IDENTIFIER"], "subjects": [str(subject.person_id)]}
    return {
        "id": subject.rows["AccessEvent"], "at": ago(hours=1) - timedelta(seconds=subject.number), "retention_years": 2,
        "actor_id": subject.person_id, "roles": ["LEARNER"], "capacities": ["LEARNER"], "session_id": uuid7(),
        "purpose": "SELF_SERVICE", "operation": PLANTED, "document_hash": "0" * 64, "request_id": str(uuid7()),
        "policy_version": "1", "outcome": "RELEASED", "subject_count": 1, "disclosures": [released], "denials": [],
        **subject.values("AccessEvent"),
    }  # fmt: skip


async def _staff(people: People, subjects: Mapping[str, Subject]) -> dict[str, Meeting]:
    found = {}
    for role, purposes in STAFF.items():
        for purpose in purposes:
            staff_id = uuid7()
            case_id = await people.case(staff_id, role, purpose=purpose)
            met: Sequence[str] = SUBJECTS
            if role == "SUPPORT":
                met = [*NAMED, *WARDS]
                for name in NAMED:
                    await people.add(staff_case_subject, case_id=case_id, person_id=subjects[name].person_id)
            held = dict.fromkeys(met, frozenset({role}))
            found[f"{role} for {purpose}"] = Meeting((role,), held, staff_id, case_id, purpose)
    return found
