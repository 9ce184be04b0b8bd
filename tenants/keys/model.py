"""The keys' tables, in a schema of their own: a backup of the data leaves it out, one of the keys holds it alone."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
)

from tenants.tables import Timestamp, at_most, index, metadata, tenant_table

SCHEMA = "keys"

master_key = Table(
    "master_key",
    metadata,
    Column("name", Text, primary_key=True),
    Column("since", Timestamp, nullable=False, server_default=func.now()),
    Column("until", Timestamp, nullable=True, comment="nothing is wrapped by it any more"),
    CheckConstraint("name ~ '^[A-Za-z0-9:/._-]{1,200}$'", name="name"),
    schema=SCHEMA,
    comment="The names of the master keys that ever wrapped a tenant's key here. It belongs to no tenant.",
)

tenant_key = Table(
    "tenant_key",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("master", Text, nullable=False, comment="the master key that wraps it"),
    Column("wrapped", LargeBinary, nullable=False),
    Column("since", Timestamp, nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("tenant_id", "version"),
    ForeignKeyConstraint(["master"], [f"{SCHEMA}.master_key.name"]),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("octet_length(wrapped) <= 8192", name="wrapped"),
    schema=SCHEMA,
    comment="A tenant's keys, wrapped; the highest version wraps what is new, an older one is there while it is "
    "replaced.",
)

data_key = Table(
    "data_key",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False, comment="a person, or the tenant itself for what it searches by"),
    Column("tenant_key", Integer, nullable=False, comment="the version of the tenant's key that wraps it"),
    Column("wrapped", LargeBinary, nullable=False),
    Column("since", Timestamp, nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("tenant_id", "owner_id"),
    ForeignKeyConstraint(
        ["tenant_id", "tenant_key"], [f"{SCHEMA}.tenant_key.tenant_id", f"{SCHEMA}.tenant_key.version"]
    ),
    CheckConstraint("octet_length(wrapped) = 69", name="wrapped"),
    index("data_key_tenant_key_idx", "tenant_key", "owner_id"),
    schema=SCHEMA,
    comment="The key of one person's sealed data, wrapped. Without it nothing of theirs opens, in no copy.",
)

shredded_key = tenant_table(
    "shredded_key",
    Column("owner_id", Uuid, nullable=False),
    Column("at", Timestamp, nullable=False, server_default=func.now()),
    Column("reason", Text, nullable=False),
    at_most("reason", 200),
    key=("owner_id",),
    comment="Whose key was destroyed. It stands with the data, so that keys that are restored are destroyed again.",
)
