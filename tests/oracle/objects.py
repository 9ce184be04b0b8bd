"""What each field of the contract stands for: rows looked up in the world, and lists of those the viewer sees."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from tests.oracle.arguments import decode
from tests.oracle.filters import column
from tests.oracle.judge import Judge
from tests.oracle.ledger import BadInputError, Path
from tests.oracle.lists import Listed
from tests.oracle.row import Row
from tests.oracle.rules import ROLES
from tests.oracle.world import LIVE

NOBODY = UUID(int=0)
ROOT = Row("Query", NOBODY, {})


class Objects:
    """The objects behind the fields, for one viewer."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._world = judge.world

    def list_of(self, row: Row, field: str) -> Listed:
        """Return the list behind a field that is paged."""
        name = f"{row.kind}.{field}"
        if name in ("Query.learners", "Tenant.members"):
            return Listed("Learner", self._members, "Tenant.members", self._world.tenant)
        lists: dict[str, tuple[str, Callable[[], Iterable[Row]]]] = {
            "Query.courses": ("Course", self._world.courses.values),
            "Query.accessEvents": ("AccessEvent", lambda: self._seen(self._world.trail.events.values())),
            "Learner.accessLog": ("AccessEvent", lambda: self._seen(self._world.trail.of(row.key))),
            "AccessEvent.subjects": ("Learner", lambda: self._learners(row.facts["people"])),
            "Viewer.teaches": ("Course", lambda: self._courses(self._world.taught_by(row.key))),
            "Viewer.wards": ("Learner", lambda: self._learners(self._world.wards(row.key))),
            "Tenant.seatPools": ("SeatPool", self._world.pools.values),
            "Learner.enrollments": ("Enrollment", lambda: self._seen(self._world.enrollments_of(row.key))),
            "Course.enrollments": ("Enrollment", lambda: self._seen(self._world.enrollments_in(row.key))),
            "Enrollment.results": ("AssessmentResult", lambda: self._seen(self._world.results_of(row.key))),
            "SeatPool.courses": ("Course", lambda: self._world.courses_of_pool(row.key)),
            "SeatPool.seats": ("Seat", lambda: self._seen(self._world.seats_in(row.key))),
        }
        kind, rows = lists[name]
        return Listed(kind, rows, name, row)

    def one(self, row: Row, field: str) -> Any:
        """Return the object, list or computed value behind a field that takes no argument and is no column."""
        world = self._world
        objects: dict[str, Callable[[], Any]] = {
            "Query.viewer": lambda: Row("Viewer", self._judge.viewer.person_id, {}),
            "Query.tenant": lambda: world.tenant,
            "Viewer.tenant": lambda: world.tenant,
            "Viewer.roles": lambda: sorted(self._judge.viewer.roles, key=ROLES.index),
            "Viewer.learner": lambda: None if self._judge.viewer.is_staff else self._learner(row.key),
            "Learner.guardians": lambda: sorted(self._learners(world.guardians(row.key)), key=_by_id),
            "Course.instructors": lambda: sorted(self._instructors(row.key), key=_by_id),
            "Course.assessments": lambda: sorted(world.assessments_in(row.key), key=_by_day),
            "Assessment.course": lambda: world.courses[row.facts["course_id"]],
            "Enrollment.course": lambda: world.courses[row.facts["course_id"]],
            "Enrollment.learner": lambda: self._learner(row.facts["learner_id"]),
            "AssessmentResult.assessment": lambda: world.assessments[row.facts["assessment_id"]],
            "AssessmentResult.enrollment": lambda: self._if_seen(world.enrollments[row.facts["enrollment_id"]]),
            "SeatPool.assigned": lambda: self._assigned(row),
            "SeatPool.available": lambda: max(0, row.facts["total"] - self._assigned(row)),
            "Seat.pool": lambda: world.pools[row.facts["pool_id"]],
            "Seat.learner": lambda: self._learner(row.facts["person_id"]),
        }
        return objects[f"{row.kind}.{field}"]()

    def knows(self, row: Row, field: str) -> bool:
        """Return whether the field is a column of the row."""
        return column(field) in row.facts

    def find(self, text: str, path: Path, kind: str | None = None) -> Row | None:
        """Return the object of a global id if it exists for the viewer. Raises `BadInputError` for a malformed id."""
        found = decode(text)
        if found is None:
            raise BadInputError(path)
        named, key = found
        if kind not in (None, named):
            return None
        tables: dict[str, Mapping[UUID, Row]] = {
            "Tenant": {self._world.tenant.key: self._world.tenant},
            "Course": self._world.courses,
            "Assessment": self._world.assessments,
            "Enrollment": self._world.enrollments,
            "AssessmentResult": self._world.results,
            "SeatPool": self._world.pools,
            "Seat": self._world.seats,
            "AccessEvent": self._world.trail.events,
        }
        people = {"Learner": self._world.learner, "Instructor": self._world.instructor}
        row = people[named](key) if named in people else tables.get(named, {}).get(key)
        return self._if_seen(row)

    def _members(self) -> list[Row]:
        return self._learners(key for key in self._world.people if self._world.is_member(key))

    def _learner(self, key: UUID) -> Row | None:
        return self._if_seen(self._world.learner(key))

    def _learners(self, keys: Iterable[UUID]) -> list[Row]:
        return [row for key in keys if (row := self._learner(key)) is not None]

    def _instructors(self, course_id: UUID) -> list[Row]:
        rows = (self._world.instructor(key) for key in self._world.teachers_of(course_id))
        return self._seen(row for row in rows if row is not None)

    def _courses(self, keys: Iterable[UUID]) -> list[Row]:
        return [self._world.courses[key] for key in keys]

    def _seen(self, rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if self._judge.visible(row)]

    def _if_seen(self, row: Row | None) -> Row | None:
        return row if row is not None and self._judge.visible(row) else None

    def _assigned(self, pool: Row) -> int:
        return sum(seat.facts["status"] in LIVE for seat in self._world.seats_in(pool.key))


def _by_id(row: Row) -> bytes:
    return row.key.bytes


def _by_day(row: Row) -> tuple[bool, int, bytes]:
    day = row.facts["due_day"]
    return (day is None, day or 0, row.key.bytes)
