"""Canaries: a value for each personal cell that stands nowhere else, in every type that a column can have."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Double, Integer, Table, Text

from authz.audit.event import access_event
from domain.enrollments.model import assessment_result, enrollment
from domain.people.model import person
from domain.seats.model import seat
from tenants.keys.columns import Sealed

TABLES: dict[str, tuple[Table, tuple[str, ...]]] = {
    "Learner": (
        person,
        (
            "name", "pictureUrl", "email", "phone", "title", "education", "location", "language", "learningGoals",
            "gender", "ageBand", "region", "disability", "deprivationBand", "minor", "lastSeenAt", "lastIp",
            "lastDevice",
        ),
    ),
    "Enrollment": (
        enrollment,
        (
            "status", "enrolledAt", "completedAt", "withdrawnAt", "progress", "finalResult", "previousAttempts",
            "studiedCredits", "averageScore", "watchSeconds", "lastActivityAt",
        ),
    ),
    "AssessmentResult": (assessment_result, ("submittedOn", "banked", "score")),
    "Seat": (seat, ("status", "email", "assignedAt", "acceptedAt", "revokedAt", "lastUsedAt")),
    "AccessEvent": (access_event, ("ip",)),
}  # fmt: skip
"""Where the values of each type's fields stand. Those of Instructor and Actor are the Learner's."""

SHARED = {
    "Instructor.name": "Learner.name",
    "Instructor.title": "Learner.title",
    "Instructor.pictureUrl": "Learner.pictureUrl",
    "Actor.name": "Learner.name",
}
"""Fields that are the same cell."""

_WORDS = {"status": "ACTIVE", "finalResult": "PASS"}
_INTEGERS = {"previousAttempts": 900, "studiedCredits": 9000, "watchSeconds": 77_000_000}
_IN_CLEAR: dict[type, Any] = {str: Text(), bool: Boolean(), date: Date()}
_ALL = [f"{kind}.{name}" for kind, (_, names) in TABLES.items() for name in names]
_START = datetime(2001, 1, 1, tzinfo=UTC)
MOST_PEOPLE = 39


def column_of(kind: str, name: str) -> Column[Any]:
    """Return the column in which the field `name` of `kind` stands."""
    column = "client_address" if name == "ip" else re.sub(r"(?=[A-Z])", "_", name).lower()
    return TABLES[kind][0].c[column]


def canary(kind: str, name: str, number: int) -> Any:
    """Return the value of the field `name` of `kind` in the rows of person `number` (1 to `MOST_PEOPLE`)."""
    assert 0 < number <= MOST_PEOPLE
    at = _ALL.index(f"{kind}.{name}")
    by_type: dict[type, Any] = {
        Boolean: True,
        Date: (_START + timedelta(days=at * 40 + number)).date(),
        DateTime: _START + timedelta(days=at * 40 + number),
        # Halves, quarters and so on: what was written is what comes back.
        Double: number / 64 + at / 8192,
        Integer: _INTEGERS.get(name, 0) + number,
    }
    if name in _WORDS:
        return _WORDS[name]
    text = f"c{number:02}-{'seat-' if kind == 'Seat' else ''}{name.lower()}"
    stored = column_of(kind, name).type
    held = _IN_CLEAR[stored.kind] if isinstance(stored, Sealed) else stored
    return next((value for of, value in by_type.items() if isinstance(held, of)), text)


def is_unique(value: Any) -> bool:
    """Tell whether `value` can stand for one cell; a yes, a no and a word from a list cannot."""
    return not isinstance(value, bool) and value not in _WORDS.values()


def in_row(value: Any, row: Any) -> bool:
    """Tell whether `value` is in `row`: the values of a row, or the leaves of an answer."""
    if isinstance(value, str):
        return any(isinstance(cell, str) and value in cell for cell in row)
    written = value.isoformat() if isinstance(value, date) else None
    return any(type(cell) is type(value) and cell == value for cell in row) or (
        written is not None and any(isinstance(cell, str) and written in cell for cell in row)
    )
