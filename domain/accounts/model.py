"""Sessions: what an access token stands for, and what ends it at once."""

from sqlalchemy import CheckConstraint, Column, Uuid, func

from tenants.tables import Timestamp, belongs_to, index, tenant_table

session = tenant_table(
    "session",
    Column("person_id", Uuid, nullable=True, comment="a member of this tenant"),
    Column("case_id", Uuid, nullable=True, comment="or a staff member's case on it"),
    Column("started_at", Timestamp, nullable=False, server_default=func.now()),
    Column("expires_at", Timestamp, nullable=False),
    Column("ended_at", Timestamp, nullable=True),
    belongs_to("person", "person_id"),
    belongs_to("staff_case", "case_id"),
    index("session_person_id_idx", "person_id"),
    index("session_case_id_idx", "case_id"),
    CheckConstraint("num_nonnulls(person_id, case_id) = 1", name="one_bearer"),
    CheckConstraint("expires_at > started_at", name="expires_at"),
    comment="A signed-in session. Its row is read in every request's own transaction, so ending it ends it at once.",
)
