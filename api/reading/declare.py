"""Declaring a type: each field once, with what it means, where it comes from and which category it belongs to."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema
from sqlalchemy import Column, ColumnElement, Table
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from api.document.sizes import MOST, PRICE
from api.reading.category import DataCategory, Personal
from api.reading.entity import (
    Access,
    Cell,
    Encode,
    Entity,
    Expression,
    Filter,
    Inline,
    Many,
    One,
    Predicate,
    Source,
    Tables,
    id_of,
)
from api.reading.finding import FoundBy
from api.reading.order import Key
from api.reading.reads import ReadList, Refused

_SOURCE = "source"
_PROMISE = "promise"
_ENTITY = "__entity__"
T = TypeVar("T", bound=type)


def key(kind: str, category: DataCategory | None = None, *, of: Column[Any]) -> Any:
    """Declare the id of the type `kind`; `of` is the column of the row's key."""
    return _field(
        Cell(of, _name(category), id_of(kind)), category, "The id of this object; the same for ever, and opaque."
    )


def cell(
    source: Column[Any] | Expression,
    category: DataCategory | None,
    description: str,
    encode: Encode | None = None,
    record: str | None = None,
    *,
    price: int = 0,
) -> Any:
    """Declare a field that is a value of the row; of type `record` if that is a plain object, or a list of them.

    For the gate, `price` is how many values its work is worth.
    """
    return _field(Cell(source, _name(category), encode, record=record), category, description, price)


def inline(target: str, category: DataCategory | None, description: str) -> Any:
    """Declare a field that is an object made of the same row."""
    return _field(Inline(target, _name(category)), category, description)


def one(target: str, link: Column[Any], category: DataCategory | None, description: str) -> Any:
    """Declare a field that is another object, whose key is in the column `link`."""
    return _field(One(target, link, _name(category)), category, description)


def many(
    target: str,
    belongs: Callable[[Tables, ColumnElement[Any]], ColumnElement[bool]],
    category: DataCategory | None,
    description: str,
    *,
    filters: tuple[type, Mapping[str, Filter]] | None = None,
    orders: tuple[type, Mapping[Any, tuple[Key, ...]]] | None = None,
    plain_order: tuple[Key, ...] = (),
    plain: int | None = None,
    stands_as_parent: bool = False,
    found_by: FoundBy | None = None,
) -> Any:
    """Declare a field that is a list; `filters` and `orders` name an argument's GraphQL type and what it means."""
    source = Many(
        target, belongs, _name(category), filters[1] if filters else {}, orders[1] if orders else {},
        plain_order, plain, stands_as_parent, found_by,
    )  # fmt: skip
    declared = _field(source, category, description)
    if plain is None:
        declared.arguments = list_arguments(filters[0] if filters else None, orders[0] if orders else None)
    return declared


def access() -> Any:
    """Declare the field that tells which fields of this object the viewer may read."""
    return _field(Access(), None, "Which of this object's fields the viewer may read, and why not the others.")


def promised(
    promise: Callable[[Any, Mapping[str, Any]], object],
    description: str,
    arguments: Mapping[str, tuple[Any, str]] | None = None,
    *,
    most: int | None = None,
    price: int = 0,
) -> Any:
    """Declare a field of the answer's root whose value is what `promise` makes of the context and the arguments.

    `arguments`: their types and descriptions by name. What a promise returns is a `Read`, `ReadEach`, `ReadList`,
    `Made`, None. For the gate, `most` is how many items a list holds and `price` how many values its work is worth.
    """
    metadata = {_PROMISE: promise, PRICE: price} | ({} if most is None else {MOST: most})
    declared = strawberry.field(description=description, metadata=metadata, default=None)
    declared.arguments = [_argument(name, *facts) for name, facts in (arguments or {}).items()]
    return declared


