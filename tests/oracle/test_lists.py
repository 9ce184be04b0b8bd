"""Answers known by hand: lists, filters, orders, pages, and the errors of what is denied or cannot be used."""

from typing import Any

import pytest

from tests.oracle.arguments import encode
from tests.oracle.capacities import Cursor
from tests.oracle.small import (
    ADA,
    ADA_MATH,
    BEN,
    EVE,
    HAL,
    IVY,
    KID,
    MATH,
    MIA,
    MIA_MATH,
    ORA,
    PRIVACY,
    ask,
    learner,
    viewer,
)

COURSE = f'course(id: "{encode("Course", MATH)}")'


def names(found: Any) -> list[str | None]:
    """Return the names on the page `learners`."""
    return [node["name"] for node in found.data["learners"]["nodes"]]


def test_a_filter_on_a_hidden_cell_holds_nowhere_and_leaves_no_trace() -> None:
    document = '{ learners(filter: { email: " ADA@example.org" }) { nodes { name } } }'
    hidden = ask(IVY, document)
    assert (hidden.data, hidden.errors, hidden.recorded) == ({"learners": {"nodes": []}}, [], False)
    seen = ask(EVE, document)
    assert names(seen) == ["Ada"]
    assert seen.disclosures == {("Learner.name", ADA), ("Learner.email", ADA)}
    assert names(ask(EVE, '{ learners(filter: { email: "mia@example.org" }) { nodes { name } } }')) == []


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("{}", ["Ada", "Mia", None, "Gus", "Ivy", "Ora", "Eve", None, "Hal"]),
        ("{ name: {}, minor: null }", ["Ada", "Mia", None, "Gus", "Ivy", "Ora", "Eve", None, "Hal"]),
        ("{ name: { in: [] } }", []),
        ('{ name: { startsWith: "" } }', ["Ada", "Mia", "Gus", "Ivy", "Ora", "Eve", "Hal"]),
        ('{ name: { in: ["Ada", "Ben", "Eve"], startsWith: "A" } }', ["Ada"]),
        ("{ minor: true }", ["Mia"]),
        (f'{{ course: "{encode("Course", MATH)}" }}', ["Ada", "Mia"]),
        ("{ seatStatus: ACTIVE }", ["Ada"]),
        ("{ seatStatus: REVOKED }", []),
    ],
)
def test_conditions_hold_only_where_the_admin_reads_the_cell(filter_: str, expected: list[str | None]) -> None:
    assert names(ask(EVE, f"{{ learners(filter: {filter_}) {{ nodes {{ name }} }} }}")) == expected


def test_a_filter_by_course_looks_at_enrolments_that_are_seen_only() -> None:
    # Ada takes math too, which somebody who teaches her another course does not see.
    document = f'{{ learners(filter: {{ course: "{encode("Course", MATH)}" }}) {{ nodes {{ name }} }} }}'
    assert names(ask(ORA, document)) == []
    assert names(ask(IVY, document)) == ["Ada", "Mia"]


def test_what_a_filter_used_is_released_for_the_rows_that_came_back() -> None:
    filter_ = f'{{ course: "{encode("Course", MATH)}", seatStatus: INVITED }}'
    document = f"{{ learners(filter: {filter_}) {{ edges {{ cursor }} }} }}"
    assert ask(EVE, document).disclosures == {("Learner.enrollments", MIA), ("Seat.status", MIA)}


def test_a_hidden_value_sorts_last_in_either_direction() -> None:
    # Ben's and Kid's names are hidden: they come last, by their ids.
    upwards = ["Ada", "Eve", "Gus", "Hal", "Ivy", "Mia", "Ora", None, None]
    for order, expected in (("NAME_ASC", upwards), ("NAME_DESC", [*upwards[6::-1], None, None])):
        found = ask(EVE, f"{{ learners(orderBy: {order}) {{ nodes {{ id name }} }} }}")
        assert names(found) == expected
        assert found.data is not None
        hidden = [node["id"] for node in found.data["learners"]["nodes"][7:]]
        assert hidden == [encode("Learner", key) for key in (BEN, KID)]


def test_an_order_by_a_hidden_cell_is_the_order_of_ids() -> None:
    # Of all these an enterprise admin reads only their own last sign-in.
    found = ask(EVE, "{ learners(orderBy: LAST_SEEN_DESC, first: 3) { nodes { name } } }")
    assert names(found) == ["Eve", "Ada", "Mia"]
    assert {entry for entry in found.disclosures if entry[0] == "Learner.lastSeenAt"} == {("Learner.lastSeenAt", EVE)}


def test_enrolments_filter_and_sort_by_what_is_read() -> None:
    given = "filter: { progress: { min: 0.5 } }, orderBy: LEARNER_NAME_ASC"
    document = f"{{ {COURSE} {{ enrollments({given}) {{ nodes {{ id }} }} }} }}"
    found = ask(IVY, document)
    assert found.data == {
        "course": {"enrollments": {"nodes": [{"id": encode("Enrollment", key)} for key in (ADA_MATH, MIA_MATH)]}}
    }
    used = {("Enrollment.progress", ADA), ("Enrollment.progress", MIA), ("Learner.name", ADA), ("Learner.name", MIA)}
    assert found.disclosures == used | {("Enrollment.id", ADA), ("Enrollment.id", MIA)}
    # Of a minor a seat manager does not read the progress.
    assert ask(EVE, document).data == {"course": {"enrollments": {"nodes": [{"id": encode("Enrollment", ADA_MATH)}]}}}


