"""Tenants and their agreements, and the one table that belongs to nobody: the directory."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
)

from tenants.tables import Timestamp, at_most, metadata, one_of, tenant_table

PLATFORM_SLUG = "platform"
"""The tenant whose members are the platform's own staff."""

RETENTION_YEARS = (1, 2, 7)
"""The classes of how long a tenant's trail is kept."""

tenant_directory = Table(
    "tenant_directory",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    UniqueConstraint("tenant_id", "slug"),
    CheckConstraint("slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'", name="slug"),
    comment="Which tenants exist. The only table without row-level security, and it holds nothing else: "
    "a sign-in and a job have to find the tenant before they can set it.",
)

tenant = Table(
    "tenant",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("platform", Boolean, nullable=False, server_default=false()),
    Column("created_at", Timestamp, nullable=False, server_default=func.now()),
    Column(
        "policy_stamp",
        Uuid,
        nullable=True,
        comment="new with each change of what the tenant's own rules come to; null: never changed",
    ),
    ForeignKeyConstraint(
        ["tenant_id", "slug"], ["tenant_directory.tenant_id", "tenant_directory.slug"], onupdate="CASCADE"
    ),
    at_most("name", 200),
    comment="An organisation with its own people, rules and trail.",
)

agreement = tenant_table(
    "agreement",
    Column("version", Integer, nullable=False),
    Column("retention_years", SmallInteger, nullable=False),
    Column(
        "instructor_terms", Text, nullable=True, comment="the version instructors must accept before a first roster"
    ),
    Column("signed_at", Timestamp, nullable=False),
    one_of("retention_years", map(str, RETENTION_YEARS)),
    at_most("instructor_terms", 100),
    key=("version",),
    comment="What the platform and a tenant agreed on; the highest version is in force.",
)

agreement_category = tenant_table(
    "agreement_category",
    Column("version", Integer, nullable=False),
    Column("category", Text, nullable=False),
    ForeignKeyConstraint(["tenant_id", "version"], ["agreement.tenant_id", "agreement.version"]),
    at_most("category", 40),
    key=("version", "category"),
    comment="A category of data that an agreement covers.",
)

agreement_grant = tenant_table(
    "agreement_grant",
    Column("version", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("object", Text, nullable=False),
    ForeignKeyConstraint(["tenant_id", "version"], ["agreement.tenant_id", "agreement.version"]),
    at_most("role", 40),
    at_most("object", 120),
    key=("version", "role", "object"),
    comment="A cell marked grantable in the policy that an agreement lets the tenant's admins allow.",
)
