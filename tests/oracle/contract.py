"""The contract's types and categories, from the copy beside this file."""

from functools import cache
from pathlib import Path

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, StringValueNode, build_schema
from graphql.language import ConstDirectiveNode, EnumValueNode

SCHEMA = build_schema(Path(__file__).with_name("contract.graphql").read_text(encoding="utf-8"))

GUARDED = {"Tenant.seatPools", "AccessEvent.id"}
"""Fields that a rule decides although they say nothing about a person."""


def fields_of(kind: str) -> dict[str, GraphQLField]:
    """Return the fields of the type `kind` in the contract's order."""
    found = SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
    fields: dict[str, GraphQLField] = found.fields
    return fields


@cache
def category_of(kind: str, field: str) -> str | None:
    """Return the category that the contract gives to a field, None when it says nothing about a person."""
    node = fields_of(kind)[field].ast_node
    assert node is not None
    for directive in node.directives or ():
        if directive.name.value == "personal":
            return _category(directive)
    return None


def personal_fields(kind: str) -> list[str]:
    """Return the fields of `kind` that describe a person, in the contract's order."""
    return [name for name in fields_of(kind) if category_of(kind, name)]


@cache
def is_guarded(kind: str, field: str) -> bool:
    """Return whether a rule decides the field, cell by cell."""
    return category_of(kind, field) is not None or f"{kind}.{field}" in GUARDED


def _category(directive: ConstDirectiveNode) -> str:
    assert directive.arguments
    value = directive.arguments[0].value
    assert isinstance(value, EnumValueNode | StringValueNode)
    return value.value
