"""From rows to the answer: completed values in the shape that the document asked for.

A list's objects are made together, field by field: a call for every cell would cost more than reading them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from graphql import GraphQLError

from api.reading.entity import Access, Cell, One
from api.reading.fetch import Fetched, Group, key_place
from api.reading.layout import Layout, Record
from api.reading.ledger import Ledger, Place, Shown
from api.reading.opening import UNREADABLE
from api.reading.selection import Asked, Connection, Part, View
from api.reading.standing import Standing

Made = list[dict[str, Any] | None]
_ONE, _LISTED = False, True


class Shaper:
    """Makes one root field's value and tells the ledger what it shows."""

    def __init__(
        self,
        standing: Standing,
        ledger: Ledger,
        seal: Callable[[Connection, str, list[Any]], str],
        refusal: Callable[[Asked], GraphQLError | None],
    ) -> None:
        self._standing = standing
        self._ledger = ledger
        self._seal = seal
        self._refusal = refusal
        self._shown: dict[int, tuple[Layout, list[Shown]]] = {}
        self._lists: dict[int, tuple[Connection, Fetched, list[Group]]] = {}

    def object(self, view: View, record: Record, place: Place, fetched: Fetched) -> dict[str, Any] | None:
        """Return the object of `view` that `record` holds."""
        batch = Shown([record], place, _ONE, ())
        return self._objects(fetched.compiled.layouts[id(view)], batch, fetched)[0]

    def connection(
        self, connection: Connection, group: Group, place: Place, fetched: Fetched, name: str
    ) -> dict[str, Any] | list[Any]:
        """Return a list: a connection's parts, or the objects themselves of a plain one."""
        self._lists.setdefault(id(fetched), (connection, fetched, []))[-1].append(group)
        if connection.many.plain is not None:
            view = connection.parts[0].view
            assert view is not None
            return self._listed(view, group, place, fetched)
        return {
            part.key: self._part(connection, part, group, (place, part.key), fetched, name) for part in connection.parts
        }

    def close(self) -> None:
        """Tell the ledger; after the whole value is made."""
        for layout, shown in self._shown.values():
            self._ledger.close(layout, shown, self._refusal)
        for connection, fetched, groups in self._lists.values():
            self._note_use(connection, fetched, groups)

    def _listed(self, view: View, group: Group, place: Place, fetched: Fetched, *below: str) -> Made:
        batch = Shown(group.records, place, _LISTED, below)
        return self._objects(fetched.compiled.layouts[id(view)], batch, fetched)

    def _objects(self, layout: Layout, batch: Shown, fetched: Fetched) -> Made:
        """Return an object for each record of `batch`, None where it holds none."""
        if layout.optional:
            batch = batch._replace(records=[_present(record, layout.key_at) for record in batch.records])
        self._shown.setdefault(id(layout), (layout, []))[-1].append(batch)
        made = _taken(layout, batch.records)
        if fetched.unreadable:
            self._note_unreadable(batch, made)
        for key, inner in layout.inner:
            values = self._objects(inner, batch._replace(below=(*batch.below, key)), fetched)
            for one, value in zip(made, values, strict=True):
                if one is not None:
                    one[key] = value
        if layout.lists or layout.looked_at:
            self._look(layout, batch, made, fetched)
        return made

    def _note_unreadable(self, batch: Shown, made: Made) -> None:
        """Let the cells that did not open be null, each with an error at its place."""
        for index, one in enumerate(made):
            for key, value in (one or {}).items():
                if value is UNREADABLE:
                    assert one is not None
                    one[key] = None
                    self._ledger.unreadable((batch.place_of(index), key))

    def _look(self, layout: Layout, batch: Shown, made: Made, fetched: Fetched) -> None:
        """Put in what each object needs by itself: its lists, lists of plain values, what may be read of it."""
        for index, (one, record) in enumerate(zip(made, batch.records, strict=True)):
            if one is None or record is None:
                continue
            for asked in layout.looked_at:
                one[asked.key] = self._looked_at(layout, asked, record, one[asked.key])
            if layout.lists:
                place = batch.place_of(index)
                for asked in layout.lists:
                    one[asked.key] = self._list(layout, asked, record, (place, asked.key), fetched)

    def _list(self, layout: Layout, asked: Asked, record: Record, place: Place, fetched: Fetched) -> Any:
        refusal = self._refusal(asked)
        if refusal is not None:
            self._ledger.refuse(refusal, place)
            return None
        assert asked.connection is not None
        inner = fetched.inner[id(asked)]
        # Objects that do not release the list are not among those whose lists were read.
        many, situation = asked.connection.many, record[layout.situation_at]
        group = inner.groups.get(record[key_place(many, layout.key_at)])
        if group is None or situation not in self._standing.allowed(layout.view.entity, asked.name):
            return None
        return self.connection(asked.connection, group, place, inner, f"{layout.view.entity.name}.{asked.name}")

    def _looked_at(self, layout: Layout, asked: Asked, record: Record, value: Any) -> Any:
        source = asked.source
        if isinstance(source, Access):
            return self._access(layout.view, record[layout.situation_at], asked.parts)
        assert isinstance(source, Cell)
        found = value if source.encode is None or value is None else source.encode(value)
        if found is None:
            return None
        if isinstance(found, Mapping):
            return _asked_of(found, asked.parts, source.record)
        return [_asked_of(each, asked.parts, source.record) for each in found]

    def _part(self, connection: Connection, part: Part, group: Group, place: Place, fetched: Fetched, name: str) -> Any:
        if part.name == "nodes":
            assert part.view is not None
            return self._listed(part.view, group, place, fetched)
        if part.name == "__typename":
            return f"{connection.target.name}Connection"
        if part.name == "pageInfo":
            return self._page_info(connection, part.inner, group, fetched, name)
        edges: list[dict[str, Any]] = [{} for _ in group.records]
        for inner in part.inner:
            for edge, value in zip(edges, self._edge(connection, inner, group, place, fetched, name), strict=True):
                edge[inner.key] = value
        return edges

    def _edge(
        self, connection: Connection, inner: Part, group: Group, place: Place, fetched: Fetched, name: str
    ) -> Sequence[Any]:
        """Return what stands under one key in each edge."""
        if inner.name == "cursor":
            return [self._cursor(connection, record, group, fetched, name) for record in group.records]
        if inner.view is None:
            return [f"{connection.target.name}Edge"] * len(group.records)
        return self._listed(inner.view, group, place, fetched, inner.key)

    def _page_info(
        self, connection: Connection, parts: list[Part], group: Group, fetched: Fetched, name: str
    ) -> dict[str, Any]:
        records = group.records
        values: dict[str, Callable[[], Any]] = {
            "hasNextPage": lambda: group.has_next,
            "hasPreviousPage": lambda: group.has_previous,
            "startCursor": lambda: self._cursor(connection, records[0], group, fetched, name) if records else None,
            "endCursor": lambda: self._cursor(connection, records[-1], group, fetched, name) if records else None,
            "__typename": lambda: "PageInfo",
        }
        return {part.key: values[part.name]() for part in parts}

    def _cursor(self, connection: Connection, record: Record, group: Group, fetched: Fetched, name: str) -> str:
        start = fetched.compiled.orders_at
        # The row's own key is the last part of the order, and stands where every object's does.
        order = [*record[start : start + len(fetched.keys) - 1], record[fetched.compiled.root.key_at]]
        return self._seal(connection, name, [_plain(value) for value in (group.parent, *order)])

    def _access(self, view: View, situation: int, parts: list[Part]) -> list[dict[str, Any]]:
        found = []
        for name in view.entity.personal:
            field = f"{view.entity.name}.{name}"
            readable = situation in self._standing.allowed(view.entity, name)
            reason, rule = None, None
            if readable:
                rule = self._standing.allowing(field, situation)
            else:
                _, reason, rule = self._standing.reason(view.entity, name, situation)
            values = {"field": field, "readable": readable, "reason": reason, "rule": rule, "__typename": "FieldAccess"}
            # It is about one object, toward which several roles may be held at once.
            values |= {"role": None, "subject": None, "purpose": None}
            found.append({part.key: values[part.name] for part in parts})
        return found

    def _note_use(self, connection: Connection, fetched: Fetched, groups: Sequence[Group]) -> None:
        """Tell the ledger which fields decided that these rows came back, or in which order."""
        root, entity = fetched.compiled.root, connection.target
        if root.subject_at < 0 or (not connection.conditions and connection.keys[0].name == "id"):
            return
        records = [record for group in groups for record in group.records]
        rows = [(record[root.subject_at], record[root.situation_at]) for record in records]
        for condition in connection.conditions:
            wanted = condition.filter
            if wanted.related is not None and wanted.related_name is not None:
                self._ledger.release(f"{wanted.related}.{wanted.related_name}", {subject for subject, _ in rows})
            else:
                self._ledger.used(entity, wanted.name, rows)
        through = fetched.compiled.orders_at + len(fetched.keys) - 1
        for key in connection.keys:
            if key.name == "id":
                continue
            if key.through is None:
                self._ledger.used(entity, key.name, rows)
                continue
            link = entity.sources[key.through]
            assert isinstance(link, One)
            looked = [(record[root.subject_at], record[through] or 0) for record in records]
            self._ledger.used_in(link.target, key.name, looked)
            through += 1


def _present(record: Record | None, key_at: int) -> Record | None:
    return None if record is None or record[key_at] is None else record


def _taken(layout: Layout, records: Sequence[Record | None]) -> Made:
    """Return an object for each record, of what can be taken from it as it stands."""
    keys, take = layout.keys, layout.take
    made: Made = [None if record is None else dict(zip(keys, take(record), strict=True)) for record in records]
    there = [one for one in made if one is not None]
    for key, constant in layout.constants:
        for one in there:
            one[key] = constant
    for key, encode in layout.encoded:
        for one in there:
            if one[key] is not None:
                one[key] = encode(one[key])
    return made


def _asked_of(value: Mapping[str, Any], parts: Sequence[Part], kind: str | None) -> dict[str, Any]:
    return {part.key: value.get(part.name, kind) for part in parts}


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
