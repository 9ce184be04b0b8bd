"""Made-up rows: a group whose lists are long enough for the nested document, and a module where OULAD is not there.

Ids of the group are older than those of all other people, so that a list in the order of ids begins with it, whoever
serves the list and whatever else the tenant holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from domain.courses.model import assessment, course, teaching
from domain.demo.seed import chance, fixed_id
from domain.enrollments.model import assessment_result, enrollment
from domain.oulad.identity import STAFF, STUDENTS, identity
from domain.oulad.writer import Writer, batches
from domain.people.model import GrantedRole, membership, person, role_grant
from tenants.ids import uuid7

GROUP, COURSES_EACH, RESULTS_EACH = 200, 12, 7
"""People of the group, the courses that each of them takes, and the results in each: longer than any page asked for."""

MODULE = {"2014J": 2_292, "2013J": 708}
"""People who take the stand-in module, by presentation; in 2014J as many as in the data set."""

Row = Mapping[str, Any]
MakeId = Callable[[str, int], UUID]


async def write_group(writer: Writer, instructor_id: UUID) -> None:
    """Add the group, and its courses as taught by `instructor_id`."""
    courses = [_course("EVE", f"R{number:02}", _old_id("course", number)) for number in range(COURSES_EACH)]
    await _write_courses(writer, courses, instructor_id)
    people = [_person(f"benchmark-{number}", _old_id("person", number)) for number in range(GROUP)]
    takes = [(learner, each) for learner in people for each in courses]
    await _write_people(writer, people)
    await _write_enrolments(writer, takes, _old_id)


async def write_module(writer: Writer) -> None:
    """Add the module BBB: its instructor, its presentations, and people who take one each."""
    instructor = _person("BBB", uuid7(), STAFF)
    await _write_people(writer, [instructor])
    grant = {"person_id": instructor["id"], "role": GrantedRole.INSTRUCTOR}
    await writer.put(role_grant, [grant], key=("person_id", "role"))
    for presentation, size in MODULE.items():
        run = _course("BBB", presentation, uuid7())
        await _write_courses(writer, [run], instructor["id"])
        people = [_person(f"{presentation.lower()}-{number}", uuid7()) for number in range(size)]
        await _write_people(writer, people)
        await _write_enrolments(writer, [(learner, run) for learner in people], _fresh_id)


async def write_class(writer: Writer, size: int, name: str) -> tuple[UUID, UUID]:
    """Add an instructor with one course that `size` people take; return the course's id and the instructor's."""
    instructor, run = _person(f"instructor {name}", uuid7(), STAFF), _course(name, "2014J", uuid7())
    people = [_person(f"learner {number} {name}", uuid7()) for number in range(size)]
    await _write_people(writer, [instructor, *people])
    grant = {"person_id": instructor["id"], "role": GrantedRole.INSTRUCTOR}
    await writer.put(role_grant, [grant], key=("person_id", "role"))
    await _write_courses(writer, [run], instructor["id"])
    await _write_enrolments(writer, [(learner, run) for learner in people], _fresh_id)
    return run["id"], instructor["id"]


async def _write_courses(writer: Writer, courses: Sequence[Row], instructor_id: UUID) -> None:
    await writer.put(course, courses, key=("id",))
    taught = [{"course_id": each["id"], "person_id": instructor_id} for each in courses]
    await writer.put(teaching, taught, key=("course_id", "person_id"))
    rows = [_assessment(each["id"], number) for each in courses for number in range(RESULTS_EACH)]
    await writer.put(assessment, rows, key=("id",))


async def _write_people(writer: Writer, people: Sequence[Row]) -> None:
    await writer.put(person, people, key=("id",))
    await writer.put(membership, [{"person_id": each["id"]} for each in people], key=("person_id",))


async def _write_enrolments(writer: Writer, takes: Sequence[tuple[Row, Row]], make_id: MakeId) -> None:
    random = chance("benchmark", len(takes))
    rows = [
        _enrolment(make_id("enrolment", number), each["id"], learner["id"], random)
        for number, (learner, each) in enumerate(takes)
    ]
    for batch in batches(rows):
        await writer.put(enrollment, batch, key=("id",))
    for batch in batches(_results(rows, make_id, random)):
        await writer.put(assessment_result, batch, key=("id",))


def _results(enrolments: Sequence[Row], make_id: MakeId, random: Random) -> Iterator[Row]:
    for place, each in enumerate(enrolments):
        for number in range(RESULTS_EACH):
            yield {
                "id": make_id("result", place * RESULTS_EACH + number),
                "enrollment_id": each["id"],
                "assessment_id": _assessment_id(each["course_id"], number),
                "submitted_on": date(2014, 10, 20) + timedelta(days=28 * number + random.randrange(5)),
                "banked": False,
                "score": float(random.randrange(40, 101)),
            }


def _course(code: str, presentation: str, course_id: UUID) -> Row:
    return {
        "id": course_id,
        "external_id": f"benchmark:{code}:{presentation}",
        "code": code,
        "title": f"Module {code}",
        "presentation": presentation,
        "starts_on": date(2014, 10, 1),
        "length_days": 262,
    }


def _assessment(course_id: UUID, number: int) -> Row:
    key = _assessment_id(course_id, number)
    return {"id": key, "course_id": course_id, "kind": "TUTOR_MARKED", "due_day": 19 + 28 * number, "weight": 10.0}


def _assessment_id(course_id: UUID, number: int) -> UUID:
    return fixed_id("benchmark", "assessment", course_id, at=number)


def _person(key: str, person_id: UUID, domain: str = STUDENTS) -> Row:
    who = identity(key, domain)
    return {
        "id": person_id,
        "external_id": f"benchmark:{key}",
        "name": who.name,
        "email": who.email,
        "education": "A Level or Equivalent",
        "minor": False,
        "restricted": False,
    }


def _enrolment(enrolment_id: UUID, course_id: UUID, learner_id: UUID, random: Random) -> Row:
    begun = datetime(2014, 7, 1, tzinfo=UTC) + timedelta(days=random.randrange(90))
    average = round(random.uniform(40, 100), 2)
    return {
        "id": enrolment_id,
        "course_id": course_id,
        "learner_id": learner_id,
        "status": "COMPLETED",
        "enrolled_at": begun,
        "completed_at": datetime(2015, 6, 20, tzinfo=UTC),
        "progress": 1.0,
        "final_result": "DISTINCTION" if average >= 85 else "PASS",
        "average_score": average,
        "last_activity_at": begun + timedelta(days=250),
    }


def _old_id(kind: str, number: int) -> UUID:
    return fixed_id("benchmark", kind, at=number)


def _fresh_id(_kind: str, _number: int) -> UUID:
    return uuid7()
