"""Reading: a statement for each list of the document, nested ones for all their parents at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from graphql import GraphQLError
from sqlalchemy import Date, DateTime, Uuid

from api.reading.cursor import Cursors
from api.reading.entity import Cell, Entity, One
from api.reading.inner import Wanted
from api.reading.order import Key
from api.reading.page import at, bad_input
from api.reading.plans import Plans
from api.reading.selection import Asked, Connection, Entities, View
from api.reading.slots import Slot, slots_of
from api.reading.standing import Standing
from api.reading.statement import Statement
from tenants.session import ReadSession

Record = Sequence[Any]
Parents = Sequence[tuple[UUID, int]]


@dataclass(slots=True)
class Group:
    """The rows of one parent's list, and whether there are more on either side."""

    records: list[Record]
    parent: UUID | None = None
    has_next: bool = False
    has_previous: bool = False


@dataclass(slots=True)
class Fetched:
    """What was read for a list: its slots, the rows by parent, and the lists inside it."""

    root: Slot
    keys: tuple[Key, ...]
    groups: dict[UUID | None, Group]
    inner: dict[int, "Fetched"] = field(default_factory=dict)
    """By the identity of the `Asked` that each answers."""

    @property
    def orders_at(self) -> int:
        """Return where in a record the order's values begin."""
        return 1 + max(
            place for slot in self.root.walk() for place in (slot.situation_at, slot.subject_at, *slot.cells.values())
        )


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Reads lists in one session for one standing."""

    session: ReadSession
    standing: Standing
    entities: Entities
    plans: Plans
    cursors: Cursors
    relations: Mapping[str, Any]
    """Who the viewer is, and what their capacities rest on, by the statements' names of them."""

    def open_cursors(self, connection: Connection, name: str) -> None:
        """Open the cursors of `connection` and of all lists in it. Raises `GraphQLError` before anything is read."""
        for given, end in ((connection.page.after, "after"), (connection.page.before, "before")):
            if given is not None:
                parent, *values = self.cursors.open(given, self.place(connection, name))
                kinds = [self._type(connection, key) for key in connection.keys]
                setattr(connection, end, [_parsed(kind, value) for kind, value in zip(kinds, values, strict=True)])
                connection.continues.add(None if parent is None else UUID(parent))
        self.prepare(connection.views())

    def prepare(self, views: Iterable[View]) -> None:
        """Open the cursors of all lists asked in `views`. Raises `GraphQLError` before anything is read."""
        for asked, parent in lists_in(views):
            connection = asked.connection
            assert connection is not None
            try:
                self.open_cursors(connection, f"{parent}.{asked.name}")
            except GraphQLError as error:
                asked.refuse(error, connection.pattern)

    def place(self, connection: Connection, name: str) -> str:
        """Return what a cursor of `connection`, the list `name` ("Type.field"), belongs to."""
        return f"{name} {connection.order or ''} {self.relations['current_tenant']} {self.relations['viewer']}"

    async def connection(self, connection: Connection, parents: Parents | None, parent: UUID | None = None) -> Fetched:
        """Read a list: of all `parents` (with their situations), or the one of `parent` at the answer's root."""
        lists: set[UUID | None] = {None} if parents is None else {key for key, _ in parents}
        if connection.continues and lists and lists != connection.continues:
            raise at(connection.pattern, bad_input("The cursor is not one of this list."))
        views = list(connection.views())
        root = slots_of(connection.target, views, self.standing, self.entities)
        page = connection.page
        wanted = Wanted(
            root=root,
            many=connection.many,
            nested=parents is not None,
            keys=connection.keys,
            backwards=page.backwards,
            size=page.size + 1,
            after=_nulls(connection.after),
            before=_nulls(connection.before),
            conditions=connection.conditions,
        )
        values = {
            "parent": parent,
            **_bound("after", connection.after),
            **_bound("before", connection.before),
        }
        for condition in connection.conditions:
            values |= condition.values
        records = await self._run(wanted, values, parents, f"{connection.many.target}<{id(connection.many)}")
        groups = _grouped(records, parents, connection)
        fetched = Fetched(root, connection.keys, groups)
        await self._inner(fetched, views)
        return fetched

    async def by_key(self, view: View, keys: Sequence[UUID]) -> Fetched:
        """Read the objects `keys` of the type of `view`; those that do not exist for the viewer are left out."""
        root = slots_of(view.entity, [view], self.standing, self.entities)
        wanted = Wanted(root, None, False, (Key("id"),), False, len(keys), None, None, ())
        records = await self._run(wanted, {"keys": list(keys)}, None, "by key")
        fetched = Fetched(root, wanted.keys, {None: Group(records)})
        await self._inner(fetched, [view])
        return fetched

    async def _run(self, wanted: Wanted, values: dict[str, Any], parents: Parents | None, origin: str) -> list[Record]:
        if parents is not None:
            if not parents:
                return []
            values["parents"], values["situations"] = [key for key, _ in parents], [held for _, held in parents]
        signature = f"{origin} {self.standing.signature} {_signature(wanted)}"
        plan = self.plans.get(signature, lambda: Statement(wanted, self.standing, self.entities).build())
        return list(await self.session.fetch(plan.text, plan.arguments({**self.relations, **values})))

    async def _inner(self, fetched: Fetched, views: Sequence[View]) -> None:
        records = [record for group in fetched.groups.values() for record in group.records]
        for view in views:
            for asked, slot in _lists_with_slots(view, fetched.root):
                assert asked.connection is not None
                allowed = self.standing.allowed(slot.entity, asked.name)
                parents = {
                    record[slot.key_at]: record[slot.situation_at]
                    for record in records
                    if record[slot.key_at] is not None and record[slot.situation_at] in allowed
                }
                try:
                    fetched.inner[id(asked)] = await self.connection(asked.connection, list(parents.items()))
                except GraphQLError as error:
                    asked.refuse(error, asked.connection.pattern)

    def _type(self, connection: Connection, key: Key) -> Any:
        entity: Entity = connection.target
        if key.through is not None:
            link = entity.sources[key.through]
            assert isinstance(link, One)
            entity = self.entities[link.target]
        if key.name == "id":
            return entity.key.type
        source = entity.sources[key.name]
        assert isinstance(source, Cell)
        return getattr(source.source, "type", None)


