"""The schema, built from its types."""

import strawberry
from graphql import GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig

from api.schema.query import Query

OPEN_FIELDS = frozenset({"__typename"})
"""Root fields that anybody may ask for without a token."""

INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})
"""Root fields that describe the schema itself."""


def build_schema() -> GraphQLSchema:
    """Return the schema that documents are checked against and executed on."""
    schema = strawberry.Schema(query=Query, config=StrawberryConfig(disable_field_suggestions=True))
    # Strawberry keeps the graphql-core schema to itself; the way of a request here is graphql-core's own.
    return schema._schema  # noqa: SLF001


def sdl() -> str:
    """Return the schema as text, as it is committed in `api/schema/schema.graphql`."""
    return print_schema(build_schema()) + "\n"
