"""Finding people of the data set again, once it is loaded."""

from uuid import UUID

from sqlalchemy import select

from domain.courses.model import course
from domain.enrollments.model import enrollment
from domain.people.model import person
from tenants.session import ReadSession, in_tenant

OULAD_SLUG = "open-university"
"""The tenant that the demo loads the data set into."""

_INSTRUCTOR = select(person.c.id).where(in_tenant(person), person.c.external_id == "oulad:instructor:BBB")
_STUDENT = (
    select(person.c.id)
    .join(enrollment, (enrollment.c.tenant_id == person.c.tenant_id) & (enrollment.c.learner_id == person.c.id))
    .join(course, (course.c.tenant_id == enrollment.c.tenant_id) & (course.c.id == enrollment.c.course_id))
    .where(in_tenant(person), course.c.external_id == "oulad:BBB:2014J", enrollment.c.average_score.is_not(None))
    .order_by(person.c.external_id)
    .limit(1)
)


async def student_and_instructor(session: ReadSession) -> tuple[UUID, UUID] | None:
    """Return a student of the presentation BBB 2014J with results, and its instructor; None when it is not loaded."""
    student, instructor = await session.first(_STUDENT), await session.first(_INSTRUCTOR)
    return None if student is None or instructor is None else (student.id, instructor.id)
