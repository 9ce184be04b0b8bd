"""Explaining a document: what of it could be read, by whom and why not, and what it would take."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from graphql import ExecutionResult, GraphQLError, OperationType

from api.asking.fields import FieldsAsked
from api.asking.turns import in_turns
from api.context import Context
from api.document.documents import Document
from api.errors import RequestRefusedError
from api.execution import check_variables
from api.reading.foresight import Foreseeing, ForeseeingExecutor, Foresight
from api.reading.page import bad_input
from authz.beforehand import Foreseen, Question, foreseen
from authz.mask import Mask
from authz.reasons import is_of_staff, purpose_of
from authz.viewer import Purpose, Role, Viewer, flags_of

MOST_FIELDS = 1_500
"""Entries of one explanation: the fields that the policy decides, the roles of a viewer, the kinds of people."""

PRICE = 9_000
"""Values that explaining is worth: a document is parsed, checked and gone through like one that was sent."""

FIELD = "explain"

_NO_CASE = UUID(int=0)
"""Stands for the case that platform staff would have."""

Capacities = Mapping[Role, Sequence[Purpose]]


async def explanation(context: Context, text: str, variables: object, role: Role | None) -> dict[str, Any]:
    """Return what `text` would meet, as an object of the type Explanation; `role`: for that role alone.

    Raises `GraphQLError` with the code of a document or of variables that would be refused.
    """
    document, given = _admitted(context, text, variables)
    # Others get their turn between the steps: each may take as long as a document at the limits does.
    await asyncio.sleep(0)
    mask = context.reader.mask
    capacities = _capacities(context.viewer, mask, role)
    viewers = _viewers(context.viewer, capacities, role)
    foresight = Foresight(tuple(context.reading.standings.of(viewer, mask) for viewer in viewers))
    executor = ForeseeingExecutor.build(
        context.gate.schema,
        document.ast,
        context_value=Foreseeing(viewers[0], context.reading, foresight),
        raw_variable_values=given,
    )
    assert isinstance(executor, ForeseeingExecutor)
    try:
        questions = FieldsAsked(executor.collector(context.reading.entities)).collect()
        await asyncio.sleep(0)
        _run(executor)
    except GraphQLError as error:
        raise _without_place(error) from None
    statements = foresight.statements(context.reading)
    return {
        "fields": await in_turns(_entries(mask, capacities, questions)),
        "cost": document.cost,
        "statements": statements,
    }


def _admitted(context: Context, text: str, variables: object) -> tuple[Document, dict[str, Any]]:
    """Return the document and its variables, once they have passed what those that are sent pass."""
    if variables is not None and not isinstance(variables, dict):
        raise bad_input("variables is not an object.")
    given = variables or {}
    try:
        document = context.gate.prepare(text, None, given)
        check_variables(context.gate.schema, document, given)
    except RequestRefusedError as refusal:
        raise _told(refusal) from None
    if document.operation.operation is not OperationType.QUERY:
        raise bad_input("Only queries can be explained.")
    if FIELD in document.root_fields:
        raise bad_input(f"A document that asks {FIELD} cannot be explained itself.")
    return document, given


def _told(refusal: RequestRefusedError) -> GraphQLError:
    """Return a refusal as the error of one field: the places in it are those of the document explained."""
    errors = [
        {"message": error.message, "locations": [place.formatted for place in error.locations or ()]}
        for error in refusal.errors
    ]
    extensions = {"code": refusal.code.value, "errors": errors}
    return GraphQLError(refusal.errors[0].message, extensions=extensions)


def _capacities(viewer: Viewer, mask: Mask, role: Role | None) -> Capacities:
    """Return the roles in question, each with its purposes: the viewer's own, and all of a role that is not theirs."""
    own: dict[Role, Sequence[Purpose]] = {held: (purpose_of(held, viewer.purpose),) for held in viewer.roles}
    if role is None:
        return own
    return {role: own.get(role, mask.purposes(role))}


def _viewers(viewer: Viewer, capacities: Capacities, role: Role | None) -> list[Viewer]:
    """Return who would ask: the viewer; or somebody with that role alone, once for each purpose."""
    if role is None:
        return [viewer]
    if not is_of_staff(role):
        return [replace(viewer, roles=(role,), case_id=None, purpose=None)]
    return [replace(viewer, roles=(role,), case_id=_NO_CASE, purpose=purpose) for purpose in capacities[role]]


def _run(executor: ForeseeingExecutor) -> None:
    result = executor.execute_operation()
    assert isinstance(result, ExecutionResult)
    for error in result.errors or ():
        cause = error.original_error
        # Anything that is no refusal of an argument is a mistake of ours, and told like one.
        raise error if cause is None or isinstance(cause, GraphQLError) else cause


def _without_place(error: GraphQLError) -> GraphQLError:
    """Return the refusal of an argument as the error of one field: its place is in the document explained."""
    has_code = "code" in (error.extensions or {})
    return bad_input(error.message if has_code else "An argument of the document cannot be used.")


def _entries(mask: Mask, capacities: Capacities, questions: Sequence[Question]) -> Iterator[dict[str, Any]]:
    for question in questions:
        yield from map(_entry, foreseen(mask, capacities, question))


def _entry(cell: Foreseen) -> dict[str, Any]:
    return {**cell._asdict(), "subject": flags_of(cell.subject)}
