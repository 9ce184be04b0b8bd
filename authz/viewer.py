"""The person who asks, and the words in which policies speak of people."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tenants.ids import TenantId


class Role(StrEnum):
    """In what role somebody asks."""

    LEARNER = "LEARNER"
    MINOR = "MINOR"
    WARD = "WARD"
    GUARDIAN = "GUARDIAN"
    INSTRUCTOR = "INSTRUCTOR"
    ENTERPRISE_ADMIN = "ENTERPRISE_ADMIN"
    SEAT_MANAGER = "SEAT_MANAGER"
    SUPPORT = "SUPPORT"
    SECURITY = "SECURITY"
    PRIVACY = "PRIVACY"


class Purpose(StrEnum):
    """Why somebody reads. `policy/purposes.csv` ties each to its lawful basis and to the roles that may name it."""

    SELF_SERVICE = "SELF_SERVICE"
    GUARDIANSHIP = "GUARDIANSHIP"
    TEACHING = "TEACHING"
    SEAT_MANAGEMENT = "SEAT_MANAGEMENT"
    SUPPORT_CASE = "SUPPORT_CASE"
    SECURITY_REVIEW = "SECURITY_REVIEW"
    PRIVACY_REQUEST = "PRIVACY_REQUEST"
    FRAUD_PREVENTION = "FRAUD_PREVENTION"
    LEGAL_REQUEST = "LEGAL_REQUEST"


class SubjectClass(StrEnum):
    """What kind of person a row describes, in the words of the policy files. Restricted goes before minor."""

    ADULT = "adult"
    MINOR = "minor"
    RESTRICTED = "restricted"


class SubjectFlag(StrEnum):
    """What sets a person apart from an unrestricted adult, in the words of the public schema."""

    MINOR = "MINOR"
    RESTRICTED = "RESTRICTED"


def flags_of(subject: SubjectClass) -> list[SubjectFlag]:
    """Return a kind of person by its flags: none is an adult, and a restriction goes before being a minor."""
    return [flag for flag in SubjectFlag if flag.value == subject.name]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: tenant, person, roles held in it, session, and for the platform's staff the open case."""

    tenant_id: TenantId
    person_id: UUID
    session_id: UUID
    roles: tuple[Role, ...]
    case_id: UUID | None = None
    purpose: Purpose | None = None
    """The case's purpose; None for whoever needs no case, because their roles say why they read."""
