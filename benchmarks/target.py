"""What a server's process is told by the one that started it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

SESSION_SETTINGS: Mapping[str, str] = {
    "application_name": "benchmark",
    "jit": "off",
    "random_page_cost": "1.1",
    "plan_cache_mode": "force_generic_plan",
}
"""PostgreSQL's settings of a connection: those that the product sets in each of its transactions."""

POOL_SIZE = 10
"""Connections to the database: the product's default, for everybody."""


@dataclass(frozen=True, slots=True)
class Target:
    """The database as its superuser, whom row-level security does not bind, and the tenant and the viewer in it."""

    url: str
    tenant_id: UUID
    viewer_id: UUID

    @classmethod
    def of(cls, told: Mapping[str, str]) -> Self:
        """Return the target that `told` (see `benchmarks.processes`) describes."""
        return cls(told["superuser_url"], UUID(told["tenant_id"]), UUID(told["viewer_id"]))
