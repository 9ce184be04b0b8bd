"""A member before an application whose database may be broken."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.accounts.tokens import Tokens
from tests.api.conftest import issuer, key_file, logged
from tests.support.cluster import Urls
from tests.trail.scene import Scene, scene_on

__all__ = ["issuer", "key_file", "logged"]


@pytest.fixture
async def scene(urls: Urls, key_file: Path, issuer: Tokens) -> AsyncIterator[Scene]:
    """Give a scene on a database of the test's own, on the run's server."""
    async with scene_on(urls, key_file, issuer) as opened:
        assert await opened.is_well()
        yield opened
