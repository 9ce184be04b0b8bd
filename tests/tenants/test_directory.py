"""Finding and making tenants."""

import asyncio

import pytest

from tenants.database import Database
from tenants.directory import UnknownTenantError, ensure_tenant, find_tenant


async def test_a_tenant_made_twice_at_once_is_one_tenant(database: Database) -> None:
    made = await asyncio.gather(*(ensure_tenant(database, "northwind", "Northwind Academy") for _ in range(4)))
    assert len(set(made)) == 1
    assert await find_tenant(database, "northwind") == made[0]


async def test_an_unknown_tenant_is_named_in_the_error(database: Database) -> None:
    with pytest.raises(UnknownTenantError, match="'nowhere'"):
        await find_tenant(database, "nowhere")


@pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a_b", "a b", "ä", "a" * 64, "a\n", "a/../b", "a'b"])
async def test_a_slug_that_is_no_name_is_refused(database: Database, slug: str) -> None:
    with pytest.raises(ValueError, match="lower-case letters"):
        await ensure_tenant(database, slug, "Nobody")
