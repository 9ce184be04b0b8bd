"""The table of a tenant's own rules. A rule that was removed keeps its row: who changed what, and when, stays."""

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, Text, Uuid

from authz.viewer import Role
from tenants.tables import Timestamp, at_most, between, index, one_of, tenant_table

tenant_rule = tenant_table(
    "tenant_rule",
    Column("version", Integer, nullable=False, comment="the count of the tenant's changes when it was added"),
    Column("role", Text, nullable=False),
    Column("object", Text, nullable=False, comment="Type.field or Type#CATEGORY"),
    Column("subject", Text, nullable=True, comment="the kind of person it speaks of; null: everybody"),
    Column("allow", Boolean, nullable=False, comment="lifts what the agreement grants; else it denies"),
    # No foreign keys: a rule outlives those who made it.
    Column("author_id", Uuid, nullable=False),
    Column("added_at", Timestamp, nullable=False),
    Column("removed_version", Integer, nullable=True, comment="the count of changes when it was removed"),
    Column("removed_by", Uuid, nullable=True),
    Column("removed_at", Timestamp, nullable=True),
    index("tenant_rule_version_idx", "version", is_unique=True),
    index("tenant_rule_removed_version_idx", "removed_version", is_unique=True),
    one_of("role", Role),
    one_of("subject", ("MINOR", "RESTRICTED")),
    at_most("object", 120),
    between("version", 1, 2_000_000_000),
    CheckConstraint(
        "num_nulls(removed_version, removed_by, removed_at) IN (0, 3) AND removed_version > version", name="removed"
    ),
    comment="What a tenant's admins narrowed, and what they lifted where the agreement grants it.",
)
