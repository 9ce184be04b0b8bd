"""A tenant's own rules, and the record of changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tenants.isolation import isolate

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RIGHTS = {"tenant_rule": "SELECT, INSERT, UPDATE", "change_event": "SELECT, INSERT"}


def upgrade() -> None:
    """Make both tables and shut them up to their tenant; say at the tenant when its rules last changed."""
    op.add_column(
        "tenant",
        sa.Column(
            "policy_stamp",
            sa.Uuid(),
            nullable=True,
            comment="new with each change of what the tenant's own rules come to; null: never changed",
        ),
    )
    create_tables()
    for table, rights in RIGHTS.items():
        for statement in isolate(table, may=rights):
            op.execute(statement)


def create_tables() -> None:
    """Make both tables as the code describes them."""
    op.create_table(
        "change_event",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False, comment="granted to the actor at the time"),
        sa.Column(
            "capacities",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="in which the actor met the one concerned",
        ),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("mutation", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True, comment="whom the changed object describes; null: nobody"),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column(
            "changes",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment='[{"field": "Type.field", "old": "HMAC", "new": "HMAC"}]',
        ),
        sa.CheckConstraint("char_length(mutation) <= 100", name=op.f("change_event_mutation_check")),
        sa.CheckConstraint("char_length(object_type) <= 100", name=op.f("change_event_object_type_check")),
        sa.CheckConstraint("char_length(request_id) <= 128", name=op.f("change_event_request_id_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="change_event_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("change_event_pkey")),
        comment="The record of one change. It may be added to and read, never changed.",
    )
    op.create_index("change_event_at_idx", "change_event", ["tenant_id", "at", "id"], unique=False)
    op.create_index("change_event_subject_idx", "change_event", ["tenant_id", "subject_id", "at"], unique=False)
    op.create_table(
        "tenant_rule",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="the count of the tenant's changes when it was added"
        ),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False, comment="Type.field or Type#CATEGORY"),
        sa.Column("subject", sa.Text(), nullable=True, comment="the kind of person it speaks of; null: everybody"),
        sa.Column("allow", sa.Boolean(), nullable=False, comment="lifts what the agreement grants; else it denies"),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_version", sa.Integer(), nullable=True, comment="the count of changes when it was removed"),
        sa.Column("removed_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('LEARNER', 'MINOR', 'WARD', 'GUARDIAN', 'INSTRUCTOR', 'ENTERPRISE_ADMIN', 'SEAT_MANAGER', 'SUPPORT', 'SECURITY', 'PRIVACY')",
            name=op.f("tenant_rule_role_check"),
        ),
        sa.CheckConstraint("subject IN ('MINOR', 'RESTRICTED')", name=op.f("tenant_rule_subject_check")),
        sa.CheckConstraint("char_length(object) <= 120", name=op.f("tenant_rule_object_check")),
        sa.CheckConstraint(
            "num_nulls(removed_version, removed_by, removed_at) IN (0, 3) AND removed_version > version",
            name=op.f("tenant_rule_removed_check"),
        ),
        sa.CheckConstraint("version >= 1 AND version <= 2000000000", name=op.f("tenant_rule_version_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="tenant_rule_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("tenant_rule_pkey")),
        comment="What a tenant's admins narrowed, and what they lifted where the agreement grants it.",
    )
    op.create_index("tenant_rule_removed_version_idx", "tenant_rule", ["tenant_id", "removed_version"], unique=True)
    op.create_index("tenant_rule_version_idx", "tenant_rule", ["tenant_id", "version"], unique=True)
