"""The schema that is committed, and what it owes its readers."""

from pathlib import Path

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)

from api.schema.build import build_schema, sdl

COMMITTED = Path(__file__).parents[3] / "api" / "schema" / "schema.graphql"


def test_the_committed_schema_is_the_code_s() -> None:
    assert COMMITTED.read_text() == sdl(), "run: make schema"


def undescribed(schema: GraphQLSchema) -> list[str]:
    found = []
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        if not kind.description:
            found.append(name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            found += [f"{name}.{field}" for field, definition in kind.fields.items() if not definition.description]
    return found


def test_every_type_and_field_has_a_description() -> None:
    schema = build_schema()
    assert undescribed(schema) == []
    schema.type_map["Tenant"].description = None
    assert undescribed(schema) == ["Tenant"]
