"""Reading: a statement for each list of the document, nested ones for all their parents at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from graphql import GraphQLError
from sqlalchemy import Date, DateTime, Uuid

from api.reading.compiled import Compiled, compiled_for
from api.reading.cursor import Cursors
from api.reading.entity import Cell, Entity, Many, One
from api.reading.inner import Wanted
from api.reading.layout import Record
from api.reading.opening import opened as opened_cells
from api.reading.order import Key
from api.reading.page import Page, at, bad_input
from api.reading.plans import Plans
from api.reading.selection import Asked, Connection, Entities, View
from api.reading.standing import Standing
from api.reading.statement import Statement
from tenants.session import ReadSession
from tenants.statements import Plan

Parents = Mapping[UUID, tuple[int, UUID | None]]
"""The objects whose lists are read, each with its situation and the person whom it describes."""


@dataclass(slots=True)
class Group:
    """The rows of one parent's list, and whether there are more on either side."""

    records: list[Record]
    parent: UUID | None = None
    has_next: bool = False
    has_previous: bool = False


@dataclass(slots=True)
class Fetched:
    """What was read for a list: the rows by parent, and the lists inside it."""

    compiled: Compiled
    keys: tuple[Key, ...]
    groups: dict[UUID | None, Group]
    inner: dict[int, "Fetched"] = field(default_factory=dict)
    """By the identity of the `Asked` that each answers."""
    unreadable: bool = False
    """Whether a sealed value in these rows did not open."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection's cursors, opened: the order's values after and before which its rows lie, and whose list it is."""

    after: list[Any] | None = None
    before: list[Any] | None = None
    continues: frozenset[UUID | None] = frozenset()
    """None for a list at the answer's root."""


