"""updateProfile: what a person tells about themselves."""

from typing import Annotated

import strawberry
from strawberry.utils.str_converters import to_camel_case

from api.schema.learner import Learner
from api.schema.mutations.call import Info, UserError, answers, promise, writer_of
from api.writing.refusal import CallCode, CallRefusedError, Problem
from domain.people import service
from domain.values.unfit import UnfitValuesError

NAME = "updateProfile"


def _optional(description: str) -> str | None:
    given: str | None = strawberry.field(default=strawberry.UNSET, description=description)
    return given


@strawberry.input(description="What is left out stays as it is; null or an empty text takes away what is there.")
class UpdateProfileInput:
    """A profile, or a part of it."""

    title: str | None = _optional("The professional title, 200 characters at most.")
    education: str | None = _optional("The highest education, 200 characters at most.")
    location: str | None = _optional("Where one is, 200 characters at most.")
    language: str | None = _optional("The language one prefers, as BCP 47 writes it.")
    learning_goals: str | None = _optional("What one wants to learn, 4000 characters at most, in any number of lines.")
    phone: str | None = _optional("An international telephone number: a plus, the country's code, the number.")


@strawberry.type(description="The profile as it is now, or why the call was refused.")
class UpdateProfilePayload:
    """What became of the call."""

    learner: Learner | None = strawberry.field(default=None, description="The person; null if the call was refused.")
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why the call was refused; empty if all went well."
    )


@answers(UpdateProfilePayload)
async def update_profile(
    info: Info,
    given: Annotated[UpdateProfileInput, strawberry.argument(name="input", description="What is to be different.")],
) -> UpdateProfilePayload:
    """Change the viewer's own profile."""
    writer = writer_of(info)
    values = {name: value for name, value in vars(given).items() if value is not strawberry.UNSET}
    target = await writer.own()
    writer.check(NAME, target, {f"Learner.{to_camel_case(name)}": to_camel_case(name) for name in values})
    try:
        changes = await service.update_profile(writer.session, target.key, values)
    except UnfitValuesError as error:
        raise CallRefusedError(
            *(Problem(CallCode.INVALID, message, to_camel_case(name)) for name, message in error.problems.items())
        ) from None
    await writer.record(NAME, target, "Learner", target.key, changes)
    return UpdateProfilePayload(learner=promise("Learner", target.key))
