"""The example schema and gates over it."""

import pytest
from graphql import GraphQLSchema

from api.document.documents import Documents
from tests.api.document.example import example_schema


@pytest.fixture(scope="session")
def schema() -> GraphQLSchema:
    return example_schema()


@pytest.fixture
def documents(schema: GraphQLSchema) -> Documents:
    return Documents(schema)