_UNOPENED = Opened()


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
    opened: dict[int, Opened] = field(default_factory=dict)
    """By the identity of the connection; what was asked outlives the request."""
    refused: dict[int, GraphQLError] = field(default_factory=dict)
    """Why a list cannot be read, by the identity of the `Asked`."""

    def open_cursors(self, connection: Connection, name: str) -> None:
        """Open the cursors of `connection` and of all lists in it. Raises `GraphQLError` before anything is read."""
        given = {"after": connection.page.after, "before": connection.page.before}
        opened: dict[str, list[Any]] = {}
        continues: set[UUID | None] = set()
        for end, cursor in given.items():
            if cursor is not None:
                parent, *values = self.cursors.open(cursor, self.place(connection, name))
                kinds = [self._type(connection, key) for key in connection.keys]
                opened[end] = [_parsed(kind, value) for kind, value in zip(kinds, values, strict=True)]
                continues.add(None if parent is None else UUID(parent))
        if opened:
            self.opened[id(connection)] = Opened(opened.get("after"), opened.get("before"), frozenset(continues))
        self.prepare(connection.views())

    def prepare(self, views: Iterable[View]) -> None:
        """Open the cursors of all lists asked in `views`. Raises `GraphQLError` before anything is read."""
        for asked, parent in lists_in(views):
            connection = asked.connection
            assert connection is not None
            try:
                self.open_cursors(connection, f"{parent}.{asked.name}")
            except GraphQLError as error:
                self._refuse(asked, error, connection)

    def place(self, connection: Connection, name: str) -> str:
        """Return what a cursor of `connection`, the list `name` ("Type.field"), belongs to."""
        return f"{name} {connection.order or ''} {self.relations['current_tenant']} {self.relations['viewer']}"

    async def connection(self, connection: Connection, parents: Parents | None, parent: UUID | None = None) -> Fetched:
        """Read a list: of all `parents` (with their situations), or the one of `parent` at the answer's root."""
        opened = self.opened.get(id(connection), _UNOPENED)
        lists: set[UUID | None] = {None} if parents is None else set(parents)
        if opened.continues and lists and lists != opened.continues:
            raise at(connection.pattern, bad_input("The cursor is not one of this list."))
        compiled = compiled_for(connection, self.standing, self.entities)
        wanted = Wanted(
            root=compiled.root,
            many=connection.many,
            nested=parents is not None,
            keys=connection.keys,
            backwards=connection.page.backwards,
            size=connection.page.size + 1,
            after=_nulls(opened.after),
            before=_nulls(opened.before),
            conditions=connection.conditions,
        )
        values = {"parent": parent, **_bound("after", opened.after), **_bound("before", opened.before)}
        for condition in connection.conditions:
            values |= await condition.values(self.session)
        records, unreadable = await self._run(compiled, wanted, values, parents)
        groups = _grouped(records, parents, connection.page, opened)
        return await self._with_inner(Fetched(compiled, connection.keys, groups, unreadable=unreadable))

    async def by_key(self, view: View, keys: Sequence[UUID]) -> Fetched:
        """Read the objects `keys` of the type of `view`; those that do not exist for the viewer are left out."""
        compiled = compiled_for(view, self.standing, self.entities)
        # The size stands in the text: a power of two, so that a few texts serve any number of keys.
        size = 1 << max(len(keys) - 1, 0).bit_length()
        wanted = Wanted(compiled.root, None, False, (Key("id"),), False, size, None, None, ())
        records, unreadable = await self._run(compiled, wanted, {"keys": list(keys)}, None)
        return await self._with_inner(Fetched(compiled, wanted.keys, {None: Group(records)}, unreadable=unreadable))

    async def _run(
        self, compiled: Compiled, wanted: Wanted, values: dict[str, Any], parents: Parents | None
    ) -> tuple[list[Record], bool]:
        """Return the rows, what is sealed opened, and whether something there did not open."""
        if parents is not None:
            if not parents:
                return [], False
            values["parents"] = list(parents)
            values["situations"], values["subjects"] = zip(*parents.values(), strict=True)
        known = (wanted.nested, wanted.size, wanted.after, wanted.before)
        plan = compiled.plans.get(known)
        if plan is None:
            plan = compiled.plans[known] = self._plan(wanted)
        records = await self.session.fetch(plan.text, plan.arguments({**self.relations, **values}))
        return await opened_cells(self.session, compiled.sealed, records)

    def _plan(self, wanted: Wanted) -> Plan:
        origin = "by key" if wanted.many is None else f"{wanted.many.target}<{id(wanted.many)}"
        signature = f"{origin} {self.standing.signature} {_signature(wanted)}"
        return self.plans.get(signature, lambda: Statement(wanted, self.standing, self.entities).build())

    async def _with_inner(self, fetched: Fetched) -> Fetched:
        """Read the lists inside `fetched`, each for all the objects that have it and release it."""
        if not fetched.compiled.lists:
            return fetched
        records = [record for group in fetched.groups.values() for record in group.records]
        for asked, slot, allowed in fetched.compiled.lists:
            if self.refusal(asked) is not None:
                continue
            assert asked.connection is not None
            key_at, situation_at = key_place(asked.connection.many, slot.key_at), slot.situation_at
            subject_at = slot.subject_at
            parents: dict[UUID, tuple[int, UUID | None]] = {
                record[key_at]: (record[situation_at], record[subject_at] if subject_at >= 0 else None)
                for record in records
                if record[situation_at] in allowed and record[key_at] is not None
            }
            try:
                fetched.inner[id(asked)] = await self.connection(asked.connection, parents)
            except GraphQLError as error:
                self._refuse(asked, error, asked.connection)
        return fetched

    def refusal(self, asked: Asked) -> GraphQLError | None:
        """Return why the list `asked` cannot be read, None if it can."""
        return asked.refused or self.refused.get(id(asked))

    def _refuse(self, asked: Asked, error: GraphQLError, connection: Connection) -> None:
        """Take it that the list cannot be read; raise where it may not be null either."""
        if not asked.nullable:
            raise at(connection.pattern, error) from None
        self.refused[id(asked)] = error

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


def key_place(many: Many, key_at: int) -> int:
    """Return where in a record the key stands to which a list in it belongs; its own list's owner is last."""
    return -1 if many.of_owner else key_at


def lists_in(views: Iterable[View]) -> Iterator[tuple[Asked, str]]:
    """Yield the lists asked in `views` and in the objects they lead to, each with the type that has it."""
    for view in views:
        for asked in view.asked:
            if asked.connection is not None:
                yield asked, view.entity.name
            elif asked.view is not None:
                yield from lists_in([asked.view])


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


def _grouped(records: list[Record], parents: Parents | None, page: Page, opened: Opened) -> dict[UUID | None, Group]:
    if parents is None:
        groups: dict[UUID | None, Group] = {None: Group(records)}
    else:
        # The rows of one parent stand together, its key last in each.
        groups = {key: Group([], key) for key in parents}
        for key, found in groupby(records, itemgetter(-1)):
            groups[key].records = list(found)
    for group in groups.values():
        more = len(group.records) > page.size
        if more:
            group.records = group.records[1:] if page.backwards else group.records[:-1]
        # A cursor is the place of a row, which lies beyond the page itself.
        group.has_next = opened.before is not None or (more and not page.backwards)
        group.has_previous = opened.after is not None or (more and page.backwards)
    return groups
