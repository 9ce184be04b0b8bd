"""What a mutation must do: whether it may be called, why not, and which rows are different afterwards."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from tests.oracle.arguments import decode
from tests.oracle.judge import Judge
from tests.oracle.objects import Objects
from tests.oracle.refused_calls import Field, Why, refusal
from tests.oracle.row import Row

NOW = "now"
"""Stands for the moment of the call."""

COLUMNS = {"learningGoals": "learning_goals"}


class Call(NamedTuple):
    """A call: the mutation, its input, and what of a profile is to be kept of it, None for what cannot be taken."""

    name: str
    given: dict[str, Any]
    kept: dict[str, str | None] | None = None


class Problem(NamedTuple):
    """Why a call is refused: the code, and the field of the input."""

    code: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a call: it is refused, or `changed` are the columns of the object's row that get other values."""

    problems: frozenset[Problem] = frozenset()
    subject: UUID | None = None
    kind: str = "Enrollment"
    key: UUID | None = None
    """Of the object that is changed; None: it is new."""
    changed: dict[str, Any] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    """Fields of the subject that a refusal tells."""
    why: Why | None = None
    """Of a call that may not be made."""
    capacities: tuple[str, ...] = ()
    """In which the person concerned is met by whoever changes something."""


class _RefusedError(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(str(outcome.problems))
        self.outcome = outcome


def outcome(judge: Judge, call: Call) -> Outcome:
    """Return what must become of the call."""
    made = {"updateProfile": _update_profile, "enroll": _enroll, "withdraw": _withdraw}
    try:
        return made[call.name](judge, call)
    except _RefusedError as refused:
        return refused.outcome


def _update_profile(judge: Judge, call: Call) -> Outcome:
    person = _own(judge, call.name)
    _check(judge, call.name, person, [("Learner", name) for name in call.given])
    assert call.kept is not None
    unfit = {name for name in call.given if name not in call.kept}
    if unfit:
        raise _RefusedError(Outcome(frozenset(Problem("INVALID", name) for name in unfit)))
    values = {COLUMNS.get(name, name): value for name, value in call.kept.items()}
    return _accepted(judge, person, person.key, _different(person, values), "Learner")


def _enroll(judge: Judge, call: Call) -> Outcome:
    course = _find(judge, "Course", call, "courseId")
    someone = call.given.get("learnerId")
    learner = _own(judge, call.name) if someone is None else _find(judge, "Learner", call, "learnerId")
    _check(judge, call.name, learner, [("Enrollment", "status")])
    if not judge.world.is_member(learner.key):
        raise _refused("INVALID", "learnerId")
    taken = [each for each in judge.world.enrollments_of(learner.key) if each.facts["course_id"] == course.key]
    if not taken:
        new = {"course_id": course.key, "learner_id": learner.key, "status": "ACTIVE", "enrolled_at": NOW}
        return _accepted(judge, learner, None, new | {"progress": 0.0})
    (row,) = taken
    again = {"status": "ACTIVE", "withdrawn_at": None, "final_result": None}
    again["enrolled_at"] = row.facts["enrolled_at"] or NOW
    if row.facts["status"] == "WITHDRAWN":
        return _accepted(judge, learner, row.key, _different(row, again))
    # Who does not see how it stands must not learn it: they are answered as if it were new.
    if judge.visible(row) and judge.readable(row, "status"):
        raise _conflict(learner.key, "courseId")
    return _accepted(judge, learner, row.key, {})


def _withdraw(judge: Judge, call: Call) -> Outcome:
    row = _find(judge, "Enrollment", call, "enrollmentId")
    _check(judge, call.name, row, [("Enrollment", "status")])
    if row.facts["status"] == "COMPLETED" and judge.readable(row, "status"):
        raise _conflict(row.facts["learner_id"], "enrollmentId")
    ended = {"status": "WITHDRAWN", "withdrawn_at": NOW, "final_result": "WITHDRAWN"}
    changed = _different(row, ended) if row.facts["status"] == "ACTIVE" else {}
    return _accepted(judge, row, row.key, changed)


def _accepted(judge: Judge, met: Row, key: UUID | None, changed: dict[str, Any], kind: str = "Enrollment") -> Outcome:
    """Return what becomes of a call on the row `met`: an object of type `kind` is changed."""
    capacities = judge.held(met, "id")
    return Outcome(subject=judge.world.subject(met), kind=kind, key=key, changed=changed, capacities=capacities)


def _own(judge: Judge, name: str) -> Row:
    """Return the viewer's own record. The platform's staff has none: nothing may be done about it."""
    person = None if judge.viewer.is_staff else judge.world.learner(judge.viewer.person_id)
    if person is None:
        raise _RefusedError(Outcome(frozenset([Problem("FORBIDDEN")]), why=refusal(judge, name, None, ())))
    return person


def _find(judge: Judge, kind: str, call: Call, name: str) -> Row:
    """Return the object of that type which exists for the viewer."""
    text = call.given[name]
    if decode(text) is None:
        raise _refused("INVALID", name)
    found = Objects(judge).find(text, (), kind)
    if found is None:
        raise _refused("NOT_FOUND", name)
    return found


def _check(judge: Judge, name: str, row: Row, writes: list[Field]) -> None:
    """Go on where the viewer may call the mutation on the row and write all this there."""
    why = refusal(judge, name, row, writes)
    if why is not None:
        raise _RefusedError(Outcome(frozenset([Problem("FORBIDDEN")]), judge.world.subject(row), why=why))


def _refused(code: str, name: str | None = None) -> _RefusedError:
    return _RefusedError(Outcome(frozenset([Problem(code, name)])))


def _conflict(subject: UUID, name: str) -> _RefusedError:
    told = frozenset(["Enrollment.id", "Enrollment.status"])
    return _RefusedError(Outcome(frozenset([Problem("CONFLICT", name)]), subject, told=told))


def _different(row: Row, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if row.facts[name] != value}
