"""The gate's linear pass against the walk that writes every fragment out."""

import random
from dataclasses import replace

import pytest
from graphql import GraphQLSchema

from api.document.documents import DocumentRefused, Documents, Limits
from tests.api.document.oracle import Walk
from tests.api.document.random_documents import RandomDocument

MANY = 10**9
GENEROUS = Limits(bytes=MANY, tokens=MANY, nesting=100, depth=MANY, comparisons=MANY, cost=MANY)
GENEROUS = replace(GENEROUS, breadth=MANY, fields=MANY, aliases=MANY, directives=MANY)
BATCHES = 8


@pytest.mark.parametrize("batch", range(BATCHES))
def test_cost_and_root_fields_are_those_of_the_written_out_document(schema: GraphQLSchema, batch: int) -> None:
    documents = Documents(schema, GENEROUS)
    with_fragments = with_variables = 0
    for seed in range(batch, 600, BATCHES):
        random_document = RandomDocument(schema, random.Random(seed))
        document = documents.prepare(random_document.text, None, random_document.variables)
        walk = Walk(schema, document.ast, document.operation, random_document.variables)
        assert (document.cost, document.root_fields) == (walk.cost, frozenset(walk.root_fields)), (
            seed,
            random_document.text,
        )
        with_fragments += "fragment" in random_document.text
        with_variables += "$" in random_document.text
    assert with_fragments > 20
    assert with_variables > 10


@pytest.mark.parametrize("batch", range(BATCHES))
def test_each_count_is_that_of_the_written_out_document(schema: GraphQLSchema, batch: int) -> None:
    documents = Documents(schema, GENEROUS)
    for seed in range(batch, 120, BATCHES):
        random_document = RandomDocument(schema, random.Random(seed))
        document = documents.prepare(random_document.text, None, random_document.variables)
        walk = Walk(schema, document.ast, document.operation, random_document.variables)
        counts = {
            "depth": walk.depth,
            "breadth": walk.widest,
            "fields": walk.fields,
            "aliases": walk.aliases,
            "directives": walk.directives,
        }
        Documents(schema, replace(GENEROUS, **counts)).prepare(random_document.text, None, random_document.variables)
        for what, amount in counts.items():
            if amount == 0:
                continue
            less = Documents(schema, replace(GENEROUS, **{what: amount - 1}))
            with pytest.raises(DocumentRefused, match=f": {what} {amount} is more than {amount - 1}\\."):
                less.prepare(random_document.text, None, random_document.variables)
