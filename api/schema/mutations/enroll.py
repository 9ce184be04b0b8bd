"""enroll: that a person takes a course."""

from typing import Annotated

import strawberry

from api.schema.enrollment import Enrollment
from api.schema.mutations.call import Info, UserError, answers, promise, writer_of
from api.writing.refusal import CallCode, CallRefusedError, Problem
from domain.enrollments import service
from domain.enrollments.model import EnrollmentStatus

NAME = "enroll"
WRITES = {"Enrollment.status": None}
"""The rest of an enrolment's row follows from its status."""


@strawberry.input(description="Who takes which course.")
class EnrollInput:
    """A person and a course."""

    course_id: strawberry.ID = strawberry.field(description="The course.")
    learner_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The person; the viewer, if left out."
    )


@strawberry.type(description="The enrolment, or why the call was refused.")
class EnrollPayload:
    """What became of the call."""

    enrollment: Enrollment | None = strawberry.field(
        default=None, description="The enrolment; null if the call was refused, or if the viewer may not see it."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why the call was refused; empty if all went well."
    )


@answers(EnrollPayload)
async def enroll(
    info: Info, given: Annotated[EnrollInput, strawberry.argument(name="input", description="Who, and which course.")]
) -> EnrollPayload:
    """Enrol a person.

    Whoever may not see how an enrolment stands is answered alike whether there is one, and by the same statements.
    """
    writer = writer_of(info)
    course = await writer.find("Course", given.course_id, "courseId")
    someone = None if given.learner_id is strawberry.UNSET else given.learner_id
    learner = await writer.own() if someone is None else await writer.find("Learner", someone, "learnerId")
    writer.check(NAME, learner, WRITES)
    try:
        outcome = await service.enroll(writer.session, course.key, learner.key)
    except service.NotAMemberError:
        told = "Only a member of the organisation can take its courses."
        raise CallRefusedError(Problem(CallCode.INVALID, told, "learnerId")) from None
    found = await writer.reader.met("Enrollment", outcome.id)
    stands = outcome.before not in (None, EnrollmentStatus.WITHDRAWN)
    if stands and found is not None and writer.sees(found, "id", "status"):
        raise writer.conflict(found, ("id", "status"), "The course is taken already.", "courseId")
    await writer.record(NAME, learner, "Enrollment", outcome.id, outcome.changes)
    return EnrollPayload(enrollment=promise("Enrollment", outcome.id))
