"""Values of arguments and variables, as the GraphQL specification coerces them (section 6.4.1), and global ids."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    type_from_ast,
)

from tests.oracle.contract import SCHEMA

ABSENT = object()
"""The value of a variable that was not sent."""

Values = Mapping[str, Any]


def variables_of(operation: OperationDefinitionNode, sent: Values) -> dict[str, Any]:
    """Return the variables that have a value: what was sent, else the default."""
    values = {}
    for each in operation.variable_definitions or ():
        name = each.variable.name.value
        if name in sent:
            values[name] = _from_json(type_from_ast(SCHEMA, each.type), sent[name])
        elif each.default_value is not None:
            values[name] = _from_literal(type_from_ast(SCHEMA, each.type), each.default_value, {})
    return values


def arguments_of(field: GraphQLField, node: FieldNode, variables: Values) -> dict[str, Any]:
    """Return the arguments that were given; a variable without a value gives none."""
    given = {}
    for each in node.arguments or ():
        value = _from_literal(field.args[each.name.value].type, each.value, variables)
        if value is not ABSENT:
            given[each.name.value] = value
    return given


def is_included(node: Any, variables: Values) -> bool:
    """Return whether `@skip` and `@include` let a selection through."""
    for directive in node.directives or ():
        value = _from_literal(None, directive.arguments[0].value, variables)
        if value is (directive.name.value == "skip"):
            return False
    return True


def encode(kind: str, key: UUID) -> str:
    """Return an object's global id."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def decode(text: str) -> tuple[str, UUID] | None:
    """Return the type and the key of a global id, None when the text is none."""
    try:
        kind, _, key = base64.b64decode(text.encode(), validate=True).decode().partition(":")
        found = kind, UUID(key)
    except (binascii.Error, ValueError):
        return None
    return found if encode(*found) == text else None


def _from_json(type_: Any, value: Any) -> Any:
    if isinstance(type_, GraphQLNonNull):
        return _from_json(type_.of_type, value)
    if value is None:
        return None
    if isinstance(type_, GraphQLList):
        items = value if isinstance(value, list) else [value]
        return [_from_json(type_.of_type, item) for item in items]
    if isinstance(type_, GraphQLInputObjectType):
        return {name: _from_json(type_.fields[name].type, item) for name, item in value.items()}
    return value


def _from_literal(type_: Any, node: ValueNode, variables: Values) -> Any:
    if isinstance(type_, GraphQLNonNull):
        return _from_literal(type_.of_type, node, variables)
    if isinstance(node, VariableNode):
        return variables.get(node.name.value, ABSENT)
    if isinstance(node, NullValueNode):
        return None
    if isinstance(type_, GraphQLList):
        return _list(type_, node, variables)
    if isinstance(node, ObjectValueNode):
        fields = ((each.name.value, each.value) for each in node.fields)
        values = {name: _from_literal(type_.fields[name].type, value, variables) for name, value in fields}
        return {name: value for name, value in values.items() if value is not ABSENT}
    return _scalar(node)


def _list(type_: Any, node: ValueNode, variables: Values) -> list[Any]:
    items = node.values if isinstance(node, ListValueNode) else (node,)
    values = [_from_literal(type_.of_type, item, variables) for item in items]
    return [None if value is ABSENT else value for value in values]


def _scalar(node: ValueNode) -> Any:
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, FloatValueNode):
        return float(node.value)
    assert isinstance(node, StringValueNode | BooleanValueNode | EnumValueNode)
    return node.value
