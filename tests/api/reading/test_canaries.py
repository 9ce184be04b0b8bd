"""What may not be read does not leave the database: it is in no row of any statement, in no answer and in no log."""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from api.ids import encode_id
from api.settings import Settings
from tests.api.reading.canaries import SHARED, TABLES, canary, column_of, in_row, is_unique
from tests.api.reading.cells import OBJECTS, PROMISED, Ask, asking, ids, question, readable, selection
from tests.api.reading.meetings import PLANTED, STAFF, VIEWERS, Subject
from tests.api.reading.overheard import Overheard, overhear
from tests.api.reading.planted import Planted, plant
from tests.support.cluster import Urls

ROSTER = """course(id: $course) { enrollments(first: 100, orderBy: LEARNER_NAME_ASC) { edges { cursor node {
    id progress averageScore watchSeconds learner { name email phone lastSeenAt lastIp } } }
    pageInfo { endCursor } } }"""
FILTERED = """course(id: $course) { enrollments(
    first: 100, orderBy: LAST_ACTIVITY_DESC, filter: {
        progress: {min: 0}, averageScore: {max: 100}, lastActivityAt: {from: "2000-01-01T00:00:00Z"}
    }) { edges { cursor node { id } } } }"""
BY_NAME = """learners(first: 100, filter: {name: {startsWith: "c"}}, orderBy: NAME_DESC) {
    edges { cursor node { id } } pageInfo { startCursor endCursor } }"""
BY_ADDRESS = 'learners(filter: {email: "c01-email"}) { nodes { id } }'
IN_ORDER = "learners(first: 100, orderBy: NAME_ASC) { edges { cursor node { id } } }"
SEATED = "learners(first: 100, filter: {minor: false, seatStatus: ACTIVE}) { nodes { id } }"
SEEN = f"""tenant {{ members(first: 100, orderBy: LAST_SEEN_DESC) {{
    edges {{ cursor node {{ {selection("Learner")} }} }} }} }}"""
SEATS = f"""tenant {{ seatPools {{ nodes {{ seats(first: 100, filter: {{status: [ACTIVE]}}) {{
    nodes {{ {selection("Seat")} }} }} }} }} }}"""
TRAIL = f"""accessEvents(first: 100, filter: {{operation: "{PLANTED}", at: {{from: "2000-01-01T00:00:00Z"}}}}) {{
    nodes {{ {selection("AccessEvent")} }} }}"""
LISTS = (
    (ROSTER, ("Learner", "Enrollment")),
    (FILTERED, ("Enrollment",)),
    (BY_NAME, ("Learner",)),
    (BY_ADDRESS, ("Learner",)),
    (IN_ORDER, ("Learner",)),
    (SEATED, ("Learner",)),
    (SEEN, ("Learner",)),
    (SEATS, ("Seat",)),
    (TRAIL, ("AccessEvent",)),
)
"""Lists, each with the types whose cells it touches."""

KEPT = {"id", "minor", "restricted", "status", "person_id", "tenant_id"}
"""Columns on which it rests who meets whom, whatever is asked: in a statement, and not in what it returns."""


@pytest.fixture(scope="module")
def planted(urls: Urls, key_file: Path) -> Planted:
    return plant(urls, key_file)


@pytest.fixture
async def ask(planted: Planted, settings: Callable[..., Settings]) -> AsyncIterator[Ask]:
    async with asking(planted, settings) as asked:
        yield asked


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    return overhear(monkeypatch)


def hidden(planted: Planted, viewer: str, subject: Subject, kinds: Sequence[str]) -> Iterator[Any]:
    """Yield the canaries about `subject` that no cell of these types shows to the viewer, in clear and as stored."""
    meeting = planted.viewers[viewer]
    shown = {SHARED.get(f"{kind}.{name}", f"{kind}.{name}") for kind in kinds
             for name in readable(meeting, subject, kind)}  # fmt: skip
    if "AccessEvent.actor" in shown:
        shown.add(SHARED["Actor.name"])
    for kind, (_, names) in TABLES.items():
        for name in names:
            value = canary(kind, name, subject.number)
            if f"{kind}.{name}" in shown:
                continue
            if is_unique(value):
                yield value
            # Sealed, even a yes is unlike any other.
            if (kind, name, subject.number) in planted.stored:
                yield planted.stored[kind, name, subject.number]


