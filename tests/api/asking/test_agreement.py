"""What `explain` tells is what happens: cell by cell toward planted people, and against the record of random documents.

The people, and who meets whom in which role, are those of the reader's own tests.
"""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from api.settings import Settings
from domain.demo.tenant import DEMO_TENANTS
from tenants.ids import TenantId
from tests.api.asking.conftest import EXPLAIN, Explain, fields_of
from tests.api.reading.cells import FIELDS, OBJECTS, WITH_ACCESS, Ask, asking, ids, question
from tests.api.reading.conftest import Ask as AskCast
from tests.api.reading.conftest import Demo
from tests.api.reading.meetings import VIEWERS, Meeting, Subject
from tests.api.reading.planted import Planted, plant
from tests.oracle.capacities import OracleViewer, capacities, member, staff
from tests.oracle.documents import generate
from tests.oracle.material import gather
from tests.oracle.row import Row
from tests.oracle.world import World, load, plain
from tests.support.cluster import Urls

TENANT = TenantId(DEMO_TENANTS[0].id)
CLASSES = {"adult": (), "minor": ("MINOR",), "restricted": ("RESTRICTED",)}
OF_PERSONS = ("Learner.", "Seat.", "Instructor.")
"""Types whose rows are met in the same roles as the person whom they describe; an enrolment is not, by instructors."""
TRAIL = ("AccessEvent.", "Actor.")
"""Types whose rows are met, in somebody's log, in the roles in which that person is."""
TELLING = {"MINOR_PROTECTED", "RESTRICTED_BY_SUBJECT"}
"""Reasons that say what somebody is."""

Table = Mapping[tuple[str, str, tuple[str, ...]], list[dict[str, Any]]]
"""The entries of an explanation by field, role and kind of person."""


def table_of(explained: dict[str, Any]) -> Table:
    found = defaultdict(list)
    for entry in explained["fields"]:
        found[entry["field"], entry["role"], tuple(entry["subject"])].append(entry)
    return found


@pytest.fixture(scope="module")
def planted(urls: Urls, key_file: Path) -> Planted:
    return plant(urls, key_file)


@pytest.fixture
async def ask_planted(planted: Planted, settings: Callable[..., Settings]) -> AsyncIterator[Ask]:
    async with asking(planted, settings) as asked:
        yield asked


def toward(table: Table, meeting: Meeting, subject: Subject, kind: str, name: str) -> Iterator[dict[str, Any]]:
    """Yield what is told of the field, for each role in which the row about `subject` is met."""
    for role in meeting.toward(subject, kind):
        (entry,) = table[f"{kind}.{name}", role, CLASSES[subject.subject_class]]
        yield entry


def explained_readable(table: Table, meeting: Meeting, subject: Subject, kind: str) -> set[str]:
    """Return the fields that are readable by what is told; none where the row does not exist for the viewer."""
    found = {
        name for name in FIELDS[kind] if any(one["readable"] for one in toward(table, meeting, subject, kind, name))
    }
    if kind == "AssessmentResult" and "results" not in explained_readable(table, meeting, subject, "Enrollment"):
        return set()
    return found if "id" in found else set()


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_what_is_released_and_denied_toward_everybody_is_what_was_told(
    planted: Planted, ask_planted: Ask, viewer: str
) -> None:
    meeting = planted.viewers[viewer]
    document = question(*OBJECTS)
    anybody = ids(planted.subjects["adult"], *OBJECTS)
    told = (await ask_planted(viewer, EXPLAIN, document=document, variables=anybody)).json()
    table = table_of(told["data"]["explain"])
    assert {role for _, role, _ in table} == set(meeting.roles)
    for subject in planted.subjects.values():
        answer = (await ask_planted(viewer, document, **ids(subject, *OBJECTS))).json()
        denied = {error["extensions"]["field"]: error["extensions"] for error in answer.get("errors", ())}
        for kind in OBJECTS:
            found, readable = answer["data"][kind], explained_readable(table, meeting, subject, kind)
            where = f"{viewer} toward {subject.name}: {kind}"
            # Everything planted has a value, so null is what is denied.
            assert {name for name in FIELDS[kind] if found is not None and found[name] is not None} == readable, where
            for name in set(FIELDS[kind]) - readable if found is not None else ():
                entries = list(toward(table, meeting, subject, kind, name))
                told_of = denied[f"{kind}.{name}"]
                if subject.subject_class == "restricted" and told_of["reason"] == "NOT_IN_ROLE":
                    # Of somebody restricted one reason is told for all.
                    continue
                check_reason(entries, told_of, where)


