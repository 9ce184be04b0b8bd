"""All rows of a demo tenant, table by table, before anything is written."""

from dataclasses import dataclass
from uuid import UUID

from domain.courses.model import assessment, course, teaching
from domain.demo.courses import draw_assessments, draw_courses, draw_teaching
from domain.demo.enrollments import draw_enrollments
from domain.demo.guardians import draw_guardianships
from domain.demo.kinds import ROLES, everybody
from domain.demo.names import Names
from domain.demo.people import draw_people, grant_of, membership_of
from domain.demo.seats import draw_pool_courses, draw_pools, draw_seats
from domain.demo.seed import Calendar, fixed_id
from domain.demo.store import Content
from domain.enrollments.model import assessment_result, enrollment
from domain.people.model import guardianship, membership, person, role_grant
from domain.seats.model import seat, seat_pool, seat_pool_course


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """A tenant that the demo makes."""

    slug: str
    name: str
    same_address_as: str | None = None
    """The demo tenant whose learner's email address somebody here has too."""

    @property
    def id(self) -> UUID:
        return fixed_id("tenant", self.slug)


DEMO_TENANTS = (
    DemoTenant("northwind", "Northwind Academy"),
    DemoTenant("riverside", "Riverside College", same_address_as="northwind"),
)


def draw(tenant: DemoTenant, names: Names, calendar: Calendar) -> Content:
    """Return everything in `tenant`: a function of its name, but for the dates, which follow the calendar's today."""
    slug = tenant.slug
    people = list(draw_people(slug, names, calendar, tenant.same_address_as))
    enrolled = list(draw_enrollments(slug, calendar))
    addresses = {row["id"]: row["email"] for row in people}
    return {
        person: people,
        membership: [membership_of(slug, who, calendar) for who in everybody()],
        role_grant: [grant_of(slug, who, calendar) for who in everybody() if who.kind in ROLES],
        guardianship: list(draw_guardianships(slug, calendar)),
        course: list(draw_courses(slug, calendar)),
        teaching: list(draw_teaching(slug, calendar)),
        assessment: list(draw_assessments(slug)),
        enrollment: [each.enrollment for each in enrolled],
        assessment_result: [result for each in enrolled for result in each.results],
        seat_pool: list(draw_pools(slug, calendar)),
        seat_pool_course: list(draw_pool_courses(slug)),
        seat: list(draw_seats(slug, calendar, addresses)),
    }
