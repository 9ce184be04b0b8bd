"""How many values an answer may hold, before anything is read.

The estimate counts one for each field, more for one of which the schema says that it makes work, and multiplies by the
size of each list it lies in. ``@skip`` and ``@include`` are taken as if they let everything through. It is made in two
halves: once per document, what the text says, as sums over the variables that set a size; and once per request, those
sums. Every fragment is taken once, so both halves are linear in the document however often its fragments are spread.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)

from api.document.limits import Limits
from api.document.sizes import Size, default_values, fixed_size, is_paged, list_size, page_size, price

# Estimates stop here: past any limit, and small enough that arithmetic stays quick.
CEILING = 1_000_000_000

_ITEMS = frozenset({"nodes", "edges"})

Pages = frozenset[GraphQLNamedType]


class Sum:
    """``constant`` plus, for each part, its factor times a size times an earlier step."""

    __slots__ = ("constant", "parts")

    def __init__(self) -> None:
        self.constant = 0
        self.parts: dict[tuple[Size | None, int], int] = {}

    def add(self, other: "Sum", factor: int = 1) -> None:
        """Add the other sum ``factor`` times."""
        self.constant = min(CEILING, self.constant + factor * other.constant)
        for part, count in other.parts.items():
            self.parts[part] = min(CEILING, self.parts.get(part, 0) + factor * count)

    def of(self, variables: Mapping[str, object], steps: list[int]) -> int:
        """The sum for these variables; ``steps`` are the values of the earlier steps."""
        total = self.constant
        for (size, step), factor in self.parts.items():
            total += factor * steps[step] * (1 if size is None else size.of(variables))
        return min(CEILING, total)


class Estimate(NamedTuple):
    """An operation's cost over its variables."""

    steps: list[Sum]
    total: Sum
    defaults: dict[str, object]

    def of(self, variables: Mapping[str, object]) -> int:
        """The cost for the variables as they were sent, at most ``CEILING``."""
        if not self.total.parts:
            return self.total.constant
        values = {**self.defaults, **variables}
        done: list[int] = []
        for step in self.steps:
            done.append(step.of(values, done))
        return self.total.of(values, done)


class _Cost(NamedTuple):
    """A selection set's cost: once per object, and once per item of the page if the object is a page."""

    once: Sum
    per_item: Sum


def page_types(schema: GraphQLSchema) -> Pages:
    """The types that are pages of a list: what a field that takes a page size returns."""
    composite = (type_ for type_ in schema.type_map.values() if is_object_type(type_) or is_interface_type(type_))
    return frozenset(
        get_named_type(field.type) for type_ in composite for field in type_.fields.values() if is_paged(field)
    )


class Estimator:
    """Estimates the operations of one valid document.

    ``fragments`` come in an order in which each stands after those it spreads.
    """

    def __init__(
        self, schema: GraphQLSchema, pages: Pages, limits: Limits, fragments: Iterable[FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._pages = pages
        self._limits = limits
        self._steps: list[Sum] = []
        self._fragments: dict[str, _Cost] = {}
        for fragment in fragments:
            cost = self._cost(fragment.selection_set, schema.type_map[fragment.type_condition.name.value])
            # As steps, so that a fragment's parts are not written out wherever it is spread.
            self._fragments[fragment.name.value] = _Cost(self._as_step(cost.once), self._as_step(cost.per_item))

    def estimate(self, operation: OperationDefinitionNode) -> Estimate:
        """The operation's cost over its variables."""
        root = self._schema.get_root_type(operation.operation)
        assert root is not None, "the document is valid"
        cost = self._cost(operation.selection_set, root)
        return Estimate(self._steps, cost.once, default_values(operation.variable_definitions or ()))

    def _cost(self, selection_set: SelectionSetNode, parent: GraphQLNamedType) -> _Cost:
        cost = _Cost(Sum(), Sum())
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                self._add_field(cost, selection, parent)
                continue
            if isinstance(selection, FragmentSpreadNode):
                inner = self._fragments[selection.name.value]
            else:
                assert isinstance(selection, InlineFragmentNode)
                condition = selection.type_condition
                inner = self._cost(
                    selection.selection_set, self._schema.type_map[condition.name.value] if condition else parent
                )
            cost.once.add(inner.once)
            cost.per_item.add(inner.per_item)
        return cost

    def _add_field(self, cost: _Cost, node: FieldNode, parent: GraphQLNamedType) -> None:
        assert is_composite_type(parent)
        field = self._schema.get_field(parent, node.name.value)
        assert field is not None, "the document is valid"
        cost.once.constant += price(field)
        if node.selection_set is None:
            return
        inner = self._cost(node.selection_set, get_named_type(field.type))
        page = page_size(node, self._limits) if is_paged(field) else None
        is_list = is_list_type(get_nullable_type(field.type))
        # A page that nobody gave a size is taken for the largest.
        whole = Sum()
        whole.add(inner.once)
        whole.add(self._times(page or fixed_size(self._limits.page_most), inner.per_item))
        if not is_list:
            cost.once.add(whole)
        elif parent in self._pages and node.name.value in _ITEMS:
            cost.per_item.add(whole)
        else:
            cost.once.add(self._times(page or list_size(node, field, self._limits), whole))

    def _times(self, size: Size, total: Sum) -> Sum:
        product = Sum()
        if size.fixed:
            product.add(total, size.of({}))
        elif total.constant or total.parts:
            product.parts[size, self._step(total)] = 1
        return product

    def _as_step(self, total: Sum) -> Sum:
        if not total.parts:
            return total
        shared = Sum()
        shared.parts[None, self._step(total)] = 1
        return shared

    def _step(self, total: Sum) -> int:
        self._steps.append(total)
        return len(self._steps) - 1
