"""Conditions on rows: a condition on a field holds only where the viewer reads the field."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from tests.oracle.arguments import decode
from tests.oracle.condition import Condition, MalformedError, instant
from tests.oracle.event_filters import of_event
from tests.oracle.judge import Judge
from tests.oracle.row import Row


def conditions(judge: Judge, kind: str, given: dict[str, Any] | None) -> list[Condition]:
    """Return the conditions of a filter on rows of `kind`, all of which have to hold."""
    makers = {
        "Learner": _of_learner,
        "Course": _of_course,
        "Enrollment": _of_enrollment,
        "Seat": _of_seat,
        "AccessEvent": of_event,
    }
    said = {name: value for name, value in (given or {}).items() if value is not None}
    return list(makers[kind](judge, said)) if said else []


def _of_learner(judge: Judge, said: dict[str, Any]) -> Iterator[Condition]:
    if "name" in said:
        yield from _texts(judge, "Learner", "name", said["name"])
    if "email" in said:
        wanted = said["email"].strip().lower()
        yield _cell(judge, "Learner", "email", lambda value: value == wanted)
    if "minor" in said:
        yield _cell(judge, "Learner", "minor", lambda value: value is said["minor"])
    if "course" in said:
        found = decode(said["course"])
        if found is None:
            raise MalformedError
        course = found[1] if found[0] == "Course" else None
        yield Condition("Learner.enrollments", lambda row: _takes(judge, row, course))
    if "seatStatus" in said:
        yield Condition("Seat.status", lambda row: _holds_seat(judge, row, said["seatStatus"]))


def _of_course(judge: Judge, said: dict[str, Any]) -> Iterator[Condition]:
    for name, given in said.items():
        yield from _texts(judge, "Course", name, given)


def _of_enrollment(judge: Judge, said: dict[str, Any]) -> Iterator[Condition]:
    for name in ("status", "finalResult"):
        if name in said:
            yield _one_of(judge, "Enrollment", name, said[name])
    for name in ("progress", "averageScore"):
        if name in said:
            yield from _range(judge, name, said[name].get("min"), said[name].get("max"))
    if "lastActivityAt" in said:
        given = said["lastActivityAt"]
        yield from _range(judge, "lastActivityAt", instant(given.get("from")), instant(given.get("to")))


def _of_seat(judge: Judge, said: dict[str, Any]) -> Iterator[Condition]:
    yield _one_of(judge, "Seat", "status", said["status"])


def _one_of(judge: Judge, kind: str, name: str, wanted: list[str]) -> Condition:
    return _cell(judge, kind, name, lambda value: value in wanted)


def _texts(judge: Judge, kind: str, name: str, given: dict[str, Any]) -> Iterator[Condition]:
    eq, among, start = given.get("eq"), given.get("in"), given.get("startsWith")
    if eq is not None:
        yield _cell(judge, kind, name, lambda value: value == eq)
    if among is not None:
        yield _cell(judge, kind, name, lambda value: value in among)
    if start is not None:
        yield _cell(judge, kind, name, lambda value: value.startswith(start))


def _range(judge: Judge, name: str, least: Any, most: Any) -> Iterator[Condition]:
    if least is not None:
        yield _cell(judge, "Enrollment", name, lambda value: value >= least)
    if most is not None:
        yield _cell(judge, "Enrollment", name, lambda value: value <= most)


def _cell(judge: Judge, kind: str, name: str, holds: Callable[[Any], bool]) -> Condition:
    def fulfils(row: Row) -> bool:
        value = row.facts[column(name)]
        return value is not None and judge.readable(row, name) and holds(value)

    return Condition(None if kind == "Course" else f"{kind}.{name}", fulfils)


def _takes(judge: Judge, learner: Row, course: UUID | None) -> bool:
    return judge.readable(learner, "enrollments") and any(
        each.facts["course_id"] == course and judge.visible(each) for each in judge.world.enrollments_of(learner.key)
    )


def _holds_seat(judge: Judge, learner: Row, status: str) -> bool:
    return any(
        each.facts["status"] == status and judge.visible(each) and judge.readable(each, "status")
        for each in judge.world.seats_of(learner.key)
    )


def column(name: str) -> str:
    """Return the column of a field's name."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
