"""Many rows in one statement: arrays in, one upsert out.

COPY does not work under row-level security, and one statement per row pays for a round trip each. PostgreSQL turns a
few arrays into rows by itself (`unnest`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, column, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants.session import CURRENT_TENANT, WriteSession


async def upsert(
    session: WriteSession, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str], change: Sequence[str]
) -> int:
    """Add `rows` to `table` as the session's tenant's; return how many were added or changed.

    Every row has the same keys. A row whose `key` (columns after `tenant_id` of a unique key) is there already has its
    columns `change` set, and is left alone when `change` is empty or says nothing new. No key twice within `rows`.
    """
    if not rows:
        return 0
    names = list(rows[0])
    arrays = {name: [row[name] for row in rows] for name in names}
    unnested = func.unnest(*(bindparam(f"p_{name}", type_=ARRAY(table.c[name].type)) for name in names))
    columns = (column(name, table.c[name].type) for name in names)
    values = unnested.table_valued(*columns).render_derived(name="given")
    source = select(CURRENT_TENANT, *(values.c[name] for name in names))
    statement = insert(table).from_select(["tenant_id", *names], source)
    target = ["tenant_id", *key]
    if not change:
        statement = statement.on_conflict_do_nothing(index_elements=target)
    else:
        differs = [table.c[name].is_distinct_from(statement.excluded[name]) for name in change]
        statement = statement.on_conflict_do_update(
            index_elements=target,
            set_={name: statement.excluded[name] for name in change},
            where=or_(*differs),
        )
    return await session.change(statement, {f"p_{name}": values_ for name, values_ in arrays.items()})
