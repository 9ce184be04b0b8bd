"""What is hidden from somebody in a tenant: cells that may hold another value, rows that nobody would miss."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from tests.noninterference.sight import Sight
from tests.noninterference.tables import COLUMNS, KEYS, TABLES, Row, Tables, key_of

NOTHING = Sight({})

# What says who is what to whom, or for how long, decides; it is changed by itself (`relations`), and checked.
DECIDING = {
    "tenant": {"slug", "name", "platform", "policy_stamp"},
    "agreement": {"retention_years"},
    "person": {"minor", "restricted"},
    "membership": {"left_at"},
    "role_grant": {"granted_by"},
    "guardianship": {"guardian_id", "ward_id", "confirmed_at", "withdrawn_at"},
    "assessment": {"course_id"},
    "enrollment": {"course_id", "learner_id"},
    "assessment_result": {"enrollment_id", "assessment_id"},
    "seat_pool": {"starts_on", "ends_on"},
    "seat": {"pool_id", "person_id", "status"},
    "staff_case": {"staff_id", "staff_role", "purpose", "ticket", "opened_at", "expires_at", "closed_at"},
    "session": {"person_id", "case_id", "started_at", "expires_at", "ended_at"},
}
APART = {"tenant_directory", "agreement_grant", "tenant_rule", "access_event"}
"""Tables that are not rewritten cell by cell."""


@dataclass(frozen=True)
class Hidden:
    """What the viewer with this `sight` does not see of `tables`."""

    tables: Tables
    sight: Sight
    rng: random.Random
    viewer_id: UUID | None = None
    """The viewer's own key, None for nobody."""
    case_id: UUID | None = None

    def cells(self) -> Iterator[tuple[str, Row, str]]:
        """Yield the cells that decide nothing and that the viewer may not read."""
        for table in (name for name in TABLES if name not in APART):
            free = [column.name for column in COLUMNS[table] if column.name not in self._kept(table)]
            for row in self.tables[table]:
                key = key_of(table, row)
                for name in free:
                    if (table, key, name) not in self.sight.cells:
                        yield table, row, name

    def rows(self, table: str) -> list[Row]:
        """Return the rows of `table` that do not exist for the viewer."""
        return [row for row in self.tables[table] if (table, key_of(table, row)) not in self.sight.rows]

    def people(self) -> list[Row]:
        """Return the people who do not exist for the viewer, neither themselves nor as the name of an actor."""
        named = {key[0] for table, key, name in self.sight.cells if (table, name) == ("person", "name")}
        return [row for row in self.rows("person") if row["id"] not in named and row["id"] != self.viewer_id]

    @cached_property
    def taught(self) -> set[UUID]:
        """Return the courses that the viewer teaches."""
        return {row["course_id"] for row in self.tables["teaching"] if row["person_id"] == self.viewer_id}

    def some(self, rows: list[Any], share: float = 0.5) -> list[Any]:
        """Return about that share of `rows`."""
        return [row for row in rows if self.rng.random() < share]

    @staticmethod
    def _kept(table: str) -> set[str]:
        return {"tenant_id", *KEYS[table]} | DECIDING.get(table, set())


def without(tables: Tables, table: str, column: str, keys: set[Any]) -> None:
    """Take out the rows of `table` whose `column` is one of `keys`."""
    tables[table] = [row for row in tables[table] if row[column] not in keys]
