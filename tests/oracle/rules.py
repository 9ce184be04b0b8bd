"""Who may read what, as the promises to people say it: a table that knows nothing of the policy's files."""

from functools import cache
from typing import NamedTuple

from tests.oracle.contract import category_of

_MEMBERS = ("LEARNER", "MINOR", "WARD", "GUARDIAN", "INSTRUCTOR", "ENTERPRISE_ADMIN", "SEAT_MANAGER")
ROLES = (*_MEMBERS, "SUPPORT", "SECURITY", "PRIVACY")
"""Every role, in the contract's order."""

PURPOSES = {
    "LEARNER": ("SELF_SERVICE",),
    "MINOR": ("SELF_SERVICE",),
    "WARD": ("SELF_SERVICE",),
    "GUARDIAN": ("GUARDIANSHIP",),
    "INSTRUCTOR": ("TEACHING",),
    "ENTERPRISE_ADMIN": ("SEAT_MANAGEMENT",),
    "SEAT_MANAGER": ("SEAT_MANAGEMENT",),
    "SUPPORT": ("SUPPORT_CASE", "FRAUD_PREVENTION"),
    "SECURITY": ("SECURITY_REVIEW", "FRAUD_PREVENTION"),
    "PRIVACY": ("PRIVACY_REQUEST", "LEGAL_REQUEST"),
}
"""The purposes that each role may read for."""

ADULT, MINOR, RESTRICTED = ("ADULT",), ("MINOR",), ("RESTRICTED",)
BOTH = ADULT + MINOR
ALL = BOTH + RESTRICTED


class Promise(NamedTuple):
    """That `roles` read `objects` (`Type`, `Type#CATEGORY` or `Type.field`) of people of `classes`."""

    roles: tuple[str, ...]
    classes: tuple[str, ...]
    objects: str
    purposes: tuple[str, ...] = ()
    """For these purposes only; for every one when empty."""


_PEOPLE = "Learner Enrollment AssessmentResult Seat"

PROMISES = (
    # What is published or needs no relation.
    Promise(ROLES, ALL, "Instructor"),
    Promise(ROLES, RESTRICTED, "Learner.id"),
    Promise(("ENTERPRISE_ADMIN", "SEAT_MANAGER", "SUPPORT", "PRIVACY"), BOTH, "Tenant.seatPools SeatPool.id"),
    # Oneself, one's ward, one's guardian; privacy staff.
    Promise(("LEARNER", "MINOR", "GUARDIAN", "PRIVACY"), ALL, _PEOPLE),
    Promise(("WARD",), BOTH, "Learner#IDENTIFIER Learner#IDENTITY"),
    # Teaching: who they are and how they learn; of a minor the name and the learning.
    Promise(("INSTRUCTOR",), BOTH, "Learner.id Learner.name Learner.minor Learner#LEARNING"),
    Promise(("INSTRUCTOR",), ADULT, "Learner.pictureUrl Learner.title Learner.education Enrollment.lastActivityAt"),
    Promise(("INSTRUCTOR",), BOTH, "Enrollment#IDENTIFIER Enrollment#LEARNING AssessmentResult"),
    # The organisation: its members; of who holds a seat, the seat and whether it is used.
    Promise(("ENTERPRISE_ADMIN",), BOTH, "Learner#IDENTIFIER Learner#IDENTITY Learner.minor"),
    Promise(("ENTERPRISE_ADMIN",), ADULT, "Learner.email Learner.title Seat.email"),
    Promise(("SEAT_MANAGER",), BOTH, "Learner#IDENTIFIER Learner#LEARNING Seat#IDENTIFIER Seat#SEAT"),
    Promise(("SEAT_MANAGER",), BOTH, "Enrollment.id Enrollment.learner Enrollment.status Enrollment.finalResult"),
    Promise(("SEAT_MANAGER",), ADULT, "Enrollment.enrolledAt Enrollment.completedAt Enrollment.withdrawnAt"),
    Promise(("SEAT_MANAGER",), ADULT, "Enrollment.progress Seat.lastUsedAt"),
    # Support, for whom a case names.
    Promise(("SUPPORT",), BOTH, "Learner#IDENTIFIER Learner#IDENTITY Learner#LEARNING Learner#GUARDIANSHIP"),
    Promise(("SUPPORT",), ADULT, "Learner#CONTACT Learner#PROFILE Learner.lastDevice Learner.lastSeenAt Seat#CONTACT"),
    Promise(("SUPPORT",), BOTH, "Enrollment#IDENTIFIER Enrollment#LEARNING AssessmentResult"),
    Promise(("SUPPORT",), BOTH, "Seat#IDENTIFIER Seat#SEAT"),
    Promise(("SUPPORT",), BOTH, "Learner#TECHNICAL", ("FRAUD_PREVENTION",)),
    # The trail: oneself, one's ward, and who looks into it; an address is the actor's own affair. Who restricted the
    # processing of their data does not vanish from it before security; who they are does.
    Promise(("LEARNER", "MINOR", "GUARDIAN", "PRIVACY"), ALL, "AccessEvent.id AccessEvent#ACCESS Actor"),
    Promise(("LEARNER", "MINOR", "PRIVACY"), ALL, "AccessEvent.ip"),
    Promise(("SECURITY",), BOTH, "AccessEvent#ACCESS AccessEvent.ip Actor"),
    Promise(("SECURITY",), ALL, "AccessEvent.id"),
    # Security.
    Promise(("SECURITY",), BOTH, "Learner#IDENTIFIER Learner#IDENTITY Learner#TECHNICAL Learner#ACCESS"),
)


GRANTABLE = (
    # Scores and single results of adults; the reads of their own people.
    Promise(("SEAT_MANAGER",), ADULT, "Enrollment.averageScore Enrollment.results AssessmentResult#LEARNING"),
    Promise(("ENTERPRISE_ADMIN",), BOTH, "Learner#ACCESS AccessEvent.id AccessEvent#ACCESS Actor#ACCESS"),
)
"""What nobody is promised, and a tenant's agreement may let its admins allow."""


@cache
def allows(role: str, kind: str, field: str, subject_class: str, purpose: str) -> bool:
    """Return whether somebody who meets a row as `role` reads this cell of a person of that class for `purpose`."""
    return purpose in PURPOSES[role] and any(
        (not promise.purposes or purpose in promise.purposes) and _promises(promise, role, kind, field, subject_class)
        for promise in PROMISES
    )


@cache
def is_grantable(role: str, kind: str, field: str, subject_class: str) -> bool:
    """Return whether an agreement may grant this cell to `role`."""
    return any(_promises(promise, role, kind, field, subject_class) for promise in GRANTABLE)


def _promises(promise: Promise, role: str, kind: str, field: str, subject_class: str) -> bool:
    names = {kind, f"{kind}#{category_of(kind, field)}", f"{kind}.{field}"}
    return role in promise.roles and subject_class in promise.classes and not names.isdisjoint(promise.objects.split())
