"""Who meets whom in which capacity: the subjects and the viewers of the planted tenant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import UUID

from tenants.ids import uuid7
from tests.api.reading.canaries import TABLES, canary, column_of

MEMBERS = ("adult", "minor", "restricted adult", "restricted minor")
SEATLESS = " without a seat"
GUARDIAN, GONE_GUARDIAN = "guardian", "restricted guardian"
OUTSIDE = (GUARDIAN, GONE_GUARDIAN)
"""Those who do not take the course that is taught here."""
SUBJECTS = (*(f"{kind}{seat}" for kind, seat in product(MEMBERS, ("", SEATLESS))), *OUTSIDE)
WARDS = {
    GUARDIAN: [f"{kind}{seat}" for kind in ("minor", "restricted minor") for seat in ("", SEATLESS)],
    GONE_GUARDIAN: ["minor"],
    f"minor{SEATLESS}": ["restricted minor"],
}
"""Who is whose guardian; nothing keeps a minor from being one. The restricted guardian is no member any more, but
holds a live seat still."""

STAFF = {
    "SUPPORT": ("SUPPORT_CASE", "FRAUD_PREVENTION"),
    "SECURITY": ("SECURITY_REVIEW", "FRAUD_PREVENTION"),
    "PRIVACY": ("PRIVACY_REQUEST", "LEGAL_REQUEST"),
}
NAMED = MEMBERS
"""Whom the support cases name."""
VIEWERS = (
    *MEMBERS,
    f"adult{SEATLESS}",
    GUARDIAN,
    "instructor",
    "enterprise admin",
    *(f"{role} for {purpose}" for role, purposes in STAFF.items() for purpose in purposes),
)
PLANTED = "Planted"
"""The operation of the events that were planted; the tests' own questions add others."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person with a row of each type and a canary in each cell."""

    name: str
    number: int
    person_id: UUID = field(default_factory=uuid7)
    rows: Mapping[str, UUID] = field(
        default_factory=lambda: {kind: uuid7() for kind in ("Enrollment", "AssessmentResult", "Seat", "AccessEvent")}
    )

    @property
    def minor(self) -> bool:
        return "minor" in self.name

    @property
    def restricted(self) -> bool:
        return "restricted" in self.name

    @property
    def subject_class(self) -> str:
        return "restricted" if self.restricted else "minor" if self.minor else "adult"

    def key(self, kind: str) -> UUID:
        """Return the key of the row of type `kind` that is about them."""
        return self.rows.get(kind, self.person_id)

    def values(self, kind: str) -> dict[str, Any]:
        """Return the canaries in the row of type `kind`, by column."""
        columns = [column_of(kind, name) for name in TABLES[kind][1]]
        return {
            column.name: canary(kind, name, self.number) for column, name in zip(columns, TABLES[kind][1], strict=True)
        }


@dataclass(frozen=True, slots=True)
class Meeting:
    """A viewer: the roles granted, and the capacities held toward each subject (none where they are absent)."""

    roles: tuple[str, ...]
    held: Mapping[str, frozenset[str]]
    person_id: UUID
    case_id: UUID | None = None
    purpose: str | None = None
    """The case's; None for a member."""

    def toward(self, subject: Subject, kind: str) -> frozenset[str]:
        """Return the capacities in which the row of type `kind` about `subject` is met."""
        return frozenset(self.roles) if kind == "Instructor" else self.held.get(subject.name, frozenset())


def members(subjects: Mapping[str, Subject], instructor: UUID, admin: UUID) -> dict[str, Meeting]:
    """Return how the members who look meet the subjects; the two last are people beside them."""
    found = {}
    for name in (*MEMBERS, f"adult{SEATLESS}"):
        own = "MINOR" if subjects[name].minor else "LEARNER"
        guardians = {guardian: frozenset({"WARD"}) for guardian, wards in WARDS.items() if name in wards}
        roles: tuple[str, ...] = (own, "WARD") if guardians else (own,)
        found[name] = Meeting(roles, {name: frozenset({own}), **guardians}, subjects[name].person_id)
    wards = {name: frozenset({"GUARDIAN"}) for name in WARDS[GUARDIAN]}
    own_too = {GUARDIAN: frozenset({"LEARNER"}), **wards}
    found[GUARDIAN] = Meeting(("LEARNER", "GUARDIAN"), own_too, subjects[GUARDIAN].person_id)
    taught = {name: frozenset({"INSTRUCTOR"}) for name in SUBJECTS if name not in OUTSIDE}
    found["instructor"] = Meeting(("LEARNER", "INSTRUCTOR"), taught, instructor)
    seated = frozenset({"ENTERPRISE_ADMIN", "SEAT_MANAGER"})
    managed = {
        name: seated - {"SEAT_MANAGER"} if name.endswith(SEATLESS) else seated
        for name in SUBJECTS
        if name != GONE_GUARDIAN
    }
    granted = ("LEARNER", "ENTERPRISE_ADMIN", "SEAT_MANAGER")
    found["enterprise admin"] = Meeting(granted, managed, admin)
    return found