def list_arguments(filter_type: type | None, order_type: type | None) -> list[StrawberryArgument]:
    """Return the arguments of a connection: a filter and an order where it has one, and the page."""
    found = []
    if filter_type is not None:
        found.append(
            _argument("filter", filter_type | None, "Only what fits; fields that may not be read fit nowhere.")
        )
    if order_type is not None:
        found.append(_argument("orderBy", order_type | None, "The order; what may not be read comes last."))
    return [
        *found,
        _argument("first", int | None, "How many from the start, 1 to 100; 25 when nothing is said."),
        _argument("after", str | None, "Only what comes after this cursor."),
        _argument("last", int | None, "How many from the end, 1 to 100."),
        _argument("before", str | None, "Only what comes before this cursor."),
    ]


def entity(
    table: Table,
    *,
    subject: Column[Any] | None = None,
    course: Column[Any] | None = None,
    joins: tuple[tuple[Table, Column[Any]], ...] = (),
    exists: Predicate | None = None,
    optional_subject: bool = False,
    published: bool = False,
    through: str | None = None,
    decided: frozenset[str] = frozenset(),
) -> Callable[[T], T]:
    """Mark a type as one whose objects are rows of `table`."""

    def mark(declared: T) -> T:
        facts = {
            "table": table,
            "subject": subject,
            "course": course,
            "joins": joins,
            "exists": exists,
            "optional_subject": optional_subject,
            "published": published,
            "through": through,
            "decided": decided,
        }
        setattr(declared, _ENTITY, facts)
        return declared

    return mark


def entities_of(schema: GraphQLSchema) -> dict[str, Entity]:
    """Return every type of `schema` that is read here, by name."""
    found: dict[str, Entity] = {}
    for name, kind in schema.type_map.items():
        definition = (kind.extensions or {}).get("strawberry-definition")
        facts = getattr(getattr(definition, "origin", None), _ENTITY, None)
        if facts is None or not isinstance(kind, GraphQLObjectType):
            continue
        sources = {field: source_of(declared) for field, declared in kind.fields.items()}
        found[name] = Entity(name=name, sources={field: source for field, source in sources.items() if source}, **facts)
    return found


def attach(schema: GraphQLSchema) -> None:
    """Let the fields that are declared outside of rows (on Query, on Viewer) promise what is to be read."""
    entities = entities_of(schema)
    for name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for field_name, field in kind.fields.items():
            source = source_of(field)
            promise = _declared(field, _PROMISE)
            for told in (MOST, PRICE):
                if (said := _declared(field, told)) is not None:
                    field.extensions[told] = said
            if name in entities:
                continue
            if isinstance(source, Many):
                field.resolve = _list_resolver(name, field_name, source)
            elif promise is not None:
                field.resolve = _resolver(promise)


def _list_resolver(kind: str, name: str, source: Many) -> Callable[..., ReadList]:
    return lambda _source, info, **_arguments: ReadList(kind, name, source, info.context.viewer.person_id)


def _resolver(promise: Callable[[Any, Mapping[str, Any]], object]) -> Callable[..., object]:
    def resolve(_source: object, info: Any, **arguments: Any) -> object:
        try:
            return promise(info.context, arguments)
        except GraphQLError as error:
            return Refused(error)

    return resolve


def source_of(field: Any) -> Source | None:
    """Return where the values of a field of the schema come from, None for one that is not read here."""
    source: Source | None = _declared(field, _SOURCE)
    return source


def _declared(field: Any, what: str) -> Any:
    declared = (field.extensions or {}).get("strawberry-definition")
    return declared.metadata.get(what) if declared is not None else None


def _field(source: Source, category: DataCategory | None, description: str, price: int = 0) -> StrawberryField:
    directives = [Personal(category=category)] if category is not None else []
    metadata = {_SOURCE: source, PRICE: price}
    declared = strawberry.field(description=description, directives=directives, metadata=metadata, default=None)
    assert isinstance(declared, StrawberryField)
    return declared


def _argument(name: str, annotation: Any, description: str) -> StrawberryArgument:
    return StrawberryArgument(name, name, StrawberryAnnotation(annotation), description=description, default=UNSET)


def _name(category: DataCategory | None) -> str | None:
    return None if category is None else category.value
