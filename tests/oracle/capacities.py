"""Who asks, and in which of their roles they meet a row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.oracle.row import Row
from tests.oracle.rules import PURPOSES, ROLES
from tests.oracle.world import World


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a row in a list. Its text is the server's secret; this is what it has to mean."""

    place: tuple[object, ...]
    """The list and its order."""
    row: Row
    key: tuple[Any, ...] = field(compare=False, repr=False)
    """What the list is sorted by, at this row."""


@dataclass(frozen=True, slots=True)
class OracleViewer:
    """Who asks. `cursors` are those that answers told this viewer, by their text."""

    person_id: UUID
    roles: tuple[str, ...]
    purpose: str | None = None
    """The case's, for the platform's staff."""
    named: frozenset[UUID] = frozenset()
    """Whom the case names."""
    case_id: UUID | None = None
    cursors: dict[str, Cursor] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_staff(self) -> bool:
        """Whether the viewer is platform staff with a case."""
        return self.purpose is not None

    def purpose_of(self, role: str) -> str:
        """Return why the viewer reads in this role."""
        return self.purpose or PURPOSES[role][0]


def member(world: World, person_id: UUID) -> OracleViewer:
    """Return a member of the tenant as a viewer."""
    roles = {"MINOR" if world.people[person_id]["minor"] else "LEARNER"}
    roles |= world.grants(person_id) & {"INSTRUCTOR", "ENTERPRISE_ADMIN"}
    if "ENTERPRISE_ADMIN" in roles:
        roles.add("SEAT_MANAGER")
    if world.guardians(person_id):
        roles.add("WARD")
    if world.wards(person_id):
        roles.add("GUARDIAN")
    return OracleViewer(person_id, _ordered(roles))


def staff(world: World, case_id: UUID) -> OracleViewer:
    """Return the platform's staff with this case as a viewer."""
    case = world.cases[case_id]
    named = frozenset(world.named_in(case_id))
    return OracleViewer(case["staff_id"], (case["staff_role"],), case["purpose"], named, case_id)


def capacities(world: World, viewer: OracleViewer, row: Row) -> tuple[str, ...]:
    """Return those of the viewer's roles that hold toward the row."""
    subject = world.subject(row)
    if subject is None or row.kind == "Instructor":
        return viewer.roles
    if subject not in world.people:
        # The platform's staff, who are met by those only who look into the trail.
        return tuple(role for role in viewer.roles if role in {"SECURITY", "PRIVACY"})
    return tuple(role for role in viewer.roles if _holds(role, world, viewer, row, subject))


def _holds(role: str, world: World, viewer: OracleViewer, row: Row, subject: UUID) -> bool:
    tests: dict[str, Callable[[], bool]] = {
        "LEARNER": lambda: subject == viewer.person_id,
        "MINOR": lambda: subject == viewer.person_id,
        "WARD": lambda: subject in world.guardians(viewer.person_id),
        "GUARDIAN": lambda: subject in world.wards(viewer.person_id),
        "INSTRUCTOR": lambda: _teaches(world, viewer, row, subject),
        "ENTERPRISE_ADMIN": lambda: world.is_member(subject),
        "SEAT_MANAGER": lambda: world.is_member(subject) and world.holds_live_seat(subject),
        "SUPPORT": lambda: subject in viewer.named or bool(world.wards(subject) & viewer.named),
        "SECURITY": lambda: True,
        "PRIVACY": lambda: True,
    }
    return tests[role]()


def _teaches(world: World, viewer: OracleViewer, row: Row, subject: UUID) -> bool:
    taught = world.taught_by(viewer.person_id)
    if row.kind == "Enrollment":
        return row.facts["course_id"] in taught
    if row.kind == "AssessmentResult":
        return world.enrollments[row.facts["enrollment_id"]].facts["course_id"] in taught
    return any(each.facts["course_id"] in taught for each in world.enrollments_of(subject))


def _ordered(roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(roles, key=ROLES.index))
