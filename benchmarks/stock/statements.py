"""The ORM's statements, built once: SQLAlchemy keeps what it compiles, and building costs as much as that saves.

Lists of many parents are read at once, with `LATERAL`: faster than a window function and than a statement each.
"""

from typing import Any

from sqlalchemy import Integer, Select, Uuid, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, aliased

from benchmarks.stock.models import Course, Enrollment, Person, Result, Tenant

_TENANT = bindparam("tenant", type_=Uuid())
_KEY = bindparam("key", type_=Uuid())
_ONE_MORE = bindparam("one_more", type_=Integer())
_KEYS = bindparam("keys", type_=Uuid(), expanding=True)

TENANT = select(Tenant).where(Tenant.key == _TENANT)
COURSE = select(Course).where(Course.tenant_id == _TENANT, Course.key == _KEY)
PEOPLE = select(Person).where(Person.tenant_id == _TENANT).order_by(Person.key).limit(_ONE_MORE)
PEOPLE_BY_KEY = select(Person).where(Person.tenant_id == _TENANT, Person.key.in_(_KEYS))
ENROLLMENTS_OF_COURSE = (
    select(Enrollment)
    .where(Enrollment.tenant_id == _TENANT, Enrollment.course_id == _KEY)
    .order_by(Enrollment.key)
    .limit(_ONE_MORE)
)


def _of_parents(kind: type[Enrollment] | type[Result], parent: InstrumentedAttribute[Any]) -> Select[Any]:
    """Return the statement for the first rows of each parent in `keys`."""
    wanted = func.unnest(bindparam("keys", type_=ARRAY(Uuid))).table_valued("key").render_derived(name="wanted")
    page = (
        select(kind)
        .where(kind.tenant_id == _TENANT, parent == wanted.c.key)
        .order_by(kind.key)
        .limit(_ONE_MORE)
        .lateral("page")
    )
    return select(aliased(kind, page)).select_from(wanted).join(page, true())


ENROLLMENTS_OF_LEARNERS = _of_parents(Enrollment, Enrollment.learner_id)
RESULTS_OF_ENROLLMENTS = _of_parents(Result, Result.enrollment_id)
