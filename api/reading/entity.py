"""What the reader knows of a type: its rows, whom they describe, and where each of its fields comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, FromClause, Table

from api.ids import encode_id
from api.reading.order import Key
from authz.viewer import Role

if TYPE_CHECKING:
    from api.reading.finding import FoundBy

Tables = Mapping[Table, FromClause]
"""Where each table of an entity stands in a statement, under which alias."""
Predicate = Callable[[Tables], ColumnElement[bool]]
Expression = Callable[[Tables, ColumnElement[Any] | None], ColumnElement[Any]]
"""Makes a value from a row's tables and, in a list of something, the key of that."""
Encode = Callable[[Any], Any]
Finds = Callable[[ColumnElement[Any], Callable[[str], ColumnElement[Any]], frozenset[str]], list[ColumnElement[bool]]]
"""Makes, of a term's column and the argument's bound parts, the predicates one of which some term of each row meets."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A field that is a value of its row."""

    source: Column[Any] | Expression
    category: str | None = None
    encode: Encode | None = None
    """How the value is written; left out for what JSON has a form for, dates (ISO 8601) and instants (UTC) among it."""
    met_as: str | None = None
    """The entity, on the same tables, in whose capacities it is met: the row itself may stand as its parent."""
    record: str | None = None
    """The GraphQL type of the plain object that the value is, or is a list of: dicts by field name."""

    def expression(self, tables: Tables, parent: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        """Return the value's expression in a statement."""
        if isinstance(self.source, Column):
            return tables[self.source.table].c[self.source.name]
        return self.source(tables, parent)


@dataclass(frozen=True, slots=True)
class One:
    """A field that is an object: the row of `target` whose key is in the column `link`."""

    target: str
    link: Column[Any]
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Many:
    """A field that is a list: the rows of `target` for which `belongs` holds, given this row's key."""

    target: str
    belongs: Callable[[Tables, ColumnElement[Any]], ColumnElement[bool]]
    category: str | None = None
    filters: Mapping[str, "Filter"] = field(default_factory=dict)
    orders: Mapping[str, tuple[Key, ...]] = field(default_factory=dict)
    plain_order: tuple[Key, ...] = ()
    """The order where none is asked for."""
    plain: int | None = None
    """For a list that is no connection: how many objects it holds at most."""
    stands_as_parent: bool = False
    """Its rows are held in the very capacities in which this row is."""
    found_by: "FoundBy | None" = None
    """For a table that is too long to look through: what its rows are found by."""
    of_owner: bool = False
    """It belongs to whose list this row is in, and not to the row: the key that `belongs` is given is that one's."""


@dataclass(frozen=True, slots=True)
class Inline:
    """A field that is an object made of the same row: of the entity `target`."""

    target: str
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """The field that tells which of an object's fields may be read."""


Source = Cell | One | Many | Inline | Access


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on the field `name`, holding only in rows whose cell is readable.

    `predicate` makes it from the value and the argument's bound parts. With `related` the value is the existence of a
    row of another type that the viewer may see, `relates` tells which.
    """

    name: str
    parts: Callable[[Any], Mapping[str, Any]]
    """What is bound of an argument, by name: the statement's text depends on the names alone."""
    predicate: Callable[[ColumnElement[Any], Callable[[str], ColumnElement[Any]], frozenset[str]], ColumnElement[bool]]
    value: Expression | None = None
    """What the predicate tests, where it is not the field's own value."""
    hashed: Column[Any] | None = None
    """For a field that is sealed: the column of its hash, with which the argument's hash is compared."""
    related: str | None = None
    relates: Callable[[Tables, Tables], ColumnElement[bool]] | None = None
    related_column: Column[Any] | None = None
    """What of the related row the predicate tests, where that is no field of it that is released by itself."""
    related_name: str | None = None
    """The field of the related row that must be readable there and whose value the predicate tests."""
    finds: tuple[int, Finds] | None = None
    """How rows are found by it where the list's table is not looked through, and its turn: the lowest finds least."""
    beyond: tuple[frozenset[Role], Expression] | None = None
    """Roles to which a key is known too that no related row has any more, and the array that has such keys, as JSON."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A type whose objects are rows."""

    name: str
    table: Table
    joins: tuple[tuple[Table, Column[Any]], ...] = ()
    """Tables that belong to every row, each with the column that holds its key."""
    subject: Column[Any] | None = None
    """The person whom a row describes; None for rows that describe nobody."""
    course: Column[Any] | None = None
    """Whose teachers stand as instructors toward the row; None: those of any course the subject takes."""
    exists: Predicate | None = None
    """What makes a row of the table one of this type."""
    optional_subject: bool = False
    """The subject may be nobody of this tenant: the platform's staff."""
    published: bool = False
    """Each granted role is held toward its rows, although they describe somebody."""
    sources: dict[str, Source] = field(default_factory=dict)
    through: str | None = None
    """For rows that stand as the row they belong to: its field (`Type.field`) that leads to them."""
    variant: str = ""
    """Tells entities of one type apart: the same rows, seen from somewhere else."""
    decided: frozenset[str] = frozenset()
    """Fields about which the policy decides, though they say nothing about a person."""

    @property
    def key(self) -> Column[Any]:
        """Return the column that identifies a row in its tenant."""
        return self.table.c.tenant_id if self.table.name == "tenant" else self.table.c.id

    @property
    def is_part(self) -> bool:
        """Whether its objects are made of rows that are something else: they are there wherever those lead to them."""
        source = self.sources.get("id")
        return isinstance(source, Cell) and source.source is not self.key

    def category(self, name: str) -> str | None:
        """Return the category of a field that describes a person, or None."""
        return getattr(self.sources[name], "category", None)

    @property
    def personal(self) -> list[str]:
        """Return the fields that describe a person, in the order of the schema."""
        return [name for name in self.sources if self.category(name) is not None]


def id_of(kind: str) -> Encode:
    """Return how a key of `kind` is written."""
    return partial(encode_id, kind)
