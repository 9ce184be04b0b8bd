"""A world made by hand, small enough to know every answer: a dozen people, two courses, one pool of seats."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.oracle.answer import expect
from tests.oracle.arguments import encode
from tests.oracle.capacities import OracleViewer, member, staff
from tests.oracle.ledger import Expected
from tests.oracle.world import World

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)

ADA, MIA, BEN, GUS, IVY, ORA, EVE, KID, LEA, HAL = (UUID(int=number) for number in range(1, 11))
"""Learner; minor; restricted; guardian of Mia and Kid; instructors of math and art; enterprise admin; restricted minor;
who has left; whose guardianship of Mia was withdrawn."""

MATH, ART = UUID(int=100), UUID(int=101)
ADA_MATH, MIA_MATH, BEN_MATH, ADA_ART, LEA_MATH = (UUID(int=number) for number in range(200, 205))
ADA_SEAT, MIA_SEAT, BEN_SEAT, GUS_SEAT = (UUID(int=number) for number in range(300, 304))
POOL, TUTOR_MARKED, EXAM = UUID(int=400), UUID(int=500), UUID(int=501)
ADA_RESULT, MIA_RESULT = UUID(int=600), UUID(int=601)
SUPPORT_MIA, SECURITY, PRIVACY, FRAUD_MIA = (UUID(int=number) for number in range(700, 704))
STAFF = UUID(int=900)

_PERSON = (
    "picture_url",
    "phone",
    "title",
    "education",
    "location",
    "language",
    "learning_goals",
    "gender",
    "age_band",
    "region",
    "deprivation_band",
    "last_ip",
    "last_device",
)


def _person(key: UUID, name: str, *, minor: bool = False, restricted: bool = False) -> dict[str, Any]:
    texts = {column: f"{name}'s {column}" for column in _PERSON}
    seen = NOW - key.int * DAY
    flags = {"minor": minor, "restricted": restricted, "disability": False}
    return {"id": key, "name": name, "email": f"{name.lower()}@example.org", "last_seen_at": seen, **texts, **flags}


def _enrollment(key: UUID, course: UUID, learner: UUID, status: str, progress: float | None) -> dict[str, Any]:
    instants = ("enrolled_at", "completed_at", "withdrawn_at", "last_activity_at")
    numbers = dict.fromkeys(("previous_attempts", "studied_credits", "watch_seconds"), 1)
    row = {"id": key, "course_id": course, "learner_id": learner, "status": status, "progress": progress}
    return row | numbers | dict.fromkeys(instants, NOW) | {"final_result": None, "average_score": 50.0}


def _seat(key: UUID, person: UUID, status: str) -> dict[str, Any]:
    row = {"id": key, "pool_id": POOL, "person_id": person, "status": status, "email": f"seat{key.int}@example.org"}
    return row | dict.fromkeys(("assigned_at", "accepted_at", "revoked_at", "last_used_at"), NOW)


def _case(key: UUID, role: str, purpose: str) -> dict[str, Any]:
    return {"id": key, "staff_id": STAFF, "staff_role": role, "purpose": purpose, "ticket": f"CASE-{key.int}"}


def _guardianship(guardian: UUID, ward: UUID, withdrawn: datetime | None = None) -> dict[str, Any]:
    return {"guardian_id": guardian, "ward_id": ward, "confirmed_at": NOW - DAY, "withdrawn_at": withdrawn}


def _course(key: UUID, code: str, starts_on: date | None) -> dict[str, Any]:
    texts = {"code": code, "title": code.title(), "description": None, "presentation": None}
    return {"id": key, **texts, "starts_on": starts_on, "length_days": 90}


TABLES: dict[str, list[dict[str, Any]]] = {
    "tenant": [{"tenant_id": UUID(int=1000), "slug": "small", "name": "Small"}],
    "person": [
        _person(ADA, "Ada"),
        _person(MIA, "Mia", minor=True),
        _person(BEN, "Ben", restricted=True),
        _person(GUS, "Gus"),
        _person(IVY, "Ivy"),
        _person(ORA, "Ora"),
        _person(EVE, "Eve"),
        _person(KID, "Kid", minor=True, restricted=True),
        _person(LEA, "Lea"),
        _person(HAL, "Hal"),
    ],
    "membership": [
        {"person_id": UUID(int=number), "left_at": NOW - DAY if number == LEA.int else None} for number in range(1, 11)
    ],
    "role_grant": [
        {"person_id": IVY, "role": "INSTRUCTOR"},
        {"person_id": ORA, "role": "INSTRUCTOR"},
        {"person_id": EVE, "role": "ENTERPRISE_ADMIN"},
    ],
    "guardianship": [_guardianship(GUS, MIA), _guardianship(GUS, KID), _guardianship(HAL, MIA, NOW)],
    "course": [_course(MATH, "MATH", date(2026, 1, 7)), _course(ART, "ART", None)],
    "teaching": [{"course_id": MATH, "person_id": IVY}, {"course_id": ART, "person_id": ORA}],
    "assessment": [
        {"id": EXAM, "course_id": MATH, "kind": "EXAM", "due_day": None, "weight": 60.0},
        {"id": TUTOR_MARKED, "course_id": MATH, "kind": "TUTOR_MARKED", "due_day": 10, "weight": 40.0},
    ],
    "enrollment": [
        _enrollment(ADA_MATH, MATH, ADA, "ACTIVE", 0.5),
        _enrollment(MIA_MATH, MATH, MIA, "ACTIVE", 0.75),
        _enrollment(BEN_MATH, MATH, BEN, "ACTIVE", 0.9),
        _enrollment(ADA_ART, ART, ADA, "COMPLETED", 1.0),
        _enrollment(LEA_MATH, MATH, LEA, "WITHDRAWN", None),
    ],
    "assessment_result": [
        {"id": key, "enrollment_id": of, "assessment_id": TUTOR_MARKED, "submitted_on": date(2026, 1, 17)}
        | {"banked": False, "score": score}
        for key, of, score in ((ADA_RESULT, ADA_MATH, 71.5), (MIA_RESULT, MIA_MATH, 88.0))
    ],
    "seat_pool": [
        {"id": POOL, "name": "Year", "total": 4, "starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
    ],
    "seat_pool_course": [{"pool_id": POOL, "course_id": MATH}],
    "seat": [
        _seat(ADA_SEAT, ADA, "ACTIVE"),
        _seat(MIA_SEAT, MIA, "INVITED"),
        _seat(BEN_SEAT, BEN, "ACTIVE"),
        _seat(GUS_SEAT, GUS, "REVOKED"),
    ],
    "staff_case": [
        _case(SUPPORT_MIA, "SUPPORT", "SUPPORT_CASE"),
        _case(SECURITY, "SECURITY", "SECURITY_REVIEW"),
        _case(PRIVACY, "PRIVACY", "PRIVACY_REQUEST"),
        _case(FRAUD_MIA, "SUPPORT", "FRAUD_PREVENTION"),
    ],
    "staff_case_subject": [{"case_id": case, "person_id": MIA} for case in (SUPPORT_MIA, FRAUD_MIA)],
}

WORLD = World(TABLES, NOW)


def viewer(key: UUID) -> OracleViewer:
    """Return a member of the small world, or the staff of a case on it, as a viewer."""
    return staff(WORLD, key) if key in WORLD.cases else member(WORLD, key)


def ask(who: UUID | OracleViewer, document: str, **variables: Any) -> Expected:
    """Return what somebody must be answered."""
    asks = viewer(who) if isinstance(who, UUID) else who
    return expect(WORLD, asks, document, variables)


def learner(key: UUID) -> str:
    """Return a person's id as a Learner, quoted."""
    return f'"{encode("Learner", key)}"'


def read(who: UUID, about: UUID, fields: str) -> dict[str, Any] | None:
    """Return what somebody reads of a person as a Learner."""
    data = ask(who, f"{{ learner(id: {learner(about)}) {{ {fields} }} }}").data
    assert data is not None
    found: dict[str, Any] | None = data["learner"]
    return found


def reasons(who: UUID, about: UUID, fields: str) -> dict[str, tuple[str, str]]:
    """Return why fields of a Learner are denied: by field the real reason and the told one."""
    found = ask(who, f"{{ learner(id: {learner(about)}) {{ {fields} }} }}")
    real = {field: reason for field, reason, _ in found.denials}
    told = {error["extensions"]["field"]: error["extensions"]["reason"] for error in found.errors}
    assert real.keys() == told.keys()
    return {field.removeprefix("Learner."): (real[field], told[field]) for field in real}
