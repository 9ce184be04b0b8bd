"""The enums of the schema. They are the domain's and the policy's own; here they get their descriptions."""

import strawberry

from authz.audit.event import AccessOutcome
from authz.reasons import DenialReason
from authz.viewer import Purpose, Role, SubjectFlag
from domain.courses.model import AssessmentKind
from domain.enrollments.model import EnrollmentStatus, FinalResult
from domain.seats.model import SeatStatus

__all__ = [
    "AccessOutcome",
    "AssessmentKind",
    "DenialReason",
    "EnrollmentStatus",
    "FinalResult",
    "Purpose",
    "Role",
    "SeatStatus",
    "SubjectFlag",
]

strawberry.enum(
    Role,
    description="In what role somebody asks: granted (INSTRUCTOR, ENTERPRISE_ADMIN and the platform's staff), or held "
    "by what somebody is to somebody else.",
)
strawberry.enum(SubjectFlag, description="What sets a person apart from an unrestricted adult.")
strawberry.enum(Purpose, description="Why somebody reads.")
strawberry.enum(AccessOutcome, description="What became of a request.")
strawberry.enum(DenialReason, description="Why a field may not be read.")
strawberry.enum(AssessmentKind, description="Who marks an assessment, or that it is the exam.")
strawberry.enum(EnrollmentStatus, description="Where an enrolment stands.")
strawberry.enum(FinalResult, description="How an enrolment ended.")
strawberry.enum(SeatStatus, description="Where a seat stands; invited and active ones are live.")
