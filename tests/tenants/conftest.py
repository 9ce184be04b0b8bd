"""Fixtures for tests that look at single connections."""

from collections.abc import AsyncIterator

import pytest

from tenants.connection import DatabaseSettings
from tenants.database import Database
from tests.support.keys import key_service


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Database]:
    """Give the test's database through one connection."""
    opened = Database(
        DatabaseSettings(database_url, pool_size=1, pool_wait=10, connect_timeout=10, open_limit=20), key_service()
    )
    yield opened
    await opened.close()
