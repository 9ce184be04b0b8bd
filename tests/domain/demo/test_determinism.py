"""That the demo is a function of its seed and of the day."""

import os
import subprocess
import sys
from datetime import date, datetime
from typing import Any

import pytest

from domain.demo.kinds import Kind, Who
from domain.demo.names import Names
from domain.demo.seed import Calendar, Row, fixed_id
from domain.demo.store import Content
from domain.demo.tenant import DEMO_TENANTS, DemoTenant, draw
from tests.domain.demo.conftest import TODAY, drawn

both = pytest.mark.parametrize("tenant", DEMO_TENANTS, ids=lambda tenant: tenant.slug)


def is_temporal(value: Any) -> bool:
    return isinstance(value, date | datetime)


def without_dates(content: Content) -> dict[str, list[Row]]:
    """Return the rows with every date told only by its being there."""
    return {
        table.name: [{name: "a date" if is_temporal(value) else value for name, value in row.items()} for row in rows]
        for table, rows in content.items()
    }


@both
def test_the_same_day_draws_the_same_rows(tenant: DemoTenant) -> None:
    again = draw(tenant, Names(), Calendar(TODAY))
    assert again == drawn(tenant)


@both
@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2027, 12, 31), date(2028, 3, 1)])
def test_another_day_changes_dates_alone(tenant: DemoTenant, today: date) -> None:
    assert without_dates(drawn(tenant, today)) == without_dates(drawn(tenant))


def test_another_process_draws_the_same_rows() -> None:
    program = (
        "import hashlib; from datetime import date; from domain.demo.names import Names; "
        "from domain.demo.seed import Calendar; from domain.demo.tenant import DEMO_TENANTS, draw; "
        "names, calendar = Names(), Calendar(date(2026, 3, 1)); "
        "drawn = [list(draw(tenant, names, calendar).values()) for tenant in DEMO_TENANTS]; "
        "print(hashlib.sha256(repr(drawn).encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_ids_never_change() -> None:
    assert str(DEMO_TENANTS[0].id) == "019b76da-a800-7574-9e3f-27447f78e37f"
    assert str(DEMO_TENANTS[1].id) == "019b76da-a800-771c-9de8-6ad92f58cbb0"
    assert str(Who(Kind.LEARNER).id("northwind")) == "019b76da-a800-7d69-9167-8c6562d83f77"
    assert str(Who(Kind.MINOR).id("northwind")) == "019b76da-a800-7e89-8774-bc98331980f3"
    assert str(Who(Kind.INSTRUCTOR).id("northwind")) == "019b76da-a800-7d1e-af62-99e78a6c9a09"


@both
def test_no_id_twice_and_all_of_version_7(tenant: DemoTenant) -> None:
    ids = [row["id"] for rows in drawn(tenant).values() for row in rows if "id" in row]
    assert len(ids) == len(set(ids)) > 3000
    assert {identifier.version for identifier in ids} == {7}


def test_ids_of_a_topic_are_in_order() -> None:
    ids = [fixed_id("topic", at=number) for number in range(50)]
    assert ids == sorted(ids)