def leaves(value: Any) -> Iterator[Any]:
    """Yield every value in an answer that is no list and no object."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    else:
        yield value


def check(planted: Planted, viewer: str, kinds: Sequence[str], overheard: Overheard, answer: Mapping[str, Any]) -> int:
    """Look for every hidden canary in all that was returned; return how many were looked for."""
    found = [cell for row in overheard.rows for cell in row]
    told = list(leaves(answer))
    assert found
    looked_for = 0
    for subject in planted.subjects.values():
        for value in hidden(planted, viewer, subject, kinds):
            looked_for += 1
            assert not in_row(value, found), f"{viewer} was not to fetch {value} of {subject.name}"
            assert not in_row(value, told), f"{viewer} was not to be told {value} of {subject.name}"
    return looked_for


def check_log(planted: Planted, logged: Sequence[MutableMapping[str, Any]]) -> None:
    """Look for anybody's canary in the log: it may hold none, hidden or not."""
    written = repr(logged)
    assert any(line["event"] == "request" for line in logged)
    for subject in planted.subjects.values():
        for kind, (_, names) in TABLES.items():
            for name in names:
                value = canary(kind, name, subject.number)
                assert not isinstance(value, str) or not is_unique(value) or value not in written


def test_what_is_sealed_is_stored_so_that_nobody_reads_it_there(planted: Planted) -> None:
    assert len(set(planted.stored.values())) == len(planted.stored) == 11 * len(planted.subjects)
    for (kind, name, number), value in planted.stored.items():
        assert str(canary(kind, name, number)).encode() not in value


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_a_hidden_cell_of_an_object_is_in_no_row_of_any_statement(
    planted: Planted, ask: Ask, overheard: Overheard, logged: list[MutableMapping[str, Any]], viewer: str
) -> None:
    kinds = [kind for kind in OBJECTS if kind != "Instructor"]
    looked_for = 0
    for subject in planted.subjects.values():
        overheard.clear()
        answer = (await ask(viewer, question(*kinds), **ids(subject, *kinds))).json()
        looked_for += check(planted, viewer, kinds, overheard, answer)
    # To privacy nothing of these people is hidden.
    assert (looked_for > 100) == (not viewer.startswith("PRIVACY"))
    check_log(planted, logged)


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_a_hidden_cell_is_in_no_row_of_a_list_whatever_it_is_filtered_and_ordered_by(
    planted: Planted, ask: Ask, overheard: Overheard, logged: list[MutableMapping[str, Any]], viewer: str
) -> None:
    looked_for = 0
    for text, kinds in LISTS:
        overheard.clear()
        course = encode_id("Course", planted.course_id)
        query = f"query Ask($course: ID!) {{ course(id: $course) {{ id }} {text.replace('course(', 'of: course(')} }}"
        answer = (await ask(viewer, query, course=course)).json()
        assert {error["extensions"]["code"] for error in answer.get("errors", [])} <= {"FIELD_FORBIDDEN"}
        looked_for += check(planted, viewer, kinds, overheard, answer)
    assert looked_for > 500
    check_log(planted, logged)


def columns(role: str, purpose: str, kind: str) -> dict[str, bool]:
    """Return the columns that stand for fields of `kind`, and whether the role may read them of anybody at all."""
    return {
        column_of(kind, name).name: any(
            (role, f"{kind}.{name}", of, purpose) in PROMISED for of in ("adult", "minor", "restricted")
        )
        for name in TABLES[kind][1]
    }


@pytest.mark.parametrize(
    ("role", "purpose"), [(role, purpose) for role, purposes in STAFF.items() for purpose in purposes]
)
async def test_a_column_that_nobody_in_these_capacities_may_read_is_in_no_statement(
    planted: Planted, ask: Ask, overheard: Overheard, role: str, purpose: str
) -> None:
    kept_back = 0
    for kind in TABLES:
        overheard.clear()
        for subject in planted.subjects.values():
            await ask(f"{role} for {purpose}", question(kind), **ids(subject, kind))
        words = set(re.findall(r"\w+", " ".join(overheard.statements)))
        of_kind = columns(role, purpose, kind)
        readable_ones = {name for name, may in of_kind.items() if may}
        assert readable_ones <= words, kind
        assert words & of_kind.keys() - readable_ones - KEPT == set(), kind
        kept_back += len(of_kind.keys() - readable_ones - KEPT)
    # Privacy reads everything, and nobody else of the staff does.
    assert (kept_back > 5) == (role != "PRIVACY")
