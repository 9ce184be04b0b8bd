"""What a document asks of a type: a tree of views, taken from graphql-core's own field collection.

The tree depends on the document and its variables alone, so it outlives the request: nothing of a viewer is in it, and
nobody changes it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

from api.reading.conditions import Condition, conditions_of
from api.reading.entity import Access, Cell, Entity, Inline, Many, One, Source
from api.reading.order import Key
from api.reading.page import Page, at, page_of

Entities = Mapping[str, Entity]
Pattern = tuple[str, ...]


@dataclass(slots=True)
class Asked:
    """A field that was asked, under its response key. `view` is what was asked of the object it leads to."""

    key: str
    name: str
    source: Source | None
    nullable: bool = True
    view: "View | None" = None
    connection: "Connection | None" = None
    parts: "list[Part]" = field(default_factory=list)
    refused: GraphQLError | None = None
    """Why the list cannot be read: an argument that cannot be used."""


@dataclass(slots=True)
class View:
    """What is asked of the objects of one type at one place of the answer."""

    entity: Entity
    pattern: Pattern
    asked: list[Asked] = field(default_factory=list)
    memo: dict[str, Any] = field(default_factory=dict)
    """What each standing's reader worked out about it; see `api.reading.compiled`."""


@dataclass(slots=True)
class Connection:
    """A list that is asked: which part of it, and what of it. A plain list has `nodes` alone, under the key ""."""

    many: Many
    target: Entity
    pattern: Pattern
    page: Page
    order: str | None
    conditions: tuple[Condition, ...]
    parts: list["Part"] = field(default_factory=list)
    memo: dict[str, Any] = field(default_factory=dict)
    """What each standing's reader worked out about it; see `api.reading.compiled`."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return the order's parts, the last of them the row's own key."""
        if self.order is not None:
            return self.many.orders[self.order]
        return self.many.plain_order or (Key("id"),)

    def views(self) -> "Iterator[View]":
        """Yield every view of the list's objects."""
        for part in self.parts:
            for one in (part, *part.inner):
                if one.view is not None:
                    yield one.view


@dataclass(slots=True)
class Part:
    """One response key of a connection: nodes, edges, pageInfo or __typename."""

    key: str
    name: str
    view: View | None = None
    inner: list["Part"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Collector:
    """Reads a document's selections, with its fragments, directives and variables."""

    schema: GraphQLSchema
    entities: Entities
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    operation: OperationDefinitionNode

    def view(self, kind: str, details: list[FieldDetails], pattern: Pattern) -> View:
        """Return what `details` ask of an object of type `kind`. Raises `GraphQLError` for arguments of no use."""
        entity = self.entities[kind]
        view = View(entity, pattern)
        for key, fields in self.subfields(entity.name, details).items():
            view.asked.append(self._asked(entity, key, fields, (*pattern, key)))
        return view

    def connection(
        self, many: Many, parent: str, name: str, fields: list[FieldDetails], pattern: Pattern
    ) -> Connection:
        """Return what `fields`, the field `name` of `parent`, ask of the list `many`."""
        definition = self._type(parent).fields[name]
        arguments = get_argument_values(
            definition, fields[0].node, self.variables, fields[0].fragment_variable_values, hide_suggestions=True
        )
        found = Connection(
            many=many,
            target=self.entities[many.target],
            pattern=pattern,
            page=page_of(arguments, many.plain),
            order=arguments.get("orderBy"),
            conditions=conditions_of(many.filters, arguments.get("filter") or {}),
        )
        if many.plain is not None:
            found.parts = [Part("", "nodes", self.view(many.target, fields, (*pattern, "@")))]
            return found
        kind = get_named_type(definition.type).name
        for key, inner in self.subfields(kind, fields).items():
            found.parts.append(self._part(many.target, kind, key, inner, (*pattern, key)))
        return found

    def subfields(self, kind: str, details: list[FieldDetails]) -> Mapping[str, list[FieldDetails]]:
        """Return what `details` ask of an object of type `kind`: fields by response key, in the answer's order."""
        collected = collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, self._type(kind), details
        )
        return collected.grouped_field_set

    def kind_of(self, kind: str, name: str) -> str:
        """Return the type of the field `name` of `kind`, without what it is wrapped in."""
        found: str = get_named_type(self._type(kind).fields[name].type).name
        return found

    def _part(self, target: str, kind: str, key: str, fields: list[FieldDetails], pattern: Pattern) -> Part:
        name = fields[0].node.name.value
        part = Part(key, name)
        if name == "nodes":
            part.view = self.view(target, fields, (*pattern, "@"))
        elif name in ("edges", "pageInfo"):
            inner = self.kind_of(kind, name)
            for inner_key, inner_fields in self.subfields(inner, fields).items():
                inner_name = inner_fields[0].node.name.value
                node = inner_name == "node"
                view = self.view(target, inner_fields, (*pattern, "@", inner_key)) if node else None
                part.inner.append(Part(inner_key, inner_name, view))
        return part

    def _asked(self, entity: Entity, key: str, fields: list[FieldDetails], pattern: Pattern) -> Asked:
        name = fields[0].node.name.value
        source = entity.sources.get(name)
        asked = Asked(key, name, source)
        if isinstance(source, One | Inline):
            asked.view = self.view(source.target, fields, pattern)
        elif isinstance(source, Many):
            asked.nullable = not is_non_null_type(self._type(entity.name).fields[name].type)
            try:
                asked.connection = self.connection(source, entity.name, name, fields, pattern)
            except GraphQLError as error:
                if not asked.nullable:
                    raise at(pattern, error) from None
                asked.refused = error
        elif isinstance(source, Access) or (isinstance(source, Cell) and source.record is not None):
            inner = self.subfields("FieldAccess" if isinstance(source, Access) else source.record or "", fields)
            asked.parts = [Part(inner_key, found[0].node.name.value) for inner_key, found in inner.items()]
        return asked

    def _type(self, kind: str) -> GraphQLObjectType:
        found = self.schema.type_map[kind]
        assert isinstance(found, GraphQLObjectType)
        return found
