"""withdraw: that a person gives a course up."""

from typing import Annotated

import strawberry

from api.schema.enrollment import Enrollment
from api.schema.mutations.call import Info, UserError, answers, promise, writer_of
from domain.enrollments import service
from domain.enrollments.model import EnrollmentStatus

NAME = "withdraw"
WRITES = {"Enrollment.status": None}
"""The rest of an enrolment's row follows from its status."""


@strawberry.input(description="Which enrolment ends.")
class WithdrawInput:
    """An enrolment."""

    enrollment_id: strawberry.ID = strawberry.field(description="The enrolment.")


@strawberry.type(description="The enrolment as it is now, or why the call was refused.")
class WithdrawPayload:
    """What became of the call."""

    enrollment: Enrollment | None = strawberry.field(
        default=None, description="The enrolment; null if the call was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why the call was refused; empty if all went well."
    )


@answers(WithdrawPayload)
async def withdraw(
    info: Info, given: Annotated[WithdrawInput, strawberry.argument(name="input", description="Which enrolment.")]
) -> WithdrawPayload:
    """End an enrolment. One that was given up before stays as it is.

    Whoever may not see how it stands is answered alike however that is, and by the same statements.
    """
    writer = writer_of(info)
    target = await writer.find("Enrollment", given.enrollment_id, "enrollmentId")
    writer.check(NAME, target, WRITES)
    outcome = await service.withdraw(writer.session, target.key)
    if outcome.before is EnrollmentStatus.COMPLETED and writer.sees(target, "status"):
        told = "The course is completed, so it cannot be given up."
        raise writer.conflict(target, ("id", "status"), told, "enrollmentId")
    await writer.record(NAME, target, "Enrollment", target.key, outcome.changes)
    return WithdrawPayload(enrollment=promise("Enrollment", target.key))
