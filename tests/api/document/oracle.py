"""What a document amounts to, found by walking it with every fragment written out: slow, simple, not the gate's way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)


@dataclass
class Walk:
    """One walk through an operation. All attributes but the first four are results."""

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    widest: int = 0
    cost: int = 0
    root_fields: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.fragments = {d.name.value: d for d in self.document.definitions if isinstance(d, FragmentDefinitionNode)}
        defaults = {
            d.variable.name.value: value_from_ast_untyped(d.default_value)
            for d in self.operation.variable_definitions or ()
            if d.default_value
        }
        self.values = defaults | dict(self.variables)
        root = self.schema.get_root_type(self.operation.operation)
        self._set([(self.operation.selection_set, root)], 1, 1, 100)

    def _flat(self, selection_set: Any, parent: Any) -> Iterator[tuple[FieldNode, Any]]:
        for selection in selection_set.selections:
            self.directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                yield selection, parent
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                yield from self._flat(fragment.selection_set, self._type(fragment.type_condition))
            else:
                condition = getattr(selection, "type_condition", None)
                yield from self._flat(
                    getattr(selection, "selection_set"),  # noqa: B009 - the base class of selections has none
                    self._type(condition) if condition else parent,
                )

    def _type(self, condition: Any) -> Any:
        return self.schema.type_map[condition.name.value]

    def _set(self, sets: list[tuple[Any, Any]], level: int, times: int, page: int) -> None:
        """Walk a selection set whose object occurs ``times`` times; if it is a page, the page has ``page`` items."""
        found = [pair for selection_set, parent in sets for pair in self._flat(selection_set, parent)]
        self.widest = max(self.widest, len(found))
        self.depth = max(self.depth, level)
        for node, parent in found:
            self.fields += 1
            self.aliases += node.alias is not None
            self.cost += times
            if level == 1:
                self.root_fields.add(node.name.value)
            if node.selection_set:
                definition = parent.fields[node.name.value]
                arguments = {a.name.value: self._value(a.value) for a in node.arguments or ()}
                more = self._items(
                    node.name.value, definition, arguments, page if parent.name.endswith("Connection") else None
                )
                inner_page = self._page(arguments) if "first" in definition.args else 100
                self._set([(node.selection_set, get_named_type(definition.type))], level + 1, times * more, inner_page)

    def _items(self, name: str, definition: Any, arguments: dict[str, Any], page: int | None) -> int:
        if not is_list_type(get_nullable_type(definition.type)):
            return 1
        if page is not None and name in ("nodes", "edges"):
            return page
        return len(arguments["ids"]) if "ids" in arguments else 5

    def _page(self, arguments: dict[str, Any]) -> int:
        given = [arguments[name] for name in ("first", "last") if arguments.get(name) is not None]
        return max((n if type(n) is int and 1 <= n <= 100 else 100 for n in given), default=25)

    def _value(self, node: Any) -> Any:
        return self.values.get(node.name.value) if node.kind == "variable" else value_from_ast_untyped(node)