def lists_in(views: Iterable[View]) -> Iterator[tuple[Asked, str]]:
    """Yield the lists asked in `views` and in the objects they lead to, each with the type that has it."""
    for view in views:
        for asked in view.asked:
            if asked.connection is not None:
                yield asked, view.entity.name
            elif asked.view is not None:
                yield from lists_in([asked.view])


def _lists_with_slots(view: View, slot: Slot) -> Iterator[tuple[Asked, Slot]]:
    for asked in view.asked:
        if asked.connection is not None:
            yield asked, slot
        elif asked.view is not None:
            yield from _lists_with_slots(asked.view, slot.inner[asked.name])


def _signature(wanted: Wanted) -> str:
    conditions = " ".join(condition.signature for condition in wanted.conditions)
    order = f"{wanted.keys} {wanted.backwards} {wanted.size} {wanted.after} {wanted.before}"
    return f"{wanted.root.signature()} {wanted.nested} {order} {conditions}"


def _nulls(values: list[Any] | None) -> tuple[bool, ...] | None:
    return None if values is None else tuple(value is None for value in values)


def _bound(name: str, values: list[Any] | None) -> dict[str, Any]:
    return {f"{name}_{number}": value for number, value in enumerate(values or ())}


def _parsed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Uuid):
        return UUID(value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def _grouped(records: list[Record], parents: Parents | None, connection: Connection) -> dict[UUID | None, Group]:
    groups: dict[UUID | None, Group] = {None: Group(records)}
    if parents is not None:
        groups = {key: Group([], key) for key, _ in parents}
        for record in records:
            groups[record[-1]].records.append(record)
    page = connection.page
    for group in groups.values():
        more = len(group.records) > page.size
        if more:
            group.records = group.records[1:] if page.backwards else group.records[:-1]
        # A cursor is the place of a row, which lies beyond the page itself.
        group.has_next = page.before is not None or (more and not page.backwards)
        group.has_previous = page.after is not None or (more and page.backwards)
    return groups
