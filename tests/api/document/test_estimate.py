from typing import Any

import pytest
from graphql import GraphQLSchema

from api.document.documents import Documents, Limits
from api.document.estimate import CEILING

PAGE = "{ learners%s { nodes { id } } }"


@pytest.fixture
def documents(schema: GraphQLSchema) -> Documents:
    return Documents(schema, Limits(cost=CEILING, aliases=500, depth=30))


def cost(documents: Documents, text: str, **variables: Any) -> int:
    return documents.prepare(text, None, variables).cost


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ("", 25),
        ("(first: 7)", 7),
        ("(last: 7)", 7),
        ("(first: 3, last: 9)", 9),
        ("(first: null)", 25),
        ("(first: null, last: 4)", 4),
    ]
    + [(f"(first: {number})", 100) for number in (0, -1, 101, 2_000_000_000)],
)
def test_a_page_counts_as_many_times_as_it_asks_for(documents: Documents, arguments: str, size: int) -> None:
    # The list, its nodes, and each node's id.
    assert cost(documents, PAGE % arguments) == 1 + 1 + size


@pytest.mark.parametrize(
    ("value", "size"),
    [(7, 7), (None, 25), (0, 100), (101, 100), (-3, 100), ("7", 100), (7.0, 100), (True, 100), ([7], 100), ({}, 100)],
)
def test_a_variable_that_is_no_page_size_counts_as_the_most(documents: Documents, value: Any, size: int) -> None:
    assert cost(documents, "query ($n: Int)" + PAGE % "(first: $n)", n=value) == 2 + size


def test_a_default_counts_where_the_variable_is_absent_and_not_where_it_is_null(documents: Documents) -> None:
    text = "query ($n: Int = 7)" + PAGE % "(first: $n)"
    assert cost(documents, text) == 9
    assert cost(documents, text, n=3) == 5
    assert cost(documents, text, n=None) == 27


def test_each_operation_has_its_own_defaults_for_a_shared_fragment(documents: Documents) -> None:
    text = "query A($n: Int = 2) { ...F } query B($n: Int = 9) { ...F }"
    text += "fragment F on Query { learners(first: $n) { nodes { id } } }"
    assert documents.prepare(text, "A").cost == 4
    assert documents.prepare(text, "B").cost == 11


def test_pages_in_pages_multiply_but_what_stands_beside_the_items_does_not(documents: Documents) -> None:
    text = """query ($n: Int, $m: Int) { learners(first: $n) {
        pageInfo { endCursor }
        edges { cursor node { enrollments(first: $m) { pageInfo { endCursor } nodes { id progress } } } }
    } }"""
    n, m = 10, 20
    per_enrollment = 2
    per_learner = 1 + 1 + 1 + 2 + 1 + m * per_enrollment
    assert cost(documents, text, n=n, m=m) == 1 + 2 + 1 + n * per_learner


def test_a_page_is_multiplied_also_where_its_items_stand_in_a_fragment(documents: Documents) -> None:
    text = "{ learners(first: 9) { ...F ... { ...F } } }"
    text += "fragment F on LearnerConnection { nodes { id } pageInfo { endCursor } }"
    assert cost(documents, text) == 1 + 2 * (1 + 9 + 2)


def test_a_page_that_nobody_gave_a_size_counts_as_the_largest(documents: Documents) -> None:
    assert cost(documents, "{ lastPage { nodes { id } } }") == 1 + 1 + 100


def test_a_list_without_pages_counts_as_a_few(documents: Documents) -> None:
    assert cost(documents, "{ course(id: 1) { instructors { id name } } }") == 1 + 1 + 5 * 2


def test_a_list_of_ids_counts_by_the_ids(documents: Documents) -> None:
    assert cost(documents, "{ nodes(ids: [1, 2, 3]) { id } }") == 4
    assert cost(documents, "{ nodes(ids: 1) { id } }") == 2
    assert cost(documents, "{ nodes(ids: []) { id } }") == 1
    text = "query ($ids: [ID!] = [1, 2]) { nodes(ids: $ids) { id } }".replace("[ID!] =", "[ID!]! =")
    assert cost(documents, text, ids=["x"] * 70) == 71
    assert cost(documents, text, ids="x") == 2
    assert cost(documents, text) == 3


def test_an_alias_does_not_hide_a_page(documents: Documents) -> None:
    assert cost(documents, "{ a: learners(first: 9) { b: nodes { id } c: edges { cursor } } }") == 1 + 1 + 9 + 1 + 9


def test_what_is_skipped_counts(documents: Documents) -> None:
    assert cost(documents, "{ viewer { id @skip(if: true) } }") == 2


def test_introspection_counts(documents: Documents) -> None:
    assert cost(documents, "{ __schema { types { name fields { name } } } __typename }") == 1 + 1 + 5 * (2 + 5) + 1


def test_an_estimate_beyond_all_bounds_stops_growing(schema: GraphQLSchema) -> None:
    documents = Documents(schema, Limits(cost=CEILING, depth=100, nesting=100))
    inner = "id"
    for _ in range(12):
        inner = "enrollments(first: $n) { nodes { learner { " + inner + " } } }"
    text = "query ($n: Int) { learner(id: 1) { " + inner + " } }"
    assert cost(documents, text, n=100) == CEILING
    assert cost(documents, text, n=1) == 38


def test_many_variables_over_shared_fragments_cost_what_they_say(documents: Documents) -> None:
    names = [f"n{i}" for i in range(7)]
    chain = "".join(
        f"fragment F{i} on Learner {{ a{i}: enrollments(first: ${name}) {{ nodes {{ learner {{ ...F{i + 1} }} }} }}"
        f" b{i}: enrollments(first: ${name}) {{ nodes {{ learner {{ ...F{i + 1} }} }} }} }}"
        for i, name in enumerate(names)
    )
    declared = ", ".join(f"${name}: Int" for name in names)
    text = f"query ({declared}) {{ learner(id: 1) {{ ...F0 }} }} {chain} fragment F7 on Learner {{ id }}"
    expected = 1
    for _ in names:
        expected = 2 * (2 + 2 * (1 + expected))
    assert cost(documents, text, **dict.fromkeys(names, 2)) == 1 + expected
