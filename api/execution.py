"""Executing a document that passed every check, and making errors fit to leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import structlog
from graphql import (
    ArgumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    ValueNode,
    VariableDefinitionNode,
    execute,
    print_ast,
)
from graphql.execution.values import get_variable_values
from sqlalchemy.exc import SQLAlchemyError

from api.context import Context
from api.document.documents import Document
from api.error_order import in_order
from api.errors import Code, RequestRefusedError, formatted, internal
from api.reading.executor import ReadingExecutor
from authz.audit.recorder import TrailUnavailableError
from tenants.connection import DatabaseUnavailableError, StatementFailedError
from tenants.keys.master import MasterKeyError

log = structlog.get_logger(__name__)

_OF_THE_TRANSACTION = (
    DatabaseUnavailableError,
    StatementFailedError,
    SQLAlchemyError,
    TrailUnavailableError,
    MasterKeyError,
)
_MOST_LOGGED = 10
"""Errors of one answer that are logged: a list of a hundred that fails, fails a hundred times for one reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The data and errors of one executed operation (GraphQL specification, section 7.1)."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]


def check_variables(schema: GraphQLSchema, document: Document, variables: Mapping[str, Any]) -> None:
    """Raise the refusal of values that the document's variables cannot take. It repeats none of them."""
    found = get_variable_values(schema, document.operation.variable_definitions or (), dict(variables), max_errors=5)
    if isinstance(found, list):
        errors = [_bad_variable(error) for error in found]
        raise RequestRefusedError(400, Code.BAD_USER_INPUT, errors[0].message, errors=errors, well_formed=True)


async def run(
    schema: GraphQLSchema, document: Document, variables: Mapping[str, Any], context: Context | None, request_id: str
) -> Answer:
    """Execute `document`.

    Raises the database's, the trail's or the master key's error when a resolver met one: its transaction is lost with
    all that was to stand in it, so half an answer is none.
    """
    result = execute(
        schema,
        document.ast,
        context_value=context,
        variable_values=dict(variables),
        operation_name=document.operation.name.value if document.operation.name else None,
        executor_class=ReadingExecutor,
    )
    done = await result if isawaitable(result) else result
    if context is not None:
        context.reader.close()
    assert isinstance(done, ExecutionResult)
    errors = [_fit_to_leave(error, request_id) for error in done.errors or ()]
    for error, told in list(zip(done.errors or (), errors, strict=True))[:_MOST_LOGGED]:
        _log_ours(error, told)
    if context is not None and done.data is not None:
        errors += [error for _, error in context.reader.ledger.errors]
    return Answer(done.data, formatted(in_order(errors, done.data)))


def _bad_variable(error: GraphQLError) -> GraphQLError:
    # graphql-core's own message quotes the value.
    node = error.nodes[0] if error.nodes else None
    message = "A variable has a value that cannot be used."
    if isinstance(node, VariableDefinitionNode):
        message = f"Variable ${node.variable.name.value} has a value that is not a {print_ast(node.type)}."
    plain = GraphQLError(message, extensions={"code": Code.BAD_USER_INPUT.value})
    plain.locations = error.locations
    return plain


def _fit_to_leave(error: GraphQLError, request_id: str) -> GraphQLError:
    cause = error.original_error
    if isinstance(cause, _OF_THE_TRANSACTION):
        raise cause
    if error.extensions and "code" in error.extensions:
        return error
    if _is_of_argument(cause):
        told = GraphQLError("An argument here cannot be used.", extensions={"code": Code.BAD_USER_INPUT.value})
    else:
        told = internal(request_id)
    return GraphQLError(told.message, nodes=error.nodes, path=error.path, extensions=told.extensions)


def _log_ours(error: GraphQLError, told: GraphQLError) -> None:
    if (told.extensions or {}).get("code") == Code.INTERNAL:
        # The field's name in the schema: the path is made of aliases, which are the client's words.
        field = next((node.name.value for node in error.nodes or () if isinstance(node, FieldNode)), None)
        log.error("a resolver failed", exc_info=error.original_error or error, field=field)


def _is_of_argument(cause: Exception | None) -> bool:
    # graphql-core has no class for it, only the place: an argument or a value, where every other error has a field.
    nodes = (cause.nodes if isinstance(cause, GraphQLError) else None) or ()
    return any(isinstance(node, (ArgumentNode, ValueNode)) for node in nodes)
