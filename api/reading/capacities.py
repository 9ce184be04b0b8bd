"""The relations that capacities rest on: as bits of a row's situation, and as people who are known beforehand."""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import array

from authz.viewer import Role
from domain.enrollments.model import enrollment
from domain.people.model import membership
from domain.seats.model import seat
from domain.seats.relations import is_live
from tenants.session import CURRENT_TENANT

Identity = ColumnElement[UUID]

_VIEWER = bindparam("viewer", type_=Uuid())
_TAUGHT = bindparam("taught", type_=ARRAY(Uuid()))
_KNOWN: Mapping[Role, ColumnElement[Any]] = {
    Role.LEARNER: array([_VIEWER]),
    Role.MINOR: array([_VIEWER]),
    Role.GUARDIAN: bindparam("wards", type_=ARRAY(Uuid())),
    Role.WARD: bindparam("guardians", type_=ARRAY(Uuid())),
    Role.SUPPORT: bindparam("case_people", type_=ARRAY(Uuid())),
}
"""The people whom a viewer meets in a role, where a statement is told them and need not look."""


def known_people(roles: Iterable[Role]) -> ColumnElement[Any]:
    """Return the array of those known beforehand whom a viewer meets in one of `roles`."""
    arrays = [_KNOWN[role] for role in roles if role in _KNOWN]
    return reduce(func.array_cat, arrays) if arrays else literal_column("'{}'::uuid[]", ARRAY(Uuid()))


def is_known(role: Role) -> bool:
    """Tell whether the people whom a viewer meets in `role` are known before a statement runs."""
    return role in _KNOWN


def bit(holds: ColumnElement[bool], value: int, more: ColumnElement[int] | None = None) -> ColumnElement[int]:
    """Return `value` where `holds`, with what `more` comes to there; 0 elsewhere."""
    number: ColumnElement[int] = literal_column(str(value), Integer)
    return case((holds, number if more is None else number + more), else_=literal_column("0", Integer))


def held_bits(values: Mapping[Role, int], subject: Identity, course: Identity | None) -> list[ColumnElement[int]]:
    """Return the parts of a situation: the value of each role in which the viewer meets `subject`, 0 for the others.

    `course`: the one whose teachers meet the row as instructors; None: those of any course that the subject takes.
    """
    relations: dict[Role, Callable[[], ColumnElement[bool]]] = {
        Role.LEARNER: lambda: subject == _VIEWER,
        Role.MINOR: lambda: subject == _VIEWER,
        Role.GUARDIAN: lambda: subject == func.any(_KNOWN[Role.GUARDIAN]),
        Role.WARD: lambda: subject == func.any(_KNOWN[Role.WARD]),
        Role.INSTRUCTOR: lambda: is_taught(subject) if course is None else course == func.any(_TAUGHT),
        Role.ENTERPRISE_ADMIN: lambda: _is_member(subject),
        Role.SEAT_MANAGER: lambda: and_(_is_member(subject), _has_live_seat(subject)),
        Role.SUPPORT: lambda: subject == func.any(_KNOWN[Role.SUPPORT]),
        Role.SECURITY: true,
        Role.PRIVACY: true,
    }
    alone = dict(values)
    more = {}
    if {Role.ENTERPRISE_ADMIN, Role.SEAT_MANAGER} <= values.keys():
        # Both meet members only: the membership is looked up once.
        more[Role.ENTERPRISE_ADMIN] = bit(_has_live_seat(subject), alone.pop(Role.SEAT_MANAGER))
    return [bit(relations[role](), value, more.get(role)) for role, value in alone.items()]


def is_taught(subject: Identity) -> ColumnElement[bool]:
    """Return the predicate that the viewer teaches a course that `subject` takes, whatever came of it."""
    taken = enrollment.alias("taken")
    theirs = [taken.c.tenant_id == CURRENT_TENANT, taken.c.learner_id == subject]
    return exists().where(*theirs, taken.c.course_id == func.any(_TAUGHT)).correlate_except(taken)


def _is_member(subject: Identity) -> ColumnElement[bool]:
    belonging = membership.alias("belonging")
    stays = or_(belonging.c.left_at.is_(None), belonging.c.left_at > func.now())
    theirs = [belonging.c.tenant_id == CURRENT_TENANT, belonging.c.person_id == subject, stays]
    return exists().where(*theirs).correlate_except(belonging)


def _has_live_seat(subject: Identity) -> ColumnElement[bool]:
    held = seat.alias("held")
    mine = [held.c.tenant_id == CURRENT_TENANT, held.c.person_id == subject, is_live(held)]
    return exists().where(*mine).correlate_except(held)
