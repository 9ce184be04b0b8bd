"""What the contract says about the demo's data, sentence by sentence, read back from the database."""

from collections import Counter

import pytest

from domain.demo.cases import CASE_DAYS
from tests.domain.demo.conftest import Demo

pytestmark = pytest.mark.parametrize("slug", ["northwind", "riverside"])

ROLES = {"learner", "minor", "guardian", "instructor", "enterprise_admin", "support", "security", "privacy"}
MEMBERS = ("learner", "minor", "guardian", "instructor", "enterprise_admin")
# Every field of the contract's type Learner that is a column.
LEARNER_COLUMNS = (
    "name",
    "picture_url",
    "email",
    "phone",
    "title",
    "education",
    "location",
    "language",
    "learning_goals",
    "gender",
    "age_band",
    "region",
    "disability",
    "deprivation_band",
    "minor",
    "last_seen_at",
    "last_ip",
    "last_device",
)


async def test_there_is_one_person_per_role(demo: Demo, slug: str) -> None:
    cast = demo.casts[slug]
    assert set(cast) == ROLES
    assert all(member.role == role for role, member in cast.items())
    assert len({member.person_id for member in cast.values()}) == len(ROLES)
    assert all((member.case_id is None) == (member.role in MEMBERS) for member in cast.values())


async def test_the_cast_are_what_their_roles_say(demo: Demo, slug: str) -> None:
    rows = await demo.ask(slug, "SELECT id, minor FROM person")
    minor = {row.id: row.minor for row in rows}
    assert [minor[demo.id(role, slug)] for role in MEMBERS] == [False, True, False, False, False]
    rows = await demo.ask(slug, "SELECT person_id, role FROM role_grant")
    granted = {(row.person_id, row.role) for row in rows}
    assert (demo.id("instructor", slug), "INSTRUCTOR") in granted
    assert (demo.id("enterprise_admin", slug), "ENTERPRISE_ADMIN") in granted
    without_grant = {demo.id(role, slug) for role in ("learner", "minor", "guardian")}
    assert not without_grant & {person for person, _ in granted}


async def test_the_staff_are_members_of_the_platform_with_their_role(demo: Demo, slug: str) -> None:
    rows = await demo.ask("platform", "SELECT person_id, role FROM role_grant JOIN membership USING (person_id)")
    staff = {(demo.id(role, slug), role.upper()) for role in ("support", "security", "privacy")}
    assert {(row.person_id, row.role) for row in rows} == staff
    assert (await demo.ask("platform", "SELECT platform FROM tenant"))[0].platform


async def test_learner_and_minor_are_in_a_course_that_the_instructor_teaches(demo: Demo, slug: str) -> None:
    rows = await demo.ask(
        slug,
        "SELECT a.course_id FROM enrollment a JOIN enrollment b USING (course_id) JOIN teaching USING (course_id) "
        "WHERE a.learner_id = :learner AND b.learner_id = :minor AND person_id = :instructor",
        instructor=demo.id("instructor", slug),
        learner=demo.id("learner", slug),
        minor=demo.id("minor", slug),
    )
    assert len(rows) == 1


async def test_the_guardian_is_the_minors(demo: Demo, slug: str) -> None:
    rows = await demo.ask(
        slug,
        "SELECT ward_id FROM guardianship WHERE guardian_id = :guardian AND confirmed_at <= now() "
        "AND withdrawn_at IS NULL",
        guardian=demo.id("guardian", slug),
    )
    assert [row.ward_id for row in rows] == [demo.id("minor", slug)]


async def test_everybody_of_the_cast_holds_a_live_seat(demo: Demo, slug: str) -> None:
    rows = await demo.ask(slug, "SELECT person_id FROM seat WHERE status IN ('INVITED', 'ACTIVE')")
    assert {demo.id(role, slug) for role in MEMBERS} <= {row.person_id for row in rows}


@pytest.mark.parametrize("role", ["learner", "minor"])
async def test_every_field_of_learner_is_filled(demo: Demo, slug: str, role: str) -> None:
    (filled,) = [row for row in await demo.people(slug) if row["id"] == demo.id(role, slug)]
    assert [column for column in LEARNER_COLUMNS if filled[column] in {None, ""}] == []
    assert filled["picture_url"] == f"https://pictures.{slug}.example/{demo.id(role, slug)}.jpg"
    assert filled["last_ip"].startswith(("192.0.2.", "2001:db8::"))


@pytest.mark.parametrize("role", ["learner", "minor"])
async def test_progress_average_and_two_results_with_the_instructor(demo: Demo, slug: str, role: str) -> None:
    rows = await demo.ask(
        slug,
        "SELECT progress, average_score, count(r.score) AS results FROM enrollment e JOIN teaching t "
        "ON t.course_id = e.course_id JOIN assessment_result r ON r.enrollment_id = e.id "
        "WHERE e.learner_id = :learner AND t.person_id = :instructor GROUP BY e.id, progress, average_score",
        learner=demo.id(role, slug),
        instructor=demo.id("instructor", slug),
    )
    assert len(rows) == 1
    assert 0 < rows[0].progress <= 1
    assert rows[0].average_score > 0
    assert rows[0].results >= 2


async def test_staff_come_with_an_open_case_on_the_tenant(demo: Demo, slug: str) -> None:
    purposes = {"support": "SUPPORT_CASE", "security": "SECURITY_REVIEW", "privacy": "PRIVACY_REQUEST"}
    rows = await demo.ask(slug, "SELECT *, expires_at - now() AS left FROM staff_case")
    found = {row.id: row for row in rows}
    assert len(found) == 3
    for role, purpose in purposes.items():
        member = demo.casts[slug][role]
        assert member.case_id is not None
        case = found[member.case_id]
        assert (case.staff_id, case.staff_role, case.purpose) == (member.person_id, role.upper(), purpose)
        assert case.closed_at is None
        assert CASE_DAYS - 1 <= case.left.days <= CASE_DAYS


async def test_the_support_case_is_about_learner_and_minor(demo: Demo, slug: str) -> None:
    rows = await demo.ask(slug, "SELECT case_id, person_id FROM staff_case_subject")
    case_id = demo.casts[slug]["support"].case_id
    about = {(case_id, demo.id("learner", slug)), (case_id, demo.id("minor", slug))}
    assert {(row.case_id, row.person_id) for row in rows} == about


async def test_another_course_has_learners_whom_the_instructor_does_not_teach(demo: Demo, slug: str) -> None:
    instructor = demo.id("instructor", slug)
    rows = await demo.ask(
        slug,
        "SELECT course_id, learner_id FROM enrollment e WHERE NOT EXISTS (SELECT FROM teaching t WHERE t.course_id = "
        "e.course_id AND t.person_id = :me) AND NOT EXISTS (SELECT FROM enrollment o JOIN teaching t USING (course_id) "
        "WHERE o.learner_id = e.learner_id AND t.person_id = :me)",
        me=instructor,
    )
    per_course = Counter(row.course_id for row in rows)
    taught = {row.course_id for row in await demo.ask(slug, "SELECT course_id FROM teaching")}
    assert len(per_course) >= 10
    assert all(count >= 5 for count in per_course.values())
    assert set(per_course) <= taught
