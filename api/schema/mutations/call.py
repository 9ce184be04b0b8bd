"""What the mutations share: how they are declared, and how they say why they did not do what was asked."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from api.context import Context
from api.reading.category import DataCategory
from api.reading.reads import Read
from api.writing.refusal import CallRefusedError, Problem
from api.writing.writer import Writer

Info = strawberry.Info[Context, None]
_CATEGORY = "category"

Given = TypeVar("Given")
Payload = TypeVar("Payload")
Resolve = Callable[[Info, Given], Awaitable[Payload]]


@strawberry.type(description="Why a mutation did not do what was asked. It changed nothing then.")
class UserError:
    """One reason."""

    field: list[str] | None = strawberry.field(
        description="The part of the arguments that it is about, from the outermost name down; null for the whole call."
    )
    code: str = strawberry.field(description="FORBIDDEN, NOT_FOUND, INVALID or CONFLICT.")
    message: str = strawberry.field(description="The same in a sentence.")


def mutation(resolve: Callable[..., Any], category: DataCategory | None, description: str) -> Any:
    """Declare a mutation. `category`: of what it changes, for the policy; None where the policy does not decide."""
    named = None if category is None else category.value
    return strawberry.mutation(resolver=resolve, description=description, metadata={_CATEGORY: named})


def calls_of(root: type) -> dict[str, str]:
    """Return the mutations in `root` about which the policy decides, each with its category.

    Raises `TypeError` for one of which nobody said whether it does.
    """
    found = {}
    for field in get_object_definition(root, strict=True).fields:
        if _CATEGORY not in field.metadata:
            raise TypeError(f"Say of the mutation {field.python_name} which category of data it changes.")
        if (category := field.metadata[_CATEGORY]) is not None:
            found[field.graphql_name or to_camel_case(field.python_name)] = category
    return found


def answers(payload: Callable[..., Payload]) -> Callable[[Resolve[Given, Payload]], Resolve[Given, Payload]]:
    """Let a resolver refuse its call with `CallRefusedError`: `payload` says why then, and holds nothing else."""

    def wrap(resolve: Resolve[Given, Payload]) -> Resolve[Given, Payload]:
        @wraps(resolve)
        async def resolved(info: Info, given: Given) -> Payload:
            try:
                return await resolve(info, given)
            except CallRefusedError as refusal:
                return payload(user_errors=[_told(problem) for problem in refusal.problems])

        return resolved

    return wrap


def writer_of(info: Info) -> Writer:
    """Return the request's writer."""
    writer = info.context.writer
    assert writer is not None, "mutations are executed in a transaction that writes"
    return writer


def promise(kind: str, key: UUID) -> Any:
    """Return the object of a payload: the reader answers it, so that it shows what a query would and nothing else."""
    return Read(kind, key)


def _told(problem: Problem) -> UserError:
    field = None if problem.field is None else ["input", problem.field]
    return UserError(field=field, code=problem.code.value, message=problem.message)
