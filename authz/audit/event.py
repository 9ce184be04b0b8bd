"""The trail's table: what one request released and denied, and never a value."""

from enum import StrEnum

from sqlalchemy import Column, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from tenants.keys.columns import Sealed, sealed_at_most
from tenants.model import RETENTION_YEARS
from tenants.tables import Timestamp, at_most, between, index, one_of, tenant_table


class AccessOutcome(StrEnum):
    """What became of a request: released only; something denied; refused as a whole."""

    RELEASED = "RELEASED"
    DENIED = "DENIED"
    REFUSED = "REFUSED"


access_event = tenant_table(
    "access_event",
    Column("retention_years", SmallInteger, nullable=False, comment="how long the tenant's agreement keeps it"),
    Column("at", Timestamp, nullable=False),
    Column("id", Uuid, nullable=False),
    # No foreign keys: the trail outlives the people and sessions that it names.
    Column("actor_id", Uuid, nullable=False),
    Column("roles", ARRAY(Text), nullable=False, comment="granted to the actor at the time"),
    Column("capacities", ARRAY(Text), nullable=False, comment="in which the actor met the rows that were read"),
    Column("session_id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=True),
    Column("purpose", Text, nullable=False),
    Column("operation", Text, nullable=True),
    Column("document_hash", Text, nullable=False, comment="SHA-256 of the document, hexadecimal"),
    Column("request_id", Text, nullable=False),
    Column("client_address", Sealed(owner="actor_id"), nullable=True),
    Column("client_device", Sealed(owner="actor_id"), nullable=True),
    Column("policy_version", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("subject_count", Integer, nullable=False),
    Column("disclosures", JSONB, nullable=False, comment='[{"fields": ["Type.field"], "subjects": ["UUID"]}]'),
    Column(
        "denials",
        JSONB,
        nullable=False,
        comment='[{"field": "Type.field", "reason": "...", "told": "...", "subjects": ["UUID"]}]',
    ),
    index("access_event_id_idx", "id"),
    index("access_event_at_idx", "at", "id"),
    one_of("outcome", AccessOutcome),
    one_of("retention_years", map(str, RETENTION_YEARS)),
    between("subject_count", 0, 10_000_000),
    at_most("operation", 200),
    at_most("document_hash", 64),
    at_most("request_id", 128),
    *sealed_at_most(client_address=45, client_device=400),
    key=("retention_years", "at", "id"),
    comment="The record of one request. It may be added to and read, never changed.",
    partition_by="LIST (retention_years)",
)
