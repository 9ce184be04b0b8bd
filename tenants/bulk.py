"""Many rows in one statement: arrays in, one upsert out.

COPY does not work under row-level security, and one statement per row pays for a round trip each. PostgreSQL turns a
few arrays into rows by itself (`unnest`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, and_, bindparam, column, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants.keys.columns import sealed_columns
from tenants.keys.rows import sealed_rows
from tenants.session import CURRENT_TENANT, WriteSession, in_tenant


async def upsert(
    session: WriteSession, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str], change: Sequence[str]
) -> int:
    """Add `rows` to `table` as the session's tenant's; return how many were added or changed.

    Every row has the same keys; what is sealed in the table is sealed here. A row whose `key` (columns after
    `tenant_id` of a unique key) is there already has its columns `change` set, and is left alone when `change` is empty
    or says nothing new. No key twice within `rows`.
    """
    if not rows:
        return 0
    secrets = sealed_columns(table)
    if secrets is not None:
        rows = await sealed_rows(session, table, await _with_ids(session, table, rows, key))
        change = [*change, *(name for name, hashed in secrets.hashed.items() if hashed.of in change)]
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
        differs = or_(*(table.c[name].is_distinct_from(statement.excluded[name]) for name in change))
        # What is sealed for another row's id would never open.
        same = true() if secrets is None else table.c.id == statement.excluded.id
        statement = statement.on_conflict_do_update(
            index_elements=target,
            set_={name: statement.excluded[name] for name in change},
            where=and_(same, differs),
        )
    return await session.change(statement, {f"p_{name}": values_ for name, values_ in arrays.items()})


async def _with_ids(
    session: WriteSession, table: Table, rows: Sequence[Mapping[str, Any]], key: Sequence[str]
) -> Sequence[Mapping[str, Any]]:
    """Return `rows`, those that are there already by `key` with the id that they have: it is part of what is sealed."""
    if tuple(key) == ("id",):
        return rows
    columns = [table.c[name] for name in key]
    unnested = func.unnest(*(bindparam(f"p_{each.name}", type_=ARRAY(each.type)) for each in columns))
    wanted = unnested.table_valued(*(column(each.name, each.type) for each in columns)).render_derived(name="wanted")
    same = and_(*(each == wanted.c[each.name] for each in columns))
    query = select(table.c.id, *columns).join(wanted, same).where(in_tenant(table))
    found = await session.rows(query, {f"p_{name}": [row[name] for row in rows] for name in key})
    known = {tuple(one[1:]): one.id for one in found}
    return [{**row, "id": known.get(tuple(row[name] for name in key), row["id"])} for row in rows]
