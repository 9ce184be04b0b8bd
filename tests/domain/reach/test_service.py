"""How many people can be met in a role: those of today, each once, by what kind of person they are."""

from uuid import UUID

import pytest

from domain.cases.model import staff_case_subject
from domain.courses.model import course, teaching
from domain.enrollments.model import enrollment
from domain.people.model import membership, person
from domain.reach.service import people_met
from domain.seats.model import seat, seat_pool
from tenants.database import Database
from tenants.directory import ensure_tenant
from tenants.ids import TenantId
from tenants.session import SystemTask, Task
from tests.api.people import People, ago


@pytest.fixture
def people(database: Database, tenant: TenantId) -> People:
    return People(database, tenant, None)  # type: ignore[arg-type] # nobody signs in here


async def met(database: Database, tenant: TenantId, role: str) -> dict[str, int]:
    async with database.reading(SystemTask(Task.DEMO, tenant)) as session:
        return dict(await people_met(session, role))


async def enrolled(people: People, *learners: UUID, taught_by: UUID | None) -> None:
    made = await people.add(course, code="C", title="C")
    if taught_by is not None:
        await people.add(teaching, course_id=made, person_id=taught_by)
    for learner in learners:
        await people.add(enrollment, course_id=made, learner_id=learner, status="ACTIVE", enrolled_at=ago(days=3))


async def test_an_admin_meets_the_members_of_today(database: Database, people: People) -> None:
    for minor in (False, False, True):
        await people.member(minor=minor)
    gone = await people.member()
    await people.add(person, minor=False)
    await people.change(membership, gone, column="person_id", left_at=ago(days=1))
    assert await met(database, people.tenant_id, "ENTERPRISE_ADMIN") == {"adult": 2, "minor": 1}


async def test_a_restricted_person_counts_as_that_alone(database: Database, people: People) -> None:
    for minor in (False, True):
        await people.change(person, await people.member(minor=minor), restricted=True)
    assert await met(database, people.tenant_id, "ENTERPRISE_ADMIN") == {"restricted": 2}


async def test_instructors_meet_each_learner_of_a_taught_course_once(database: Database, people: People) -> None:
    teacher, one, two, three = [await people.member() for _ in range(4)]
    await enrolled(people, one, two, taught_by=teacher)
    await enrolled(people, one, taught_by=two)
    await enrolled(people, three, taught_by=None)
    assert await met(database, people.tenant_id, "INSTRUCTOR") == {"adult": 2}


async def test_seat_managers_meet_members_with_a_live_seat(database: Database, people: People) -> None:
    pool = await people.add(seat_pool, name="P", total=9, starts_on=ago(days=9).date(), ends_on=ago(days=-9).date())
    for status in ("INVITED", "ACTIVE", "REVOKED", "EXPIRED"):
        await people.add(seat, pool_id=pool, person_id=await people.member(), status=status, assigned_at=ago(days=3))
    await people.member()
    assert await met(database, people.tenant_id, "SEAT_MANAGER") == {"adult": 2}


async def test_support_meets_whom_an_open_case_names_and_the_guardians_of_minors_among_them(
    database: Database, people: People
) -> None:
    minor, adult, guardian, other = [await people.member(minor=minor) for minor in (True, False, False, False)]
    await people.guard(guardian, minor)
    named = {"open": [minor, adult], "closed": [other], "security": [other], "expired": [other]}
    more = {"closed": {"closed_at": ago(hours=1)}, "expired": {"expires_at": ago(hours=1)}}
    for kind, subjects in named.items():
        role = "SECURITY" if kind == "security" else "SUPPORT"
        case = await people.case(other, role, **more.get(kind, {}))
        for subject in subjects:
            await people.add(staff_case_subject, case_id=case, person_id=subject)
    assert await met(database, people.tenant_id, "SUPPORT") == {"adult": 2, "minor": 1}


async def test_people_of_another_tenant_are_not_counted(database: Database, people: People) -> None:
    await people.member()
    other = await ensure_tenant(database, "elsewhere", "Elsewhere")
    for role in ("INSTRUCTOR", "ENTERPRISE_ADMIN", "SEAT_MANAGER", "SUPPORT"):
        assert await met(database, other, role) == {}


async def test_a_role_that_nobody_holds_toward_others_is_refused(database: Database, tenant: TenantId) -> None:
    with pytest.raises(KeyError):
        await met(database, tenant, "LEARNER")
