"""How many items a list field will hold, as far as its arguments tell."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from graphql import (
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_nullable_type,
    is_list_type,
)

from api.document.limits import Limits

MOST, PRICE = "most", "price"
"""Extensions of a field of the schema: how many items its list holds at most where it has neither page nor ids, and
how many values more than itself it is worth, because of the work it makes.
"""

# No list that is accepted is as long; a longer number is not worth converting.
_DIGITS = 9


class Size(NamedTuple):
    """A number of items that may depend on variables.

    It is the largest of what its parts say, ``missing`` where all are null or absent. ``known`` is what the literals
    say. Of a page size from 1 to ``most`` the part says itself; where ``counted``, a
    list says its length. What is neither says ``most``: the resolver will refuse it, and until then it counts as the
    worst.
    """

    known: int | None
    variables: tuple[str, ...]
    missing: int
    most: int
    counted: bool = False

    @property
    def fixed(self) -> bool:
        """Whether no variable matters."""
        return not self.variables

    def of(self, variables: Mapping[str, object]) -> int:
        """The number of items for these variables, defaults among them."""
        said = [self.known, *(_said(variables.get(name), self.most, self.counted) for name in self.variables)]
        return max((number for number in said if number is not None), default=self.missing)


def page_size(node: FieldNode, limits: Limits) -> Size:
    """The size of the page that ``first`` and ``last`` ask for (Relay cursor connections)."""
    return _size(_values(node, ("first", "last")), missing=limits.page_default, most=limits.page_most)


def list_size(node: FieldNode, field: GraphQLField, limits: Limits) -> Size:
    """The size of a list without pages: as many as there are ``ids``, else what the field says, else a guess."""
    ids = field.args.get("ids")
    if ids is None or not is_list_type(get_nullable_type(ids.type)):
        return fixed_size(field.extensions.get(MOST, limits.list_guess))
    return _size(_values(node, ("ids",)), missing=0, most=1, counted=True)


def price(field: GraphQLField) -> int:
    """What the field is worth, itself included."""
    return 1 + int(field.extensions.get(PRICE, 0))


def fixed_size(number: int) -> Size:
    """The size that is always the same."""
    return Size(number, (), number, number)


def is_paged(field: GraphQLField) -> bool:
    """Whether the field takes a page size."""
    return "first" in field.args


def default_values(definitions: Iterable[VariableDefinitionNode]) -> dict[str, object]:
    """The variables' default values, as far as they say a size."""
    return {d.variable.name.value: _literal(d.default_value) for d in definitions if d.default_value is not None}


def _values(node: FieldNode, names: tuple[str, ...]) -> list[ValueNode]:
    return [argument.value for argument in node.arguments or () if argument.name.value in names]


def _size(values: list[ValueNode], missing: int, most: int, counted: bool = False) -> Size:
    variables = tuple(value.name.value for value in values if isinstance(value, VariableNode))
    literals = (_said(_literal(value), most, counted) for value in values if not isinstance(value, VariableNode))
    known = max((number for number in literals if number is not None), default=None)
    return Size(known, variables, missing, most, counted)


def _said(value: object, most: int, counted: bool) -> int | None:
    if value is None:
        return None
    if isinstance(value, list | tuple) and counted:
        return len(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most else most


def _literal(value: ValueNode) -> object:
    """What a variable of this value would hold, as far as a size is concerned."""
    if isinstance(value, NullValueNode):
        return None
    if isinstance(value, ListValueNode):
        return value.values
    if isinstance(value, IntValueNode) and len(value.value) <= _DIGITS:
        return int(value.value)
    return ""
