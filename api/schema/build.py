"""The schema, built from its types, and what its types tell the reader and the policy."""

import strawberry
from graphql import GraphQLSchema
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from api.reading.declare import attach
from api.reading.entity import Entity
from api.schema.mutation import Mutation
from api.schema.mutations.call import calls_of
from api.schema.query import Query
from authz.rules import CALLED

OPEN_FIELDS = frozenset({"__typename"})
"""Root fields that anybody may ask for without a token."""

_DECIDED_CATEGORIES = {"SeatPool": "SEAT", "Tenant": "SEAT", "AccessEvent": "ACCESS"}
"""Of the fields that the policy decides although they say nothing about a person."""


def build_schema() -> GraphQLSchema:
    """Return the schema that documents are checked against and executed on."""
    # Strawberry keeps the graphql-core schema to itself; the way of a request here is graphql-core's own.
    schema = _declared()._schema  # noqa: SLF001
    attach(schema)
    return schema


def sdl() -> str:
    """Return the schema as text, as it is committed in `api/schema/schema.graphql`."""
    return print_schema(_declared()) + "\n"


def catalogue(entities: dict[str, Entity]) -> dict[str, dict[str, str]]:
    """Return what the policy decides about: per type its fields, each with its category; the mutations among them."""
    found: dict[str, dict[str, str]] = {}
    for name, entity in entities.items():
        fields = {field: category for field in entity.sources if (category := entity.category(field)) is not None}
        fields |= {field: _DECIDED_CATEGORIES[name] for field in entity.sources if field in entity.decided}
        if fields:
            found[name] = fields
    return found | {CALLED: calls_of(Mutation)}


def _declared() -> strawberry.Schema:
    return strawberry.Schema(query=Query, mutation=Mutation, config=StrawberryConfig(disable_field_suggestions=True))
