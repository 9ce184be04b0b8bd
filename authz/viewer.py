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


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: tenant, person, roles held in it, session, and for the platform's staff the open case."""

    tenant_id: TenantId
    person_id: UUID
    session_id: UUID
    roles: tuple[Role, ...]
    case_id: UUID | None = None
