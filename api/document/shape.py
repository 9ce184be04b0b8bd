"""What the parsed document amounts to once its fragments are spread, measured in one pass over its nodes.

Each fragment is measured once, after those it spreads, so that a document whose fragments stand for a billion fields
is measured as fast as any other of its size. The pass knows nothing of the schema; it runs before validation and
bounds what validation may meet.
"""

from collections.abc import Iterator
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    SourceLocation,
)

from api.document.limits import Limits
from api.document.refusal import INVALID_DOCUMENT, refused, too_costly

Definition = OperationDefinitionNode | FragmentDefinitionNode
Fragments = dict[str, FragmentDefinitionNode]


class Shape(NamedTuple):
    """A selection set with its fragments written out.

    ``breadth`` is its own width, ``widest`` that of the widest set in it.
    """

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    introspections: int = 0
    breadth: int = 0
    widest: int = 0


_EMPTY = Shape()


def check_shape(document: DocumentNode, limits: Limits) -> list[FragmentDefinitionNode]:
    """Refuse a document that spreads to more than the limits; return its fragments, each after those that it spreads.

    Raises ``DocumentRefused``: INVALID_DOCUMENT for definitions that are not executable, subscriptions and fragments
    that spread themselves, DOCUMENT_TOO_COSTLY for everything that is counted.
    """
    operations, fragments = _definitions(document)
    variables = sum(len(operation.variable_definitions or ()) for operation in operations)
    _refuse_more("operations", len(operations), limits.operations)
    _refuse_more("fragments", len(document.definitions) - len(operations), limits.fragments)
    _refuse_more("variables", variables, limits.variables)
    # A fragment over a limit is refused before anything spreads it, so that the counts never grow past what one
    # definition can multiply.
    shapes: dict[str, Shape] = {}
    ordered = _in_order(fragments)
    for fragment in ordered:
        shapes[fragment.name.value] = _measured(fragment, shapes, limits)
    for operation in operations:
        _measured(operation, shapes, limits)
    return ordered


def _in_order(fragments: Fragments) -> list[FragmentDefinitionNode]:
    spreads = {name: list(_spreads(fragment.selection_set)) for name, fragment in fragments.items()}
    ordered: dict[str, FragmentDefinitionNode] = {}
    for root in fragments:
        # An explicit stack: a chain of fragments is as long as the limit on fragments, whatever that is set to.
        path = {root: iter(spreads[root])} if root not in ordered else {}
        while path:
            name, rest = next(reversed(path.items()))
            spread = next((s for s in rest if s.name.value in fragments and s.name.value not in ordered), None)
            if spread is None:
                ordered[name] = fragments[name]
                del path[name]
            elif spread.name.value in path:
                raise refused(INVALID_DOCUMENT, f"Fragment '{spread.name.value}' spreads itself.", _location(spread))
            else:
                path[spread.name.value] = iter(spreads[spread.name.value])
    return list(ordered.values())


def _location(node: Node) -> list[SourceLocation]:
    """Where the node begins; line and column count from 1."""
    return [SourceLocation(node.loc.start_token.line, node.loc.start_token.column)] if node.loc else []


def _definitions(document: DocumentNode) -> tuple[list[OperationDefinitionNode], Fragments]:
    operations: list[OperationDefinitionNode] = []
    fragments: Fragments = {}
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
        elif not isinstance(definition, OperationDefinitionNode):
            raise refused(INVALID_DOCUMENT, "A document holds operations and fragments only.", _location(definition))
        elif definition.operation is OperationType.SUBSCRIPTION:
            raise refused(INVALID_DOCUMENT, "Subscriptions are not supported.", _location(definition))
        else:
            operations.append(definition)
    if not operations:
        raise refused(INVALID_DOCUMENT, "The document holds no operation.")
    return operations, fragments


def _spreads(selection_set: SelectionSetNode) -> Iterator[FragmentSpreadNode]:
    for selection in selection_set.selections:
        if isinstance(selection, FragmentSpreadNode):
            yield selection
        elif inner := getattr(selection, "selection_set", None):
            yield from _spreads(inner)


def _measured(definition: Definition, shapes: dict[str, Shape], limits: Limits) -> Shape:
    shape = _measure(definition.selection_set, shapes)
    directives = shape.directives + len(definition.directives or ())
    directives += sum(len(variable.directives or ()) for variable in definition.variable_definitions or ())
    _refuse_more("depth", shape.depth, limits.depth)
    _refuse_more("breadth", shape.widest, limits.breadth)
    _refuse_more("fields", shape.fields, limits.fields)
    _refuse_more("aliases", shape.aliases, limits.aliases)
    _refuse_more("directives", directives, limits.directives)
    _refuse_more("introspections", shape.introspections, limits.introspections)
    return shape


def _measure(selection_set: SelectionSetNode, shapes: dict[str, Shape]) -> Shape:
    if not selection_set.selections:
        # graphql-core takes it, the specification (October 2021, section 2.4) does not, and it would ask for nothing
        # from everybody.
        raise refused(INVALID_DOCUMENT, "A selection set must select something.", _location(selection_set))
    depth = fields = aliases = directives = introspections = breadth = widest = 0
    for selection in selection_set.selections:
        directives += len(selection.directives or ())
        if isinstance(selection, FragmentSpreadNode):
            inner = shapes.get(selection.name.value, _EMPTY)
        else:
            below: SelectionSetNode | None = getattr(selection, "selection_set", None)
            inner = _measure(below, shapes) if below else _EMPTY
        if isinstance(selection, FieldNode):
            fields += 1
            breadth += 1
            aliases += selection.alias is not None
            introspections += selection.name.value in {"__schema", "__type"}
            depth = max(depth, inner.depth + 1)
        else:
            breadth += inner.breadth
            depth = max(depth, inner.depth)
        fields += inner.fields
        aliases += inner.aliases
        directives += inner.directives
        introspections += inner.introspections
        widest = max(widest, inner.widest)
    return Shape(depth, fields, aliases, directives, introspections, breadth, max(widest, breadth))


def _refuse_more(what: str, amount: int, most: int) -> None:
    if amount > most:
        raise too_costly(what, amount, most)
