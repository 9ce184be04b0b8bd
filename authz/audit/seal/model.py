"""The seal's tables: what waits, the tree's leaves and inner hashes, and its checkpoints."""

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, SmallInteger, Text, Uuid

from tenants.model import RETENTION_YEARS
from tenants.tables import Timestamp, at_most, between, one_of, tenant_table, unique

MOST_LEAVES = 2**31 - 1
"""Leaves in one tree: GraphQL's Int holds its size."""

unsealed_event = tenant_table(
    "unsealed_event",
    Column("retention_years", SmallInteger, nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("event_id", Uuid, nullable=False),
    key=("at", "event_id", "retention_years"),
    comment="Events that wait to be sealed. A trigger adds each with its event.",
    derived=True,
)

unkept_checkpoint = tenant_table(
    "unkept_checkpoint",
    Column("size", Integer, nullable=False),
    key=("size",),
    comment="Checkpoints that wait to be kept outside the database.",
    derived=True,
)

trail_leaf = tenant_table(
    "trail_leaf",
    Column("position", Integer, nullable=False, comment="from 0, without gaps"),
    Column("event_id", Uuid, nullable=False),
    Column("retention_years", SmallInteger, nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    unique("event_id"),
    between("position", 0, MOST_LEAVES - 1),
    one_of("retention_years", map(str, RETENTION_YEARS)),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    key=("position",),
    comment="The order of the events, with the hash of each (RFC 9162, section 2.1.1). It outlives them.",
    derived=True,
)

trail_node = tenant_table(
    "trail_node",
    Column("level", SmallInteger, nullable=False, comment="16^level leaves lie below"),
    Column("index", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    between("level", 1, 7),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    key=("level", "index"),
    comment="The roots of the tree's complete parts, so that a proof reads a few rows.",
    derived=True,
)

trail_checkpoint = tenant_table(
    "trail_checkpoint",
    Column("size", Integer, nullable=False, comment="how many leaves it covers"),
    Column("at", Timestamp, nullable=False, comment="when it was signed"),
    Column("note", Text, nullable=False, comment="as C2SP's tlog-checkpoint has it"),
    between("size", 1, MOST_LEAVES),
    at_most("note", 4000),
    key=("size",),
    comment="What was signed of the tree, and when.",
)
