"""What may be read over HTTP is the matrix, cell by cell and in both directions, with an error for each cell denied."""

from collections.abc import AsyncIterator, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from api.ids import encode_id
from api.settings import Settings
from tests.api.reading.canaries import SHARED, TABLES, canary, is_unique
from tests.api.reading.cells import (
    FIELDS,
    OBJECTS,
    PROMISED,
    WITH_ACCESS,
    Ask,
    asking,
    cells,
    granted,
    ids,
    question,
    readable,
    selection,
)
from tests.api.reading.meetings import PLANTED, VIEWERS, Subject
from tests.api.reading.planted import Planted, plant
from tests.matrix import can_be_met
from tests.support.cluster import Urls

Denied = set[tuple[str, str]]


@pytest.fixture(scope="module")
def planted(urls: Urls, key_file: Path) -> Planted:
    return plant(urls, key_file)


@pytest.fixture
async def ask(planted: Planted, settings: Callable[..., Settings]) -> AsyncIterator[Ask]:
    async with asking(planted, settings) as asked:
        yield asked


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_every_field_of_every_type_is_released_exactly_where_the_matrix_says(
    planted: Planted, ask: Ask, viewer: str
) -> None:
    for subject in planted.subjects.values():
        answer = (await ask(viewer, question(*OBJECTS), **ids(subject, *OBJECTS))).json()
        denied: Denied = set()
        for kind in OBJECTS:
            denied |= check_object(planted, viewer, subject, kind, answer["data"][kind])
        assert denials(answer, of=1) == denied, subject.name


def check_object(planted: Planted, viewer: str, subject: Subject, kind: str, found: dict[str, Any] | None) -> Denied:
    """Compare an object with the matrix; return what must be said to be denied in it: fields and patterns."""
    allowed = readable(planted.viewers[viewer], subject, kind)
    where = f"{viewer} toward {subject.name}: {kind}"
    if not allowed:
        assert found is None, where
        return set()
    assert found is not None, where
    assert {name for name in FIELDS[kind] if found[name] is not None} == allowed, where
    for name in allowed:
        check_value(subject, kind, name, found[name])
    if kind in WITH_ACCESS:
        told = {one["field"]: one["readable"] for one in found["viewerAccess"]}
        assert told == {f"{kind}.{name}": name in allowed for name in FIELDS[kind]}, where
    if "actor" in allowed:
        # Whoever is told the actor is told both of it: there is no role to which the matrix gives less.
        assert found["actor"] == {
            "id": encode_id("Learner", subject.person_id),
            "name": canary("Learner", "name", subject.number),
        }
    return {(f"{kind}.{name}", f"{kind}.{name}") for name in FIELDS[kind] if name not in allowed}


def check_value(subject: Subject, kind: str, name: str, found: Any) -> None:
    """Compare a value with the one that was planted; there is none to compare with for lists and objects."""
    if name == "id":
        assert found == encode_id(kind, subject.key(kind))
        return
    stored, _, column = SHARED.get(f"{kind}.{name}", f"{kind}.{name}").partition(".")
    if stored not in TABLES or column not in TABLES[stored][1]:
        return
    value = canary(stored, column, subject.number)
    if not is_unique(value):
        return
    if isinstance(value, date):
        found = type(value).fromisoformat(found)
    assert found == value, f"{kind}.{name}"


def denials(answer: dict[str, Any], of: int) -> Denied:
    """Return the fields denied in `answer` with their patterns; each must be said once, and for `of` objects."""
    found = []
    for error in answer.get("errors", []):
        facts = error["extensions"]
        assert facts["code"] == "FIELD_FORBIDDEN"
        assert (facts["denied"], facts["of"]) == (1, of)
        assert ".".join(error["path"]) == facts["pattern"]
        assert facts["reasons"] == {facts["reason"]: 1}
        found.append((facts["field"], facts["pattern"]))
    assert len(found) == len(set(found))
    return set(found)


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_the_trail_as_a_list_holds_the_events_and_the_cells_that_the_matrix_says(
    planted: Planted, ask: Ask, viewer: str
) -> None:
    query = f"""query Ask {{ accessEvents(first: 100, filter: {{operation: "{PLANTED}"}}) {{
        nodes {{ {selection("AccessEvent")} }} }} }}"""
    answer = (await ask(viewer, query)).json()
    allowed = {s.name: readable(planted.viewers[viewer], s, "AccessEvent") for s in planted.subjects.values()}
    met = [subject for subject in planted.subjects.values() if allowed[subject.name]]
    nodes = answer["data"]["accessEvents"]["nodes"]
    assert [node["id"] for node in nodes] == [encode_id("AccessEvent", s.key("AccessEvent")) for s in met]
    denied = {name: [s for s in met if name not in allowed[s.name]] for name in FIELDS["AccessEvent"]}
    for subject, node in zip(met, nodes, strict=True):
        check_object(planted, viewer, subject, "AccessEvent", node)
    told = {error["extensions"]["field"]: error["extensions"] for error in answer.get("errors", [])}
    assert len(told) == len(answer.get("errors", []))
    assert {field: (facts["pattern"], facts["denied"], facts["of"]) for field, facts in told.items()} == {
        f"AccessEvent.{name}": (f"accessEvents.nodes.@.{name}", len(of), len(met)) for name, of in denied.items() if of
    }


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_pools_of_seats_are_for_the_roles_that_the_matrix_says(planted: Planted, ask: Ask, viewer: str) -> None:
    query = "query Ask($id: ID!) { tenant { seatPools(first: 5) { nodes { id name } } } pool: node(id: $id) { id } }"
    pool_id = encode_id("SeatPool", planted.pool_id)
    answer = (await ask(viewer, query, id=pool_id)).json()
    meeting = planted.viewers[viewer]
    if granted(meeting, "Tenant.seatPools"):
        assert answer["data"]["tenant"]["seatPools"] == {"nodes": [{"id": pool_id, "name": "Pool"}]}
        assert "errors" not in answer
    else:
        assert answer["data"]["tenant"] == {"seatPools": None}
        assert denials(answer, of=1) == {("Tenant.seatPools", "tenant.seatPools")}
    assert answer["data"]["pool"] == ({"id": pool_id} if granted(meeting, "SeatPool.id") else None)


def test_every_cell_that_can_be_met_is_met_by_somebody_here(planted: Planted) -> None:
    assert set(planted.viewers) == set(VIEWERS)
    kinds = [kind for kind in OBJECTS if kind != "AccessEvent"]
    met = {
        cell
        for meeting in planted.viewers.values()
        for subject in planted.subjects.values()
        for kind in kinds
        for name in FIELDS[kind]
        for cell in cells(meeting, subject, kind, name)
    }
    # Events of others are met in somebody's own log too, which is not asked here.
    promised = {cell for cell in PROMISED if cell[1].partition(".")[0] in kinds and can_be_met(*cell[:3])}
    assert sorted(promised - met) == []


def test_a_canary_stands_for_one_cell_alone(planted: Planted) -> None:
    values = [
        value
        for subject in planted.subjects.values()
        for kind in TABLES
        for value in subject.values(kind).values()
        if is_unique(value)
    ]
    assert len(values) == len(set(values))
    assert {type(value) for value in values} == {str, int, float, date, datetime}