def test_one_error_per_selection_counts_objects_and_reasons() -> None:
    found = ask(IVY, "{ learners { nodes { id pictureUrl } } }")
    assert found.errors == [
        {
            "message": "Learner.pictureUrl may not be read here.",
            "path": ["learners", "nodes", 1, "pictureUrl"],
            "extensions": {
                "code": "FIELD_FORBIDDEN",
                "pattern": "learners.nodes.@.pictureUrl",
                "field": "Learner.pictureUrl",
                "reason": "MINOR_PROTECTED",
                "reasons": {"MINOR_PROTECTED": 1, "NOT_IN_ROLE": 1},
                "rule": None,
                "denied": 2,
                "of": 4,
            },
        }
    ]
    assert found.denials == {
        ("Learner.pictureUrl", "MINOR_PROTECTED", MIA),
        ("Learner.pictureUrl", "RESTRICTED_BY_SUBJECT", BEN),
    }
    assert found.subject_count == 4


def test_an_object_that_appears_twice_counts_once() -> None:
    ids = ", ".join(map(learner, (ADA, MIA, MIA, ADA)))
    (error,) = ask(IVY, f"{{ nodes(ids: [{ids}]) {{ ... on Learner {{ title }} }} }}").errors
    assert error["path"] == ["nodes", 1, "title"]
    assert (error["extensions"]["denied"], error["extensions"]["of"]) == (1, 2)


def test_errors_come_in_the_order_of_the_answer() -> None:
    fields = "e: email guardians { id } enrollments { nodes { lastActivityAt } } phone"
    found = ask(IVY, f"{{ m: learner(id: {learner(MIA)}) {{ {fields} }} }}")
    assert [error["path"] for error in found.errors] == [
        ["m", "e"],
        ["m", "guardians"],
        ["m", "enrollments", "nodes", 0, "lastActivityAt"],
        ["m", "phone"],
    ]


def test_a_malformed_id_is_null_with_an_error_at_its_place() -> None:
    found = ask(PRIVACY, f'{{ learner(id: "x") {{ id }} nodes(ids: ["Learner:1", {learner(ADA)}]) {{ id }} }}')
    assert found.data == {"learner": None, "nodes": [None, {"id": encode("Learner", ADA)}]}
    assert [error["path"] for error in found.errors] == [["learner"], ["nodes", 0]]


@pytest.mark.parametrize(
    "given", ["first: 0", "first: 101", "last: -1", "first: 1, last: 1", 'after: "x"', 'filter: { course: "x" }']
)
def test_a_list_that_may_not_be_null_takes_its_parent_with_it_and_all_that_was_read(given: str) -> None:
    found = ask(IVY, f"{{ m: learner(id: {learner(MIA)}) {{ email }} learners({given}) {{ nodes {{ id }} }} }}")
    assert found.data is None
    assert found.errors == [{"path": ["learners"], "extensions": {"code": "BAD_USER_INPUT"}}]
    assert not found.recorded


def test_an_argument_that_cannot_be_used_leaves_the_rest_of_the_answer() -> None:
    course = f"{COURSE} {{ title enrollments(first: 0) {{ nodes {{ id }} }} }}"
    found = ask(IVY, f"{{ {course} m: learner(id: {learner(MIA)}) {{ name email }} }}")
    assert found.data == {"course": None, "m": {"name": "Mia", "email": None}}
    assert [error["path"] for error in found.errors] == [["course", "enrollments"], ["m", "email"]]


PAGE = """
    query ($after: String, $before: String, $first: Int, $last: Int) {
        learners(orderBy: NAME_ASC, after: $after, before: $before, first: $first, last: $last) {
            nodes { name }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    }
"""


def test_pages_lead_on_by_cursors_of_their_own_list_only() -> None:
    asks = viewer(EVE)
    first = ask(asks, PAGE, first=4)
    assert names(first) == ["Ada", "Eve", "Gus", "Hal"]
    end = _info(first)["endCursor"]
    assert isinstance(end, Cursor)
    assert end.row.key == HAL
    assert (_info(first)["hasPreviousPage"], _info(first)["hasNextPage"]) == (False, True)
    asks.cursors["sealed"] = end
    second = ask(asks, PAGE, after="sealed", first=100)
    assert names(second) == ["Ivy", "Mia", "Ora", None, None]
    assert (_info(second)["hasPreviousPage"], _info(second)["hasNextPage"]) == (True, False)
    assert names(ask(asks, PAGE, before="sealed", last=2)) == ["Eve", "Gus"]
    for other in ('{ learners(after: "sealed") { nodes { id } } }', '{ courses(after: "sealed") { nodes { id } } }'):
        assert ask(asks, other).data is None
    assert ask(viewer(ORA), PAGE, after="sealed").data is None


def _info(found: Any) -> dict[str, Any]:
    info: dict[str, Any] = found.data["learners"]["pageInfo"]
    return info


def test_what_is_skipped_is_neither_answered_nor_recorded() -> None:
    document = """
        query ($yes: Boolean!) {
            viewer { learner { ...F ... @skip(if: $yes) { email } name @include(if: $yes) } }
        }
        fragment F on Node { id @include(if: false) kind: __typename }
    """
    found = ask(ADA, document, yes=True)
    assert found.data == {"viewer": {"learner": {"kind": "Learner", "name": "Ada"}}}
    assert found.disclosures == {("Learner.name", ADA)}
