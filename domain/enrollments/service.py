"""Taking a course, and giving it up."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.change import Change, differences
from domain.enrollments.model import EnrollmentStatus, FinalResult, enrollment
from domain.people.relations import is_member
from tenants.ids import uuid7
from tenants.session import CURRENT_TENANT, WriteSession, in_tenant
from tenants.statements import Plan, compiled


class Outcome(NamedTuple):
    """What became of an enrolment."""

    id: UUID
    before: EnrollmentStatus | None
    """Where it stood; None: it is new."""
    changes: list[Change]


class NotAMemberError(Exception):
    """Somebody is to take a course who is no member of the tenant."""


async def enroll(session: WriteSession, course_id: UUID, learner_id: UUID) -> Outcome:
    """Let a person take a course. One that they gave up is taken up again; one that they take or took stays.

    Whichever it is, the statements are the same, so that nobody learns from them what they may not see. Raises
    `NotAMemberError`.
    """
    new_id = uuid7()
    found = await session.run(_ADDED_OR_LOCKED, {"new_id": new_id, "course_id": course_id, "learner_id": learner_id})
    if not found:
        raise NotAMemberError
    first = dict(found[0])
    is_new = first["id"] == new_id
    return await _moved(session, _TAKEN_UP, {} if is_new else first, first)


async def withdraw(session: WriteSession, enrollment_id: UUID) -> Outcome:
    """Let a person give a course up. Where they gave it up already, or completed it, everything stays.

    Whichever it is, the statements are the same. Raises `LookupError` when there is no such enrolment.
    """
    found = await session.run(_LOCKED, {"enrollment_id": enrollment_id})
    if not found:
        raise LookupError("There is no such enrolment.")
    before = dict(found[0])
    return await _moved(session, _GIVEN_UP, before, before)


async def _moved(session: WriteSession, step: Plan, before: Mapping[str, Any], now: Mapping[str, Any]) -> Outcome:
    """Run `step`, which changes the enrolment `now` if its time has come; return what differs from `before`."""
    moved = await session.run(step, {"enrollment_id": now["id"]})
    after = dict(moved[0]) if moved else now
    changes = [change for change in differences(before, after) if change.column != "id"]
    status = before.get("status")
    return Outcome(now["id"], None if status is None else EnrollmentStatus(status), changes)


columns = enrollment.c
_SHOWN = (columns.id, columns.status, columns.enrolled_at, columns.withdrawn_at, columns.final_result, columns.progress)
"""What is given back of an enrolment: all that can change here."""
_BY_ID = (in_tenant(enrollment), columns.id == bindparam("enrollment_id", type_=columns.id.type))


def _added_or_locked() -> Plan:
    """Return the statement that adds an enrolment, or locks the one that is there and leaves it as it is."""
    learner: ColumnElement[Any] = bindparam("learner_id", type_=columns.learner_id.type)
    row = {
        "tenant_id": CURRENT_TENANT,
        "id": bindparam("new_id", type_=columns.id.type),
        "course_id": bindparam("course_id", type_=columns.course_id.type),
        "learner_id": learner,
        "status": literal(EnrollmentStatus.ACTIVE.value),
        "enrolled_at": func.now(),
        "progress": literal(0.0),
    }
    added = insert(enrollment).from_select(list(row), select(*row.values()).where(is_member(learner)))
    # An update that changes nothing waits for whoever adds or changes the same one, and gives back how it stands then.
    kept = added.on_conflict_do_update(
        index_elements=["tenant_id", "course_id", "learner_id"], set_={"status": columns.status}
    )
    return compiled(kept.returning(*_SHOWN))


def _step(start: EnrollmentStatus, **values: object) -> Plan:
    """Return the statement that gives an enrolment `values` where it stands at `start`, and leaves others alone."""
    moved = update(enrollment).where(*_BY_ID, columns.status == literal(start.value)).values(values)
    return compiled(moved.returning(*_SHOWN))


_ADDED_OR_LOCKED = _added_or_locked()
_LOCKED = compiled(select(*_SHOWN).where(*_BY_ID).with_for_update(key_share=True))
_TAKEN_UP = _step(
    EnrollmentStatus.WITHDRAWN,
    status=EnrollmentStatus.ACTIVE.value,
    enrolled_at=func.coalesce(columns.enrolled_at, func.now()),
    withdrawn_at=null(),
    final_result=null(),
)
_GIVEN_UP = _step(
    EnrollmentStatus.ACTIVE,
    status=EnrollmentStatus.WITHDRAWN.value,
    withdrawn_at=func.now(),
    final_result=FinalResult.WITHDRAWN.value,
)
