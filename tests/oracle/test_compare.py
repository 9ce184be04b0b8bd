"""A difference of every kind between an answer or a record and what is expected is found, and nothing else is."""

import copy
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.oracle.capacities import Cursor
from tests.oracle.compare import answer_differences, event_differences, report
from tests.oracle.ledger import Expected
from tests.oracle.lines import OneOf
from tests.oracle.small import ADA, BEN, EVE, IVY, MIA, ask, viewer
from tests.oracle.trail import category

DOCUMENT = """
    { learners {
        nodes { id name pictureUrl disability viewerAccess { field rule } }
        edges { cursor }
        pageInfo { hasNextPage startCursor endCursor }
    } }
"""


def answered(expected: Expected) -> dict[str, Any]:
    """Return the answer as a server would write it: cursors are texts, and each error has a message."""
    errors = [{"message": "No.", "locations": [], **error} for error in expected.errors]
    text = json.dumps({"data": expected.data, "errors": errors}, default=_text)
    answer: dict[str, Any] = json.loads(text)
    return answer


def _text(value: object) -> str:
    if isinstance(value, OneOf):
        return min(name for name in value.names if name)
    assert isinstance(value, Cursor)
    return f"cursor of {value.row.key}"


def recorded(expected: Expected) -> dict[str, Any]:
    """Return the event as a server would write it, its parts as the driver gives them: text."""
    disclosures = [
        {"fields": [field], "categories": [category(field)], "subjects": [str(subject)]}
        for field, subject in expected.disclosures
    ]
    told = {(field, who): why for field, why, who in expected.told}
    denials = [
        {"field": field, "category": category(field), "reason": why, "told": told[field, who], "subjects": [str(who)]}
        for field, why, who in expected.denials
    ]
    return {
        "disclosures": json.dumps(disclosures),
        "denials": json.dumps(denials),
        "subject_count": expected.subject_count,
        "outcome": "DENIED" if expected.denials else "RELEASED",
    }


def test_an_equal_answer_and_record_have_no_difference_and_cursors_are_kept() -> None:
    asks, expected = viewer(IVY), ask(IVY, DOCUMENT)
    assert answer_differences(expected, answered(expected), asks) == []
    assert event_differences(expected, recorded(expected)) == []
    assert asks.cursors[f"cursor of {ADA}"].row.key == ADA
    assert len(asks.cursors) == 4


def _swap(answer: dict[str, Any]) -> None:
    nodes = answer["data"]["learners"]["nodes"]
    nodes[0], nodes[1] = nodes[1], nodes[0]


