"""Staff cases: staff, tenant, purpose, reason, ticket, expiry, and for support the people concerned."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, Text, Uuid, func

from domain.people.model import STAFF_ROLES
from tenants.tables import Timestamp, at_most, belongs_to, index, one_of, tenant_table


class CasePurpose(StrEnum):
    """Why a member of the platform's staff may look."""

    SUPPORT_CASE = "SUPPORT_CASE"
    SECURITY_REVIEW = "SECURITY_REVIEW"
    PRIVACY_REQUEST = "PRIVACY_REQUEST"
    FRAUD_PREVENTION = "FRAUD_PREVENTION"
    LEGAL_REQUEST = "LEGAL_REQUEST"


staff_case = tenant_table(
    "staff_case",
    # No foreign key: the person is a member of the platform's tenant, and no key here reaches across tenants.
    Column("staff_id", Uuid, nullable=False, comment="the person in the platform's tenant"),
    Column("staff_role", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("opened_at", Timestamp, nullable=False, server_default=func.now()),
    Column("expires_at", Timestamp, nullable=False),
    Column("closed_at", Timestamp, nullable=True),
    Column("outcome", Text, nullable=True),
    one_of("staff_role", STAFF_ROLES),
    one_of("purpose", CasePurpose),
    CheckConstraint("char_length(reason) BETWEEN 1 AND 2000", name="reason"),
    CheckConstraint("char_length(ticket) BETWEEN 1 AND 100", name="ticket"),
    CheckConstraint("expires_at > opened_at", name="expires_at"),
    at_most("outcome", 2000),
    index("staff_case_staff_id_idx", "staff_id"),
    comment="Why, and until when, a member of the platform's staff may touch this tenant.",
)

staff_case_subject = tenant_table(
    "staff_case_subject",
    Column("case_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    belongs_to("staff_case", "case_id"),
    belongs_to("person", "person_id"),
    index("staff_case_subject_person_id_idx", "person_id"),
    key=("case_id", "person_id"),
    comment="A person whom a case is about.",
)
