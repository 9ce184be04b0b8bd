"""Policies that are stricter than the packaged one: what they hide does not leave the database either."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from api.ids import encode_id
from api.settings import Settings
from authz.mask import Decision, Mask
from authz.viewer import Purpose, Role, SubjectClass
from tests.api.reading.canaries import canary
from tests.api.reading.cells import Ask, asking
from tests.api.reading.meetings import PLANTED
from tests.api.reading.overheard import Overheard, overhear
from tests.api.reading.planted import Planted, plant
from tests.support.cluster import Urls

SECURITY = "SECURITY for SECURITY_REVIEW"
PRIVACY = "PRIVACY for PRIVACY_REQUEST"
ORDERED = """query Ask($course: ID!) { course(id: $course) { enrollments(first: 100, orderBy: LEARNER_NAME_ASC) {
    nodes { id } } } }"""
ACTORS = f"""{{ accessEvents(first: 100, filter: {{operation: "{PLANTED}"}}) {{ nodes {{ actor {{ id name }} }} }} }}"""


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


@pytest.fixture
def deny(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, SubjectClass], None]:
    """Give a way to deny a field of some subjects to everybody."""
    decide = Mask.decide

    def denying(denied: str, of: SubjectClass) -> None:
        def stricter(
            mask: Mask, role: Role, field: str, subject: SubjectClass, purpose: Purpose, *, action: str = "read"
        ) -> Decision:
            if (field, subject) == (denied, of):
                return Decision(False, None)
            return decide(mask, role, field, subject, purpose, action=action)

        monkeypatch.setattr(Mask, "decide", stricter)

    return denying


def names_in(overheard: Overheard) -> set[str]:
    """Return the names that were fetched."""
    return {str(cell) for row in overheard.rows for cell in row if str(cell).endswith("-name")}


def names_of(planted: Planted, *classes: str) -> set[str]:
    """Return the names of the subjects of these classes."""
    people = planted.subjects.values()
    return {canary("Learner", "name", one.number) for one in people if one.subject_class in classes}


@pytest.mark.parametrize("field", ["Actor.name", "AccessEvent.actor"])
async def test_an_actors_name_is_fetched_only_where_both_the_name_and_the_way_to_it_are_released(
    planted: Planted, ask: Ask, overheard: Overheard, deny: Callable[[str, SubjectClass], None], field: str
) -> None:
    deny(field, SubjectClass.MINOR)
    nodes = (await ask(SECURITY, ACTORS)).json()["data"]["accessEvents"]["nodes"]
    told = {node["actor"]["name"] for node in nodes if node["actor"]} - {None}
    fetched = names_in(overheard)
    assert told == fetched == names_of(planted, "adult")
    # Of minors the event is told, and that there was somebody where only the name is hidden.
    hidden = [node["actor"] for node in nodes if not node["actor"] or node["actor"]["name"] is None]
    assert any(hidden) == (field == "Actor.name")


async def test_rows_are_not_ordered_by_the_names_of_people_who_do_not_exist_for_the_viewer(
    planted: Planted, ask: Ask, overheard: Overheard, deny: Callable[[str, SubjectClass], None]
) -> None:
    deny("Learner.id", SubjectClass.MINOR)
    answer = (await ask(PRIVACY, ORDERED, course=encode_id("Course", planted.course_id))).json()
    assert answer["data"]["course"]["enrollments"]["nodes"]
    fetched = names_in(overheard)
    assert fetched & names_of(planted, "adult", "restricted")
    assert not fetched & names_of(planted, "minor")


async def test_lists_are_read_of_each_object_that_is_released_whatever_is_hidden_before_it(
    planted: Planted, ask: Ask, deny: Callable[[str, SubjectClass], None]
) -> None:
    deny("Enrollment.learner", SubjectClass.ADULT)
    # In this order the adults come first.
    query = """query Ask($course: ID!) { course(id: $course) { enrollments(first: 100, orderBy: PROGRESS_ASC) { nodes {
        learner { enrollments(first: 1) { nodes { id } } } } } } }"""
    answer = (await ask(PRIVACY, query, course=encode_id("Course", planted.course_id))).json()
    learners = [node["learner"] for node in answer["data"]["course"]["enrollments"]["nodes"]]
    assert learners.index(None) < len(learners) - 1
    assert all(len(one["enrollments"]["nodes"]) == 1 for one in learners if one)
    assert any(learners[learners.index(None) :])


async def test_a_part_of_a_row_exists_with_the_row_and_shows_what_is_released_without_its_id(
    planted: Planted, ask: Ask, deny: Callable[[str, SubjectClass], None]
) -> None:
    deny("Actor.id", SubjectClass.MINOR)
    nodes = (await ask(SECURITY, ACTORS)).json()["data"]["accessEvents"]["nodes"]
    actors = [node["actor"] for node in nodes if node["actor"]]
    assert {one["name"] for one in actors if one["id"]} == names_of(planted, "adult")
    assert {one["name"] for one in actors if not one["id"]} == names_of(planted, "minor")
