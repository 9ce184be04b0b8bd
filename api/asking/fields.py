"""Which fields that the policy decides a document asks, whatever its ids lead to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.execution.collect_fields import FieldDetails, collect_fields

from api.reading.declare import source_of
from api.reading.entity import Entity, Many
from api.reading.selection import Asked, Collector, Pattern, View
from api.reading.standing import Standing
from authz.beforehand import Question
from authz.viewer import SubjectClass

_NOBODY = (SubjectClass.ADULT,)


@dataclass(slots=True)
class FieldsAsked:
    """Goes through a document in its order, by its types: where an interface is, through each type that can be met."""

    collector: Collector
    found: dict[str, Question] = field(default_factory=dict)
    """By `Type.field`, in the order in which the document asks them."""

    def collect(self) -> list[Question]:
        """Return the fields asked, each once. Raises `GraphQLError` for a list whose arguments cannot be used."""
        collector = self.collector
        root = collector.schema.query_type
        assert root is not None
        asked = collect_fields(collector.schema, collector.fragments, collector.variables, root, collector.operation)
        for key, fields in asked.grouped_field_set.items():
            self._field(root, fields, (key,))
        return list(self.found.values())

    def _field(self, parent: GraphQLObjectType, fields: list[FieldDetails], pattern: Pattern) -> None:
        name = fields[0].node.name.value
        if name.startswith("__"):
            return
        source, kind = source_of(parent.fields[name]), parent.fields[name].type
        if isinstance(source, Many):
            for view in self.collector.connection(source, parent.name, name, fields, pattern).views():
                self._view(view)
            return
        below = (*pattern, "@") if is_list_type(get_nullable_type(kind)) else pattern
        named = get_named_type(kind)
        if isinstance(named, GraphQLInterfaceType):
            self._interface(named, fields, below)
        elif named.name in self.collector.entities:
            self._view(self.collector.view(named.name, fields, below))
        elif isinstance(named, GraphQLObjectType):
            for key, inner in self.collector.subfields(named.name, fields).items():
                self._field(named, inner, (*below, key))

    def _interface(self, kind: GraphQLInterfaceType, fields: list[FieldDetails], pattern: Pattern) -> None:
        """Take in what is asked of each type that can be met, in the document's order and not type by type."""
        collector = self.collector
        order = {id(node): at for at, node in enumerate(self._fields_of(fields))}
        asked: list[tuple[int, Entity, Asked]] = []
        for concrete in collector.schema.get_possible_types(kind):
            view = collector.view(concrete.name, fields, pattern)
            nodes = (inner[0].node for inner in collector.subfields(concrete.name, fields).values())
            asked += [(order[id(node)], view.entity, one) for node, one in zip(nodes, view.asked, strict=True)]
        for _, entity, one in sorted(asked, key=lambda found: found[0]):
            self._asked(entity, one)

    def _fields_of(self, fields: list[FieldDetails]) -> Iterator[FieldNode]:
        """Yield the fields selected right below, in the document's order, each fragment where it is spread first."""
        seen: set[str] = set()
        for details in fields:
            if details.node.selection_set is not None:
                yield from self._selected(details.node.selection_set.selections, seen)

    def _selected(self, selections: Iterable[SelectionNode], seen: set[str]) -> Iterator[FieldNode]:
        for selection in selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                yield from self._selected(selection.selection_set.selections, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                spread = self.collector.fragments[selection.name.value].definition
                yield from self._selected(spread.selection_set.selections, seen)

    def _view(self, view: View) -> None:
        for asked in view.asked:
            self._asked(view.entity, asked)

    def _asked(self, entity: Entity, asked: Asked) -> None:
        if asked.refused is not None:
            raise asked.refused
        if asked.source is not None and Standing.is_decided(entity, asked.name):
            self._add(entity, asked.name)
        if asked.view is not None:
            self._view(asked.view)
        if asked.connection is not None:
            for inner in asked.connection.views():
                self._view(inner)

    def _add(self, entity: Entity, name: str) -> None:
        """Note a field, once however often it is asked."""
        question = Question(
            f"{entity.name}.{name}",
            tuple(SubjectClass) if entity.subject is not None else _NOBODY,
            related=entity.subject is not None and not entity.published,
        )
        self.found.setdefault(question.field, question)