def check_reason(entries: list[dict[str, Any]], denied: dict[str, Any], where: str) -> None:
    """Compare the reason and the line of a denial with what was told: an answer may tell less of a person."""
    if len(entries) != 1:
        return
    (entry,) = entries
    if denied["reason"] != entry["reason"]:
        assert denied["reason"] == "NOT_IN_ROLE" or not TELLING.isdisjoint({entry["reason"]}), where
        assert entry["reason"] in TELLING, where
    assert denied["rule"] in {None, entry["rule"]}, where


@pytest.mark.parametrize("viewer", ["adult", "minor", "instructor", "SUPPORT for SUPPORT_CASE"])
async def test_what_objects_tell_of_themselves_says_nothing_of_roles(
    planted: Planted, ask_planted: Ask, viewer: str
) -> None:
    query = """query Ask($id: ID!) { node(id: $id) { ... on Learner { viewerAccess {
        field readable role subject purpose __typename } } } }"""
    answer = (await ask_planted(viewer, query, id=ids(planted.subjects["minor"], "Learner")["Learner"])).json()
    access = (answer["data"]["node"] or {"viewerAccess": []})["viewerAccess"]
    assert len(access) in {0, len(FIELDS["Learner"])}
    assert "Learner" in WITH_ACCESS
    nothing = {"role": None, "subject": None, "purpose": None, "__typename": "FieldAccess"}
    for one in access:
        assert one == {"field": one["field"], "readable": one["readable"], **nothing}


async def events_of(demo: Demo, text: str, actor: UUID) -> list[Mapping[str, Any]]:
    """Return what was recorded of the document."""
    connection = await asyncpg.connect(demo.urls.superuser)
    try:
        found = await connection.fetch(
            "SELECT * FROM access_event WHERE document_hash = $1 AND actor_id = $2",
            hashlib.sha256(text.encode()).hexdigest(), actor,
        )  # fmt: skip
        return [plain(row) for row in found]
    finally:
        await connection.close()


def readable_toward(world: World, viewer: OracleViewer, table: Table, field: str, person_id: UUID) -> set[bool]:
    """Return what is told of the field for each role in which somebody's row is met."""
    facts = world.people[person_id]
    flags = ("RESTRICTED",) if facts["restricted"] else ("MINOR",) if facts["minor"] else ()
    met = Row("Instructor" if field.startswith("Instructor.") else "Learner", person_id, facts)
    return {one["readable"] for role in capacities(world, viewer, met) for one in table[field, role, flags]}


@pytest.mark.prove
@pytest.mark.parametrize(
    "who", ["learner", "minor", "guardian", "instructor", "enterprise_admin", "support", "security", "privacy"]
)
async def test_the_record_of_random_documents_agrees_with_what_was_told(
    demo: Demo, ask: AskCast, explain: Explain, many: Callable[[int, int], int], who: str
) -> None:
    world = await load(demo.urls.owner, TENANT)
    cast = demo.casts["northwind"][who]
    viewer = staff(world, cast.case_id) if cast.case_id else member(world, cast.person_id)
    material = gather(world)
    released = denied = 0
    for seed in range(many(30, 300)):
        document = generate(8_000_000 + seed, material)
        answer = await ask(who, document.text, **document.variables)
        if {error["extensions"]["code"] for error in answer.get("errors", ())} - {"FIELD_FORBIDDEN"}:
            continue
        told = await explain(who, document.text, document.variables)
        table, asked = table_of(told), set(fields_of(told))
        for event in await events_of(demo, document.text, cast.person_id):
            for field, person_id in concerned(event["disclosures"], "fields"):
                # What a document filters or orders by is recorded, and not asked.
                if field in asked and person_id in world.people and not field.startswith(TRAIL):
                    assert True in readable_toward(world, viewer, table, field, person_id), (document, field)
                    released += 1
            for field, person_id in concerned(event["denials"], "field"):
                assert field in asked
                if field.startswith(OF_PERSONS):
                    assert True not in readable_toward(world, viewer, table, field, person_id), (document, field)
                    denied += 1
    assert released
    assert denied or who in {"learner", "minor", "guardian", "privacy"}


def concerned(sets: list[Any], name: str) -> Iterator[tuple[str, UUID]]:
    """Yield each field of a record's sets with each person concerned."""
    for each in sets:
        for field in each[name] if isinstance(each[name], list) else [each[name]]:
            for person_id in each["subjects"]:
                yield field, UUID(person_id)
