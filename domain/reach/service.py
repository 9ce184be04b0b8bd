"""How many people of a tenant somebody can meet in a role now, by what kind of person they are."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from domain.cases.model import staff_case, staff_case_subject
from domain.courses.model import teaching
from domain.enrollments.model import enrollment
from domain.people.model import GrantedRole, person
from domain.people.relations import is_member, live_guardianships
from domain.seats.model import seat
from domain.seats.relations import is_live
from tenants.session import ReadSession, in_tenant

SEAT_MANAGER = "SEAT_MANAGER"


async def people_met(session: ReadSession, role: str) -> Mapping[str, int]:
    """Return the number of people toward whom somebody can hold `role`, by adult, minor and restricted if any.

    The roles are those that a tenant or its staff hold toward others: INSTRUCTOR, ENTERPRISE_ADMIN, SEAT_MANAGER and
    SUPPORT; a restricted person counts as that alone. Raises KeyError for another role.
    """
    kind = case((person.c.restricted, "restricted"), (person.c.minor, "minor"), else_="adult")
    statement = select(kind, func.count()).where(in_tenant(person), _MET[role]()).group_by(kind)
    return {row[0]: row[1] for row in await session.rows(statement)}


def _is_taught() -> ColumnElement[bool]:
    same_course = and_(teaching.c.tenant_id == enrollment.c.tenant_id, teaching.c.course_id == enrollment.c.course_id)
    return (
        exists()
        .select_from(enrollment.join(teaching, same_course))
        .where(in_tenant(enrollment), enrollment.c.learner_id == person.c.id)
    )


def _is_member() -> ColumnElement[bool]:
    return is_member(person.c.id)


def _holds_seat() -> ColumnElement[bool]:
    return and_(_is_member(), exists().where(in_tenant(seat), seat.c.person_id == person.c.id, is_live(seat)))


def _is_in_support_case() -> ColumnElement[bool]:
    same_case = and_(
        staff_case.c.tenant_id == staff_case_subject.c.tenant_id, staff_case.c.id == staff_case_subject.c.case_id
    )
    named = (
        select(staff_case_subject.c.person_id)
        .join(staff_case, same_case)
        .where(
            in_tenant(staff_case_subject),
            staff_case.c.staff_role == GrantedRole.SUPPORT.value,
            staff_case.c.closed_at.is_(None),
            staff_case.c.expires_at > func.now(),
        )
    )
    live = live_guardianships().subquery()
    guardians = select(live.c.guardian_id).where(live.c.ward_id.in_(named))
    return or_(person.c.id.in_(named), person.c.id.in_(guardians))


_MET: Mapping[str, Callable[[], ColumnElement[Any]]] = {
    GrantedRole.INSTRUCTOR.value: _is_taught,
    GrantedRole.ENTERPRISE_ADMIN.value: _is_member,
    SEAT_MANAGER: _holds_seat,
    GrantedRole.SUPPORT.value: _is_in_support_case,
}
