"""Sealed personal data: the keys' schema, and columns that hold ciphertext where they held text."""

import sqlalchemy as sa
from alembic import op

from migrations.runner import MigrationError
from tenants.isolation import APPLICATION_ROLE, isolate

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Bytes that a sealed text of so many characters has at most, by column.
SEALED = {
    "person": {
        "email": 1345, "phone": 225, "gender": 225, "age_band": 129, "region": 449, "disability": 65,
        "deprivation_band": 129, "birth_date": 97, "last_ip": 225, "last_device": 1665,
    },
    "seat": {"email": 1345},
    "access_event": {"client_address": 225, "client_device": 1665},
}  # fmt: skip

IN_CLEAR = (
    "This database holds personal data in clear, as no release ever kept it. Make a new one (give the demo another "
    "folder, or remove the old), and load the data there."
)


def upgrade() -> None:
    """Refuse a database with people in it, make the keys' schema, and turn the columns into ciphertext."""
    _refuse_data_in_clear()
    create_tables()
    op.execute(f"GRANT USAGE ON SCHEMA keys TO {APPLICATION_ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON keys.master_key TO {APPLICATION_ROLE}")
    rights = {"keys.tenant_key": ", DELETE", "keys.data_key": ", DELETE", "shredded_key": ""}
    for table, more in rights.items():
        for statement in isolate(table, may=f"SELECT, INSERT, UPDATE{more}"):
            op.execute(statement)
    for table, columns in SEALED.items():
        for column, size in columns.items():
            _seal(table, column, size)
    op.add_column("person", sa.Column("email_hash", sa.LargeBinary(), nullable=True, comment="to find the address by"))
    op.create_unique_constraint(op.f("person_tenant_id_email_hash_key"), "person", ["tenant_id", "email_hash"])


def _refuse_data_in_clear() -> None:
    """Raise `MigrationError` where there are people. Their owner sees rows of a table only while row-level security does not bind it."""
    for table in ("person", "access_event"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    found = sa.text("SELECT EXISTS (SELECT FROM person) OR EXISTS (SELECT FROM access_event)")
    if op.get_bind().execute(found).scalar_one():
        raise MigrationError(IN_CLEAR)
    for table in ("person", "access_event"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _seal(table: str, column: str, size: int) -> None:
    check = f"{table}_{column}_check"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {check}")
    if (table, column) == ("person", "email"):
        op.drop_constraint("person_tenant_id_email_key", table, type_="unique")
        op.execute("COMMENT ON COLUMN person.email IS 'trimmed, lower case'")
    op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bytea USING NULL")
    op.create_check_constraint(op.f(check), table, f"octet_length({column}) <= {size}")


def create_tables() -> None:
    """Make the tables as the code describes them."""
    op.execute("CREATE SCHEMA keys")
    op.create_table(
        "master_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True, comment="nothing is wrapped by it any more"),
        sa.CheckConstraint("name ~ '^[A-Za-z0-9:/._-]{1,200}$'", name=op.f("master_key_name_check")),
        sa.PrimaryKeyConstraint("name", name=op.f("master_key_pkey")),
        schema="keys",
        comment="The names of the master keys that ever wrapped a tenant's key here. It belongs to no tenant.",
    )
    op.create_table(
        "tenant_key",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("master", sa.Text(), nullable=False, comment="the master key that wraps it"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("tenant_key_version_check")),
        sa.CheckConstraint("octet_length(wrapped) <= 8192", name=op.f("tenant_key_wrapped_check")),
        sa.ForeignKeyConstraint(["master"], ["keys.master_key.name"], name=op.f("tenant_key_master_fkey")),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("tenant_key_pkey")),
        schema="keys",
        comment="A tenant's keys, wrapped; the highest version wraps what is new, an older one is there while it is "
        "replaced.",
    )
    op.create_table(
        "data_key",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "owner_id", sa.Uuid(), nullable=False, comment="a person, or the tenant itself for what it searches by"
        ),
        sa.Column("tenant_key", sa.Integer(), nullable=False, comment="the version of the tenant's key that wraps it"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("octet_length(wrapped) = 69", name=op.f("data_key_wrapped_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "tenant_key"],
            ["keys.tenant_key.tenant_id", "keys.tenant_key.version"],
            name=op.f("data_key_tenant_id_tenant_key_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "owner_id", name=op.f("data_key_pkey")),
        schema="keys",
        comment="The key of one person's sealed data, wrapped. Without it nothing of theirs opens, in no copy.",
    )
    op.create_index(
        "data_key_tenant_key_idx", "data_key", ["tenant_id", "tenant_key", "owner_id"], unique=False, schema="keys"
    )
    op.create_table(
        "shredded_key",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("char_length(reason) <= 200", name=op.f("shredded_key_reason_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="shredded_key_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "owner_id", name=op.f("shredded_key_pkey")),
        comment="Whose key was destroyed. It stands with the data, so that keys that are restored are destroyed again.",
    )
