"""What is relied on of graphql-core, private by its own word: a release that changes it fails here first."""

import inspect
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    parse,
)
from graphql.execution.collect_fields import collect_subfields
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from api.reading.executor import ReadingExecutor

INNER = GraphQLObjectType("Inner", {"a": GraphQLField(GraphQLInt), "b": GraphQLField(GraphQLInt)})
FIELD = GraphQLField(INNER, args={"n": GraphQLArgument(GraphQLInt, default_value=7), "m": GraphQLArgument(GraphQLInt)})
SCHEMA = GraphQLSchema(GraphQLObjectType("Query", {"inner": FIELD}))
DOCUMENT = """query($v: Int, $yes: Boolean = false) {
  inner(n: $v) { x: a ...F b @include(if: $yes) } inner(n: $v) { b }
} fragment F on Inner { a x: a }"""


class Recorder(ExecutorThrowingOnIncremental):
    """Notes what it is given."""

    seen: list[tuple[Any, ...]]

    def complete_value(self, *given: Any, **named: Any) -> Any:
        """Note the arguments, and do as graphql-core does."""
        assert not named
        type(self).seen.append((self, *given))
        return super().complete_value(*given)


@pytest.fixture
def completed() -> tuple[Any, ...]:
    """Give what `complete_value` was called with for the root's field."""
    Recorder.seen = []
    done = execute_sync(SCHEMA, parse(DOCUMENT), {"inner": {"a": 1}}, executor_class=Recorder)
    assert done.data == {"inner": {"x": 1, "a": 1, "b": None}}
    return next(call for call in Recorder.seen if call[1] is INNER)


def test_complete_value_is_called_by_position_with_these_parameters() -> None:
    names = ["self", "return_type", "field_details_list", "info", "path", "result", "position_context"]
    assert list(inspect.signature(ExecutorThrowingOnIncremental.complete_value).parameters) == names
    assert list(inspect.signature(ReadingExecutor.complete_value).parameters) == names


def test_complete_value_gets_the_fields_of_the_document_their_path_and_the_resolvers_result(
    completed: tuple[Any, ...],
) -> None:
    executor, _, details, info, path, result, context = completed
    assert [one.node.name.value for one in details] == ["inner", "inner"]
    assert info.field_name == "inner"
    assert isinstance(path, Path)
    assert path.as_list() == ["inner"]
    assert result == {"a": 1}
    assert context is None
    assert executor.context_value is None
    assert isinstance(executor.operation, OperationDefinitionNode)
    assert set(executor.fragments) == {"F"}
    assert executor.schema is SCHEMA


def test_collect_subfields_merges_fields_with_fragments_and_directives(completed: tuple[Any, ...]) -> None:
    executor, _, details, *_ = completed
    arguments = (SCHEMA, executor.fragments, executor.variable_values, executor.operation, INNER, details)
    found = collect_subfields(*arguments).grouped_field_set
    assert {key: [one.node.name.value for one in fields] for key, fields in found.items()} == {
        "x": ["a", "a"],
        "a": ["a"],
        "b": ["b"],
    }
    assert list(found) == ["x", "a", "b"]


def test_get_argument_values_takes_defaults_and_leaves_out_what_was_not_given(completed: tuple[Any, ...]) -> None:
    executor, _, details, *_ = completed
    node, of_fragment = details[0].node, details[0].fragment_variable_values
    found = get_argument_values(FIELD, node, executor.variable_values, of_fragment, hide_suggestions=True)
    assert found == {"n": 7}


def test_collected_errors_take_an_error_with_its_path(completed: tuple[Any, ...]) -> None:
    executor = completed[0]
    before = list(executor.collected_errors.errors)
    error = GraphQLError("one", path=["inner", 0])
    executor.collected_errors.add(error, Path(completed[4], 0, None))
    assert executor.collected_errors.errors == [*before, error]


def test_a_value_that_is_no_promise_is_completed_as_always() -> None:
    done = execute_sync(SCHEMA, parse(DOCUMENT), {"inner": {"a": 1, "b": 2}}, executor_class=ReadingExecutor)
    assert (done.data, done.errors) == ({"inner": {"x": 1, "a": 1, "b": 2}}, None)
