"""The table of changes: who changed which field of whom, with keyed hashes of the old and the new value."""

from sqlalchemy import Column, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from tenants.tables import Timestamp, at_most, index, tenant_table

change_event = tenant_table(
    "change_event",
    Column("at", Timestamp, nullable=False),
    # No foreign keys: the record outlives the people and sessions that it names.
    Column("actor_id", Uuid, nullable=False),
    Column("roles", ARRAY(Text), nullable=False, comment="granted to the actor at the time"),
    Column("capacities", ARRAY(Text), nullable=False, comment="in which the actor met the one concerned"),
    Column("session_id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=True),
    Column("request_id", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("mutation", Text, nullable=False),
    Column("subject_id", Uuid, nullable=True, comment="whom the changed object describes; null: nobody"),
    Column("object_type", Text, nullable=False),
    Column("object_id", Uuid, nullable=False),
    Column("changes", JSONB, nullable=False, comment='[{"field": "Type.field", "old": "HMAC", "new": "HMAC"}]'),
    index("change_event_at_idx", "at", "id"),
    index("change_event_subject_idx", "subject_id", "at"),
    at_most("request_id", 128),
    at_most("mutation", 100),
    at_most("object_type", 100),
    comment="The record of one change. It may be added to and read, never changed.",
)