def _set(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(answer: dict[str, Any]) -> None:
        target: Any = answer
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = to

    return change


EXTENSIONS = ("errors", 0, "extensions")

FAULTS: list[Callable[[dict[str, Any]], None]] = [
    _set("data", "learners", "nodes", 1, "pictureUrl", to="leaked"),
    _set("data", "learners", "nodes", 0, "name", to=None),
    _set("data", "learners", "nodes", 0, "disability", to=0),
    _set("data", "learners", "nodes", 0, "viewerAccess", 0, "rule", to=None),
    _set("data", "learners", "nodes", 0, "viewerAccess", 0, "rule", to="learner.csv:2"),
    _set("data", "learners", "nodes", 1, "viewerAccess", 2, "rule", to=None),
    _set("data", "learners", "nodes", 0, "email", to=None),
    _set("data", "learners", "pageInfo", "hasNextPage", to=True),
    _set("data", "learners", "pageInfo", "startCursor", to="another"),
    _set("data", "learners", "edges", 1, "cursor", to=f"cursor of {ADA}"),
    _set("data", "learners", "edges", 1, "cursor", to=None),
    _set(*EXTENSIONS, "reason", to="NOT_IN_ROLE"),
    _set(*EXTENSIONS, "reasons", to={"MINOR_PROTECTED": 2}),
    _set(*EXTENSIONS, "of", to=5),
    _set(*EXTENSIONS, "rule", to="learner.csv:58"),
    _set(*EXTENSIONS, "more", to=1),
    _set("errors", 0, "path", to=["learners", "nodes", 2, "pictureUrl"]),
    _set("errors", 0, "message", to="Ben is restricted."),
    _set("errors", to=[]),
    _set("extensions", to={}),
    _set("data", to=None),
    _swap,
    lambda answer: answer["data"]["learners"]["nodes"].pop(),
    lambda answer: answer["data"]["learners"].pop("edges"),
    lambda answer: answer["errors"].append(answer["errors"][0]),
]


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_every_fault_in_an_answer_is_found(number: int) -> None:
    expected = ask(IVY, DOCUMENT)
    answer = copy.deepcopy(answered(expected))
    FAULTS[number](answer)
    assert answer_differences(expected, answer, viewer(IVY)) != []


def test_one_cursor_in_two_lists_is_found() -> None:
    asks = viewer(IVY)
    for document in ("{ learners { edges { cursor } } }", "{ learners(orderBy: NAME_ASC) { edges { cursor } } }"):
        expected = ask(IVY, document)
        found = answer_differences(expected, answered(expected), asks)
        assert bool(found) == ("NAME" in document)


def denial(real: str, told: str, who: UUID, category: str = "IDENTITY") -> dict[str, Any]:
    """Return a denial of a picture, as it is on record."""
    picture = {"field": "Learner.pictureUrl", "category": category}
    return {**picture, "reason": real, "told": told, "subjects": [str(who)]}


RESTRICTED = denial("RESTRICTED_BY_SUBJECT", "NOT_IN_ROLE", BEN)


@pytest.mark.parametrize(
    "change",
    [
        {"disclosures": []},
        {"denials": []},
        {"denials": [denial("NOT_IN_ROLE", "NOT_IN_ROLE", MIA), RESTRICTED]},
        {"denials": [denial("MINOR_PROTECTED", "NOT_IN_ROLE", MIA), RESTRICTED]},
        {"denials": [denial("MINOR_PROTECTED", "MINOR_PROTECTED", MIA)]},
        {"denials": [denial("MINOR_PROTECTED", "MINOR_PROTECTED", MIA, "CONTACT"), RESTRICTED]},
        {"subject_count": 1},
        {"outcome": "RELEASED"},
    ],
)
def test_every_fault_in_a_record_is_found(change: dict[str, Any]) -> None:
    expected = ask(IVY, DOCUMENT)
    assert event_differences(expected, recorded(expected) | change) != []


def test_a_fact_of_the_request_that_is_wrong_in_its_record_is_found() -> None:
    expected = ask(IVY, DOCUMENT)
    event = recorded(expected) | {"operation": "Roster"}
    assert event_differences(expected, event, {"operation": "Roster"}) == []
    assert event_differences(expected, event, {"operation": None}) != []


def test_an_event_too_many_and_one_too_few_are_found() -> None:
    expected, silent = ask(IVY, DOCUMENT), ask(IVY, "{ tenant { slug } }")
    twice = recorded(expected)
    entries = json.loads(twice["disclosures"])
    assert event_differences(expected, twice | {"disclosures": [*entries, entries[0]]}) != []
    assert event_differences(expected, twice | {"disclosures": [{**entries[0], "categories": []}, *entries[1:]]}) != []
    assert event_differences(expected, None) != []
    assert event_differences(silent, None) == []
    assert event_differences(silent, recorded(expected)) != []


def test_a_report_shows_the_first_differences_and_the_document() -> None:
    text = report("{ tenant { slug } }", {"v": 1}, viewer(EVE), [f"difference {number}" for number in range(20)])
    assert "difference 7" in text
    assert "difference 8" not in text
    assert "and 12 more" in text
    assert 'tenant {\n    slug\n  }\n}\n{"v": 1}' in text
