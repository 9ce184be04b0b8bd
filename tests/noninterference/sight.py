"""What somebody may see of a world: every row that exists for them, every cell they read, every list they are shown.

Told by the oracle's decisions alone. Whatever is not in a sight is hidden: it may be rewritten, and nothing that the
viewer gets may differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple
from uuid import UUID

from tests.noninterference.tables import Key
from tests.oracle.arguments import encode
from tests.oracle.capacities import OracleViewer
from tests.oracle.contract import fields_of, is_guarded
from tests.oracle.filters import column
from tests.oracle.judge import Judge
from tests.oracle.material import KINDS
from tests.oracle.objects import ROOT, Objects
from tests.oracle.row import Row
from tests.oracle.world import World

Place = tuple[str, UUID, UUID | None]
"""An object: its type, its key, and whose part of an event it is."""

DENIED = "may not be read"

TABLE_OF = {
    "Tenant": "tenant",
    "Learner": "person",
    "Instructor": "person",
    "Course": "course",
    "Assessment": "assessment",
    "Enrollment": "enrollment",
    "AssessmentResult": "assessment_result",
    "SeatPool": "seat_pool",
    "Seat": "seat",
    "AccessEvent": "access_event",
}


@dataclass(frozen=True)
class Sight:
    """What one viewer sees: by object its fields, denied ones among them."""

    objects: Mapping[Place, Mapping[str, Any]]

    @cached_property
    def rows(self) -> set[tuple[str, Key]]:
        """Return the rows of tables that are seen in some object, whole or in part."""
        return {(TABLE_OF[kind], (key,)) for kind, key, _ in self.objects if kind in TABLE_OF}

    @cached_property
    def cells(self) -> set[tuple[str, Key, str]]:
        """Return the cells of tables that are seen: table, row and column."""
        return set(self._cells())

    def sees(self, kind: str, key: UUID) -> bool:
        """Return whether an object is seen by itself, not only as somebody's part of it."""
        return (kind, key, None) in self.objects

    def reads(self, kind: str, key: UUID, field: str) -> bool:
        """Return whether a field of an object is read."""
        return bool(self.objects.get((kind, key, None), {}).get(field, DENIED) != DENIED)

    def _cells(self) -> Iterator[tuple[str, Key, str]]:
        for (kind, key, _), fields in self.objects.items():
            for field, value in fields.items():
                if value == DENIED:
                    continue
                if kind in TABLE_OF:
                    yield TABLE_OF[kind], (key,), _COLUMNS.get(f"{kind}.{field}", column(field))
                elif kind == "Actor" and field == "name":
                    yield "person", (fields["actor"],), "name"


_COLUMNS = {"AccessEvent.ip": "client_address"}


def sight(world: World, viewer: OracleViewer) -> Sight:
    """Return what `viewer` may see of `world`. Reasons and lines must follow from that, so they are no part of it."""
    return Sight(_Looking(Judge(world, viewer)).look())


class _Looking:
    """Goes from object to object, as documents could."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._objects = Objects(judge)
        self._found: dict[Place, dict[str, Any]] = {}
        self._waiting: list[Row] = []

    def look(self) -> dict[Place, dict[str, Any]]:
        """Return everything that can be come by."""
        self._found[_place(ROOT)] = {"viewer": self._judge.viewer.roles, **dict(self._lists(ROOT))}
        self._waiting.append(Row("Viewer", self._judge.viewer.person_id, {}))
        for kind, key in self._ids():
            self._note(self._objects.find(encode(kind, key), ()))
        while self._waiting:
            row = self._waiting.pop()
            if _place(row) not in self._found:
                self._found[_place(row)] = dict(self._fields(row))
        return self._found

    def _ids(self) -> Iterator[tuple[str, UUID]]:
        world = self._judge.world
        tables: dict[str, Any] = {"Learner": world.people, "Instructor": world.people, "Course": world.courses}
        tables |= {"Assessment": world.assessments, "Enrollment": world.enrollments, "AssessmentResult": world.results}
        tables |= {"Tenant": [world.tenant.key], "SeatPool": world.pools, "Seat": world.seats}
        tables |= {"AccessEvent": world.trail.events}
        for kind in KINDS:
            for key in tables[kind]:
                yield kind, key

    def _fields(self, row: Row) -> Iterator[tuple[str, Any]]:
        yield from self._lists(row)
        for name, is_decided in _fields_of(row.kind).plain:
            may = not is_decided or self._judge.readable(row, name)
            yield name, self._value(row, name) if may else DENIED
        if row.kind == "Actor":
            yield "actor", row.facts["actor_id"]
        if row.kind == "Learner" and "PRIVACY" in self._judge.viewer.roles:
            # Whoever handles these requests may know of whom they are.
            yield "restricted", row.facts["restricted"]
        if row.kind == "AccessEvent" and self._looks_into_the_trail:
            # A filter finds those of whom the tenant knows nothing.
            yield "strangers", frozenset(row.facts["people"] - self._judge.world.people.keys())

    @property
    def _looks_into_the_trail(self) -> bool:
        return not {"SECURITY", "PRIVACY"}.isdisjoint(self._judge.viewer.roles)

    def _lists(self, row: Row) -> Iterator[tuple[str, Any]]:
        for name, is_decided in _fields_of(row.kind).lists:
            may = not is_decided or self._judge.readable(row, name)
            yield name, frozenset(map(self._note, self._objects.list_of(row, name).rows())) if may else DENIED

    def _value(self, row: Row, name: str) -> Any:
        if name == "id" and row.kind != "Actor":
            return row.key
        if name in row.facts:
            return self._plain(row.facts[name])
        if self._objects.knows(row, name):
            return self._plain(row.facts[column(name)])
        return self._plain(self._objects.one(row, name))

    def _plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return tuple(self._plain(each) for each in value)
        if isinstance(value, Row):
            return tuple(value.facts.items()) if value.kind in ("Disclosure", "Denial") else self._note(value)
        return value

    def _note(self, row: Row | None) -> Place | None:
        if row is not None:
            self._waiting.append(row)
        return None if row is None else _place(row)


class _Fields(NamedTuple):
    """A type's fields, each with whether it is decided cell by cell."""

    lists: tuple[tuple[str, bool], ...]
    plain: tuple[tuple[str, bool], ...]


@cache
def _fields_of(kind: str) -> _Fields:
    fields = {name: "first" in field.args for name, field in fields_of(kind).items() if name != "viewerAccess"}
    lists, plain = [
        tuple((name, is_guarded(kind, name)) for name, is_list in fields.items() if is_list is wanted)
        for wanted in (True, False)
    ]
    return _Fields(lists, plain)


def _place(row: Row) -> Place:
    return row.kind, row.key, row.part_of
