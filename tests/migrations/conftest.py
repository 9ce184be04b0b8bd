"""A database with the trail's months, and a tenant in it."""

from collections.abc import AsyncIterator

import pytest

from tenants.database import Database
from tenants.ids import TenantId
from tests.migrations.months import Months, connected
from tests.support.cluster import Urls


@pytest.fixture
async def months(database: Database, tenant: TenantId, urls: Urls) -> AsyncIterator[Months]:
    """Give the months of the test's own database."""
    async with connected(urls.superuser) as hand, connected(urls.application) as application:
        yield Months(tenant, hand, application)
