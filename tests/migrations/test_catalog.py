"""What the migrated database itself says of keys, isolation and rights."""

from collections.abc import Sequence

import asyncpg
import pytest

from tests.support.cluster import Urls

# Every table without row-level security or without a tenant-led key, and why.
PLATFORM_TABLES = {
    "tenant_directory": "a sign-in and a job have to find the tenant before they can set it",
    "alembic_version": "the schema's revision, one row, Alembic's own",
    "keys.master_key": "names of keys that wrap every tenant's, and nothing else",
}
SCHEMAS = "('public'::regnamespace, 'keys'::regnamespace)"
# Beside its tenant's policy: without a tenant, for whom something waits. Ids and times, and nothing to write.
WAITING = ("unkept_checkpoint", "unsealed_event")
NO_TENANT = "(NULLIF(current_setting('app.tenant'::text, true), ''::text) IS NULL)"
POLICY = "(tenant_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid)"


async def ask(url: str, query: str) -> Sequence[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        found: Sequence[asyncpg.Record] = await connection.fetch(query)
        return found
    finally:
        await connection.close()


TABLES = f"""
    SELECT oid::regclass::text AS name, relkind::text AS kind, relispartition AS is_partition,
           relrowsecurity AS secured, relforcerowsecurity AS forced, pg_get_userbyid(relowner) AS owner
    FROM pg_class WHERE relnamespace IN {SCHEMAS} AND relkind IN ('r', 'p') ORDER BY 1
"""


async def test_every_table_forces_row_level_security(urls: Urls) -> None:
    tables = await ask(urls.owner, TABLES)
    assert len(tables) > len(PLATFORM_TABLES) + 15
    open_to_all = {table["name"] for table in tables if not (table["secured"] and table["forced"])}
    assert open_to_all == set(PLATFORM_TABLES)


async def test_every_table_has_the_one_policy_for_everybody(urls: Urls) -> None:
    policies = await ask(
        urls.owner,
        "SELECT format('%I.%I', schemaname, tablename)::regclass::text AS tablename, permissive, roles::text, cmd, "
        "qual, with_check FROM pg_policies WHERE schemaname IN ('public', 'keys')",
    )
    also = [policy for policy in policies if policy["cmd"] != "ALL"]
    assert sorted(tuple(one[name] for name in ("tablename", "cmd", "qual", "with_check")) for one in also) == [
        (table, "SELECT", NO_TENANT, None) for table in WAITING
    ]
    policies = [policy for policy in policies if policy not in also]
    for policy in policies:
        assert (policy["permissive"], policy["roles"], policy["cmd"]) == ("PERMISSIVE", "{public}", "ALL")
        assert policy["qual"] == policy["with_check"] == POLICY
    tables = await ask(urls.owner, TABLES)
    whole = {table["name"] for table in tables if not table["is_partition"]}
    assert sorted(policy["tablename"] for policy in policies) == sorted(whole - set(PLATFORM_TABLES))


async def test_every_key_begins_with_the_tenant(urls: Urls) -> None:
    keys = await ask(
        urls.owner,
        f"""
        SELECT conrelid::regclass::text AS table, confrelid::regclass::text AS there, conname AS name,
               contype::text AS kind,
               (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) AS first,
               (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1]) AS first_there
        FROM pg_constraint
        WHERE connamespace IN {SCHEMAS} AND contype IN ('p', 'u', 'f')
        """,
    )
    assert {key["kind"] for key in keys} == {"p", "u", "f"}
    for key in keys:
        if not {key["table"], key["there"]} & PLATFORM_TABLES.keys():
            assert key["first"] == "tenant_id", key["name"]
            assert key["first_there"] in (None, "tenant_id"), key["name"]


async def test_every_index_begins_with_the_tenant(urls: Urls) -> None:
    indexes = await ask(
        urls.owner,
        f"""
        SELECT indrelid::regclass::text AS table, indexrelid::regclass::text AS name,
               (SELECT attname FROM pg_attribute WHERE attrelid = indrelid AND attnum = indkey[0]) AS first
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace IN {SCHEMAS}
        """,
    )
    assert {index["first"] for index in indexes if index["table"] not in PLATFORM_TABLES} == {"tenant_id"}


async def test_every_foreign_key_is_served_by_an_index(urls: Urls) -> None:
    unserved = await ask(
        urls.owner,
        f"""
        SELECT conrelid::regclass::text || '.' || conname AS name FROM pg_constraint con
        WHERE contype = 'f' AND connamespace IN {SCHEMAS} AND conparentid = 0 AND NOT EXISTS (
            SELECT FROM pg_index WHERE indrelid = con.conrelid
            AND ((indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey
                 OR indisunique AND indkey::int2[] <@ con.conkey))
        """,
    )
    # No name of a master key is ever taken out.
    assert [row["name"] for row in unserved] == ["keys.tenant_key.tenant_key_master_fkey"]


async def test_no_key_leads_from_one_tenant_to_another(urls: Urls) -> None:
    """A foreign key of a tenant's row pairs tenant with tenant, so it cannot name another tenant's row."""
    pairs = await ask(
        urls.owner,
        f"""
        SELECT conname, (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = mine) AS mine,
               (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = theirs) AS theirs
        FROM pg_constraint, unnest(conkey, confkey) AS pair(mine, theirs)
        WHERE contype = 'f' AND connamespace IN {SCHEMAS}
        """,
    )
    assert all((pair["mine"] == "tenant_id") == (pair["theirs"] == "tenant_id") for pair in pairs)


async def test_the_application_owns_nothing_and_bypasses_nothing(urls: Urls) -> None:
    [role] = await ask(
        urls.owner,
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles "
        "WHERE rolname = 'sextrontgen_app'",
    )
    assert not any(role.values())
    assert {table["owner"] for table in await ask(urls.owner, TABLES)} == {"sextrontgen_owner"}
    member = await ask(urls.owner, "SELECT 1 FROM pg_auth_members WHERE member = 'sextrontgen_app'::regrole")
    assert member == []


async def test_the_trail_and_agreements_can_be_added_to_and_not_changed(urls: Urls) -> None:
    trail = ("access_event", "access_term", "change_event", "trail_leaf", "trail_node", "trail_checkpoint")
    for table in (*trail, "agreement", "agreement_category", "agreement_grant", "staff_case_subject"):
        assert await rights(urls, table) == {"SELECT", "INSERT"}


async def test_the_application_may_not_touch_a_partition_by_its_own_name(urls: Urls) -> None:
    partitions = [table["name"] for table in await ask(urls.owner, TABLES) if table["is_partition"]]
    # Two tables, three classes: this month and three ahead, and the rest.
    assert len(partitions) == 2 * 3 * (1 + 4 + 1)
    for partition in partitions:
        assert await rights(urls, partition) == set()


async def test_only_links_can_be_deleted_and_nothing_emptied(urls: Urls) -> None:
    deletable = set()
    for table in await ask(urls.owner, TABLES):
        held = await rights(urls, table["name"])
        assert not held & {"TRUNCATE", "REFERENCES", "TRIGGER"}
        if "DELETE" in held:
            deletable.add(table["name"])
    # A key goes when it was replaced, or whose it is is to be forgotten; what waits, when it waits no more.
    keys = {"keys.tenant_key", "keys.data_key"}
    assert deletable == {"role_grant", "teaching", "seat_pool_course", *WAITING, *keys}


async def test_the_application_may_call_two_functions_of_ours_and_one_works_as_the_owner(urls: Urls) -> None:
    functions = await ask(
        urls.owner,
        "SELECT proname, prosecdef, pronargs, proconfig FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
        "AND has_function_privilege('sextrontgen_app', oid, 'EXECUTE') ORDER BY 1",
    )
    path = ["search_path=pg_catalog, public, pg_temp"]
    assert [tuple(function) for function in functions] == [
        ("trail_hashes", False, 2, path),
        # It takes nothing from its caller: what it does follows from the clock.
        ("trail_upkeep", True, 0, path),
    ]


@pytest.mark.parametrize("statement", ["CREATE TABLE x ()", "CREATE SCHEMA x", "SET ROLE sextrontgen_owner"])
async def test_the_application_can_make_nothing(urls: Urls, statement: str) -> None:
    connection = await asyncpg.connect(urls.application)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_table_somebody_forgot_to_shut_is_noticed(urls: Urls) -> None:
    connection = await asyncpg.connect(urls.owner)
    await connection.execute("CREATE TABLE forgotten (tenant_id uuid, id uuid, PRIMARY KEY (id))")
    await connection.close()
    with pytest.raises(AssertionError):
        await test_every_table_forces_row_level_security(urls)
    with pytest.raises(AssertionError):
        await test_every_key_begins_with_the_tenant(urls)


async def rights(urls: Urls, table: str) -> set[str]:
    schema, _, name = table.rpartition(".")
    held = await ask(
        urls.owner,
        "SELECT privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee IN ('sextrontgen_app', 'PUBLIC') "
        f"AND table_schema = '{schema or 'public'}' AND table_name = '{name}'",
    )
    return {row["privilege_type"] for row in held}
