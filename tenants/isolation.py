"""Row-level security, made by one helper for every table that holds a tenant's rows.

The policy compares each row's tenant with the one set in the transaction. Nothing set, or nothing that is a UUID: no
row is seen and none can be written. FORCE makes it hold for the tables' owner too.
"""

from collections.abc import Iterator

APPLICATION_ROLE = "sextrontgen_app"
"""The database role that the server works under. It owns nothing and cannot bypass row-level security."""

TENANT_SETTING = "app.tenant"
"""The transaction's setting that names its tenant."""

_CURRENT_TENANT = f"nullif(current_setting('{TENANT_SETTING}', true), '')::uuid"


def isolate(table: str, *, may: str = "SELECT, INSERT, UPDATE") -> Iterator[str]:
    """Yield the statements that shut `table` up to its tenant and let the application's role do `may` with its rows.

    One of another schema is named `schema.table`.
    """
    table = ".".join(f'"{part}"' for part in table.split("."))
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield (
        f"CREATE POLICY tenant_isolation ON {table} "
        f"USING (tenant_id = {_CURRENT_TENANT}) WITH CHECK (tenant_id = {_CURRENT_TENANT})"
    )
    yield f"GRANT {may} ON {table} TO {APPLICATION_ROLE}"


def shut(partition: str) -> Iterator[str]:
    """Yield the statements that close a partition to everybody who names it instead of the table it is part of."""
    yield f'ALTER TABLE "{partition}" ENABLE ROW LEVEL SECURITY'
    yield f'ALTER TABLE "{partition}" FORCE ROW LEVEL SECURITY'
