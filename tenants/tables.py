"""How every table of a tenant is made: its keys begin with the tenant.

Primary keys, unique keys, foreign keys and indexes led by `tenant_id` are what isolation rests on: a row can only ever
point at a row of its own tenant, and a unique value of one tenant never collides with another's.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

Timestamp = DateTime(timezone=True)
"""An instant; stored in UTC."""

Sorted = Text(collation="C")
"""Text that lists are ordered by: one order (code points) on every server, and prefix ranges that an index serves."""


def tenant_table(
    name: str,
    *items: SchemaItem,
    key: Sequence[str] = ("id",),
    comment: str,
    partition_by: str | None = None,
    derived: bool = False,
) -> Table:
    """Return the table `name` of a tenant's rows: `tenant_id`, `items`, and a primary key of `tenant_id` and `key`.

    A table whose key is `id` gets that column here. `partition_by` is PostgreSQL's clause, such as `LIST (column)`.
    Rows that are `derived` are made of others that name the tenant, and spare looking it up again for each.
    """
    tenant = ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name=f"{name}_tenant_fkey")
    partitioning: dict[str, Any] = {"postgresql_partition_by": partition_by} if partition_by else {}
    return Table(
        name,
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        *([Column("id", Uuid, nullable=False)] if tuple(key) == ("id",) else []),
        *items,
        PrimaryKeyConstraint("tenant_id", *key),
        *([] if derived else [tenant]),
        comment=comment,
        **partitioning,
    )


def belongs_to(target: str, column: str, target_key: str = "id") -> ForeignKeyConstraint:
    """Return the reference of `column` to a row of `target` in the same tenant."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{target}.tenant_id", f"{target}.{target_key}"])


def unique(*columns: str) -> UniqueConstraint:
    """Return the rule that `columns` together are unique within a tenant."""
    return UniqueConstraint("tenant_id", *columns)


def index(name: str, *columns: str, where: str | None = None, is_unique: bool = False) -> Index:
    """Return the index `name` over `columns` of one tenant; `where` makes it partial."""
    options: dict[str, Any] = {"postgresql_where": text(where)} if where else {}
    return Index(name, "tenant_id", *columns, unique=is_unique, **options)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Return the rule that `column` holds one of `values`.

    Text and not an enum type: comparing enums is not leakproof, so under row-level security no index would serve it.
    """
    listed = ", ".join(value if value.isdigit() else f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def between(column: str, least: float, most: float) -> CheckConstraint:
    """Return the rule that `column` lies in a closed range; NaN, greater than every number here, does not."""
    return CheckConstraint(f"{column} >= {least} AND {column} <= {most}", name=column)


def at_most(column: str, characters: int) -> CheckConstraint:
    """Return the rule that the text in `column` is not longer than `characters`."""
    return CheckConstraint(f"char_length({column}) <= {characters}", name=column)
