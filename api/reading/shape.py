"""From rows to the answer: completed values in the shape that the document asked for."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from api.reading.entity import Access, Cell, Encode, One
from api.reading.fetch import Fetched, Group, Record
from api.reading.ledger import Ledger, Place, Shown
from api.reading.selection import Asked, Connection, Part, View
from api.reading.slots import Slot
from api.reading.standing import Standing

_Step = tuple[str, int, Encode | None, Asked | None]
_Seen = tuple[list[_Step], list[Shown]]


class Shaper:
    """Makes one root field's value and tells the ledger what it shows."""

    def __init__(self, standing: Standing, ledger: Ledger, seal: Callable[[Connection, str, list[Any]], str]) -> None:
        self._standing = standing
        self._ledger = ledger
        self._seal = seal
        self._seen: dict[int, _Seen] = {}
        self._views: dict[int, View] = {}

    def object(self, view: View, slot: Slot, record: Record, place: Place, fetched: Fetched) -> dict[str, Any] | None:
        """Return the object of `slot` in `record`, None where there is none for the viewer."""
        key = record[slot.key_at]
        if key is None:
            return None
        situation = record[slot.situation_at]
        subject = record[slot.subject_at] if slot.subject_at >= 0 else None
        steps, shown = self._seen.get(id(view)) or self._see(view, slot)
        shown.append(Shown(key, subject, situation, place))
        made: dict[str, Any] = {}
        for name, at, encode, asked in steps:
            if asked is not None:
                made[name] = self._value(view, asked, slot, record, situation, (place, name), fetched)
                continue
            value = record[at] if at >= 0 else None
            made[name] = value if encode is None or value is None else encode(value)
        return made

    def _see(self, view: View, slot: Slot) -> "_Seen":
        """Prepare to show objects of `view`: which values are taken as they stand, which need a look at the row."""
        steps: list[_Step] = []
        for asked in view.asked:
            source = asked.source
            if isinstance(source, Cell) and source.record is None:
                steps.append((asked.key, slot.cells.get(asked.name, -1), source.encode, None))
            else:
                steps.append((asked.key, -1, None, asked))
        seen = self._seen[id(view)] = (steps, [])
        self._views[id(view)] = view
        return seen

    def connection(
        self, connection: Connection, group: Group, place: Place, fetched: Fetched, name: str
    ) -> dict[str, Any] | list[Any]:
        """Return a list: a connection's parts, or the objects themselves of a plain one."""
        self._note_use(connection, group, fetched)
        if connection.many.plain is not None:
            view = connection.parts[0].view
            assert view is not None
            return self._objects(view, group, place, fetched)
        return {
            part.key: self._part(connection, part, group, (place, part.key), fetched, name) for part in connection.parts
        }

    def close(self) -> None:
        """Tell the ledger; after the whole value is made."""
        for number, (_, shown) in self._seen.items():
            self._ledger.close(self._views[number], shown)

    def _objects(self, view: View, group: Group, place: Place, fetched: Fetched) -> list[Any]:
        return [
            self.object(view, fetched.root, record, (place, at), fetched) for at, record in enumerate(group.records)
        ]

    def _value(
        self,
        view: View,
        asked: Asked,
        slot: Slot,
        record: Record,
        situation: int,
        place: Place,
        fetched: Fetched,
    ) -> Any:
        source = asked.source
        if source is None:
            return view.entity.name
        if isinstance(source, Cell):
            return self._cell(asked, source, slot, record)
        if isinstance(source, Access):
            return self._access(view, situation, asked.parts)
        if asked.refused is not None:
            self._ledger.refuse(asked.refused, place)
        elif situation in self._standing.allowed(view.entity, asked.name):
            return self._inner(view, asked, slot, record, place, fetched)
        return None

    def _inner(self, view: View, asked: Asked, slot: Slot, record: Record, place: Place, fetched: Fetched) -> Any:
        if asked.view is not None:
            return self.object(asked.view, slot.inner[asked.name], record, place, fetched)
        assert asked.connection is not None
        inner, name = fetched.inner[id(asked)], f"{view.entity.name}.{asked.name}"
        return self.connection(asked.connection, inner.groups[record[slot.key_at]], place, inner, name)

    @staticmethod
    def _cell(asked: Asked, source: Cell, slot: Slot, record: Record) -> Any:
        at = slot.cells.get(asked.name)
        value = record[at] if at is not None else None
        if value is not None and source.encode is not None:
            value = source.encode(value)
        if source.record is None or value is None:
            return value
        return [{part.key: one.get(part.name, source.record) for part in asked.parts} for one in value]

    def _part(self, connection: Connection, part: Part, group: Group, place: Place, fetched: Fetched, name: str) -> Any:
        target = connection.target.name
        if part.name == "nodes":
            assert part.view is not None
            return self._objects(part.view, group, place, fetched)
        if part.name == "__typename":
            return f"{target}Connection"
        if part.name == "pageInfo":
            return self._page_info(connection, part.inner, group, fetched, name)
        return [
            {
                inner.key: self._edge(connection, inner, record, group, ((place, at), inner.key), fetched, name)
                for inner in part.inner
            }
            for at, record in enumerate(group.records)
        ]

    def _edge(
        self,
        connection: Connection,
        inner: Part,
        record: Record,
        group: Group,
        place: Place,
        fetched: Fetched,
        name: str,
    ) -> Any:
        if inner.name == "cursor":
            return self._cursor(connection, record, group, fetched, name)
        if inner.view is None:
            return f"{connection.target.name}Edge"
        return self.object(inner.view, fetched.root, record, place, fetched)

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
        start = fetched.orders_at
        values = [_plain(group.parent)]
        values += [_plain(value) for value in record[start : start + len(fetched.keys)]]
        return self._seal(connection, name, values)

    def _access(self, view: View, situation: int, parts: list[Part]) -> list[dict[str, Any]]:
        found = []
        for name in view.entity.personal:
            field = f"{view.entity.name}.{name}"
            readable = situation in self._standing.allowed(view.entity, name)
            reason, rule = None, None
            if readable:
                rule = self._standing.decide(field, situation).rule
            else:
                _, reason, rule = self._standing.reason(view.entity, name, situation)
            values = {"field": field, "readable": readable, "reason": reason, "rule": rule, "__typename": "FieldAccess"}
            found.append({part.key: values[part.name] for part in parts})
        return found

    def _note_use(self, connection: Connection, group: Group, fetched: Fetched) -> None:
        """Tell the ledger which fields decided that these rows came back, or in which order."""
        root, entity = fetched.root, connection.target
        if root.subject_at < 0 or (not connection.conditions and connection.keys[0].name == "id"):
            return
        rows = [(record[root.subject_at], record[root.situation_at]) for record in group.records]
        for condition in connection.conditions:
            wanted = condition.filter
            if wanted.related is not None and wanted.related_name is not None:
                self._ledger.release(f"{wanted.related}.{wanted.related_name}", {subject for subject, _ in rows})
            else:
                self._ledger.used(entity, wanted.name, rows)
        through = fetched.orders_at + len(fetched.keys)
        for key in connection.keys:
            if key.name == "id":
                continue
            if key.through is None:
                self._ledger.used(entity, key.name, rows)
                continue
            link = entity.sources[key.through]
            assert isinstance(link, One)
            looked = [(record[root.subject_at], record[through] or 0) for record in group.records]
            self._ledger.used_in(link.target, key.name, looked)
            through += 1


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
