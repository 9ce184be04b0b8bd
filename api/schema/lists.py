"""Which rows a list holds, how it may be filtered and ordered."""

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, or_, true
from sqlalchemy import func as sql

from api.reading.entity import Tables
from api.schema import filters
from api.schema.filters import by
from api.schema.inputs import (
    CourseFilter,
    CourseOrder,
    EnrollmentFilter,
    EnrollmentOrder,
    LearnerFilter,
    LearnerOrder,
    SeatFilter,
)
from domain.courses.model import assessment, course, teaching
from domain.enrollments.model import assessment_result, enrollment
from domain.people.model import guardianship, membership, person
from domain.seats.model import seat, seat_pool_course
from tenants.session import CURRENT_TENANT

Parent = ColumnElement[Any]
Predicate = ColumnElement[bool]


def _linked(tables: Tables, target: Table, parent: Parent, *, link: Table, here: str, there: str) -> Predicate:
    """Return the predicate that the table `link` ties the row of `target` (by `here`) to the parent (by `there`)."""
    tie = link.alias(f"tie_{link.name}")
    same = [tie.c.tenant_id == CURRENT_TENANT, tie.c[here] == tables[target].c.id, tie.c[there] == parent]
    return exists().where(*same).correlate_except(tie)


def everybody(tables: Tables, _parent: Parent) -> Predicate:
    """Hold for the members of the tenant."""
    belonging = membership.alias("member")
    stays = or_(belonging.c.left_at.is_(None), belonging.c.left_at > sql.now())
    mine = [belonging.c.tenant_id == CURRENT_TENANT, belonging.c.person_id == tables[person].c.id, stays]
    return exists().where(*mine).correlate_except(belonging)


def every_row(_tables: Tables, _parent: Parent) -> Predicate:
    """Hold for every row."""
    return true()


def enrollments_of_learner(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the enrolments of a person."""
    return tables[enrollment].c.learner_id == parent


def enrollments_of_course(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the enrolments in a course."""
    return tables[enrollment].c.course_id == parent


def results_of(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the results of an enrolment."""
    return tables[assessment_result].c.enrollment_id == parent


def assessments_of(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the assessments of a course."""
    return tables[assessment].c.course_id == parent


def instructors_of(tables: Tables, parent: Parent) -> Predicate:
    """Hold for those who teach a course."""
    return _linked(tables, person, parent, link=teaching, here="person_id", there="course_id")


def courses_taught_by(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the courses that a person teaches."""
    return _linked(tables, course, parent, link=teaching, here="course_id", there="person_id")


def courses_of_pool(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the courses that a pool's seats open."""
    return _linked(tables, course, parent, link=seat_pool_course, here="course_id", there="pool_id")


def seats_of_pool(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the seats of a pool."""
    return tables[seat].c.pool_id == parent


def guardians_of(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the guardians of a person, while that person is a minor."""
    return _guardianship(tables, "guardian_id", "ward_id", parent)


def wards_of(tables: Tables, parent: Parent) -> Predicate:
    """Hold for the wards of a person, while they are minors."""
    return _guardianship(tables, "ward_id", "guardian_id", parent)


def _guardianship(tables: Tables, here: str, there: str, parent: Parent) -> Predicate:
    tie, ward = guardianship.alias("tie_guardianship"), person.alias("tie_ward")
    live = [
        tie.c.tenant_id == CURRENT_TENANT,
        tie.c.confirmed_at.is_not(None),
        tie.c.withdrawn_at.is_(None),
        tie.c[here] == tables[person].c.id,
        tie.c[there] == parent,
        ward.c.tenant_id == CURRENT_TENANT,
        ward.c.id == tie.c.ward_id,
        ward.c.minor,
    ]
    return exists().where(*live).correlate_except(tie, ward)


def _takes(tables: Tables, inner: Tables) -> Predicate:
    return and_(inner[enrollment].c.learner_id == tables[person].c.id)


def _sits(tables: Tables, inner: Tables) -> Predicate:
    return and_(inner[seat].c.person_id == tables[person].c.id)


LEARNER_FILTERS = (
    LearnerFilter,
    {
        "name": filters.text("name"),
        "email": filters.sealed("email", person.c.email_hash),
        "minor": filters.same("minor"),
        "course": filters.related_course("Enrollment", _takes),
        "seatStatus": filters.related_value("Seat", "status", _sits),
    },
)
LEARNER_ORDERS = (
    LearnerOrder,
    {
        LearnerOrder.NAME_ASC: by("name"),
        LearnerOrder.NAME_DESC: by("name", descending=True),
        LearnerOrder.LAST_SEEN_DESC: by("lastSeenAt", descending=True),
    },
)
COURSE_FILTERS = (
    CourseFilter,
    {name: filters.text(name) for name in ("code", "title", "presentation")},
)
COURSE_ORDERS = (
    CourseOrder,
    {
        CourseOrder.CODE_ASC: by("code"),
        CourseOrder.TITLE_ASC: by("title"),
        CourseOrder.STARTS_ON_DESC: by("startsOn", descending=True),
    },
)
ENROLLMENT_FILTERS = (
    EnrollmentFilter,
    {
        "status": filters.one_of("status"),
        "finalResult": filters.one_of("finalResult"),
        "progress": filters.number("progress"),
        "averageScore": filters.number("averageScore"),
        "lastActivityAt": filters.time("lastActivityAt"),
    },
)
ENROLLMENT_ORDERS = (
    EnrollmentOrder,
    {
        EnrollmentOrder.LEARNER_NAME_ASC: by("name", through="learner"),
        EnrollmentOrder.PROGRESS_DESC: by("progress", descending=True),
        EnrollmentOrder.PROGRESS_ASC: by("progress"),
        EnrollmentOrder.AVERAGE_SCORE_DESC: by("averageScore", descending=True),
        EnrollmentOrder.LAST_ACTIVITY_DESC: by("lastActivityAt", descending=True),
        EnrollmentOrder.ENROLLED_AT_DESC: by("enrolledAt", descending=True),
    },
)
SEAT_FILTERS = (SeatFilter, {"status": filters.one_of("status")})
