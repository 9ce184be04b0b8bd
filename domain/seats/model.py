"""Seat pools and seats."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, Date, Integer, Text, Uuid, func

from tenants.keys.columns import Sealed, sealed_at_most
from tenants.tables import Timestamp, at_most, belongs_to, between, index, one_of, tenant_table


class SeatStatus(StrEnum):
    """Where a seat stands; invited and active ones are live and count against their pool."""

    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


seat_pool = tenant_table(
    "seat_pool",
    Column("name", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    at_most("name", 200),
    between("total", 0, 10_000_000),
    CheckConstraint("ends_on >= starts_on", name="dates"),
    comment="A number of seats that a tenant bought, for some courses and some time.",
)

seat_pool_course = tenant_table(
    "seat_pool_course",
    Column("pool_id", Uuid, nullable=False),
    Column("course_id", Uuid, nullable=False),
    belongs_to("seat_pool", "pool_id"),
    belongs_to("course", "course_id"),
    index("seat_pool_course_course_id_idx", "course_id"),
    key=("pool_id", "course_id"),
    comment="A course that a pool's seats open.",
)

seat = tenant_table(
    "seat",
    Column("pool_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("email", Sealed(owner="person_id"), nullable=True, comment="the address the invitation went to"),
    Column("status", Text, nullable=False),
    Column("assigned_at", Timestamp, nullable=False, server_default=func.now()),
    Column("accepted_at", Timestamp, nullable=True),
    Column("revoked_at", Timestamp, nullable=True),
    Column("last_used_at", Timestamp, nullable=True),
    belongs_to("seat_pool", "pool_id"),
    belongs_to("person", "person_id"),
    index("seat_live_key", "pool_id", "person_id", where="status IN ('INVITED', 'ACTIVE')", is_unique=True),
    index("seat_pool_id_idx", "pool_id", "id"),
    index("seat_person_id_idx", "person_id"),
    one_of("status", SeatStatus),
    *sealed_at_most(email=320),
    comment="A seat of a pool that a person holds or held.",
)
