"""A tenant's own rules, asked beforehand: its people see them, the reason, and the rule; nobody else does."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from api.settings import Settings
from authz.tenant_rules.model import tenant_rule
from tenants.ids import uuid7
from tenants.model import tenant
from tenants.session import SystemTask, Task, in_tenant
from tests.api.asking.conftest import EXPLAIN
from tests.api.reading.cells import Ask, asking
from tests.api.reading.conftest import Ask as AskCast
from tests.api.reading.conftest import open_database
from tests.api.reading.planted import Planted, plant
from tests.support.cluster import Urls

EVERYTHING = "{ accessMatrix { role field subject purpose readable rule } }"
_versions = count(1)
NAMES = "{ learners { nodes { name enrollments { nodes { id } } } } }"


@pytest.fixture(scope="module")
def planted(urls: Urls, key_file: Path) -> Planted:
    return plant(urls, key_file)


@pytest.fixture
async def ask_planted(planted: Planted, settings: Callable[..., Settings]) -> AsyncIterator[Ask]:
    async with asking(planted, settings) as asked:
        yield asked


async def add(planted: Planted, object_: str, subject: str | None) -> str:
    """Add a rule that denies instructors something; return how decisions name it."""
    database = open_database(planted.urls)
    key, version = uuid7(), next(_versions)
    row = {"id": key, "version": version, "role": "INSTRUCTOR", "object": object_, "subject": subject, "allow": False}
    async with database.writing(SystemTask(Task.SIGN_IN, planted.people.tenant_id)) as session:
        await session.insert(tenant_rule, [{**row, "author_id": uuid7(), "added_at": datetime.now(UTC)}])
        await session.change(update(tenant).where(in_tenant(tenant)).values(policy_stamp=uuid7()))
    await database.close()
    return f"tenant:{key}"


async def test_a_rule_of_the_tenant_is_in_its_table_and_its_explanations_and_nowhere_else(
    planted: Planted, ask_planted: Ask, ask: AskCast
) -> None:
    before = (await ask_planted("adult", EVERYTHING)).json()["data"]["accessMatrix"]
    place = await add(planted, "Learner.name", "MINOR")
    after = (await ask_planted("adult", EVERYTHING)).json()["data"]["accessMatrix"]
    differing = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new for _, new in differing] == [
        {"role": "INSTRUCTOR", "field": "Learner.name", "subject": ["MINOR"], "purpose": "TEACHING",
         "readable": False, "rule": place}
    ]  # fmt: skip
    assert differing[0][0]["readable"]
    told = await explained(ask_planted)
    assert told["Learner.name", "MINOR"] == (False, "TENANT_RULE", place)
    assert told["Learner.name",][0]
    # Others go by the platform's.
    assert (await ask("instructor", EVERYTHING))["data"]["accessMatrix"] == before


async def test_a_list_that_the_tenant_denies_is_no_statement_any_more(planted: Planted, ask_planted: Ask) -> None:
    async def statements(role: str) -> int:
        answer = await ask_planted("instructor", EXPLAIN, document=NAMES, **{"as": role})
        number: int = answer.json()["data"]["explain"]["statements"]
        return number

    assert await statements("INSTRUCTOR") == 4
    place = await add(planted, "Learner.enrollments", None)
    assert await statements("INSTRUCTOR") == 3
    assert await statements("LEARNER") == 4
    told = await explained(ask_planted)
    for kind in ((), ("MINOR",)):
        assert told["Learner.enrollments", *kind] == (False, "TENANT_RULE", place)


async def explained(ask: Ask) -> dict[tuple[str, ...], Any]:
    """Return what an instructor is told of NAMES in that role: readable, why not, and the line."""
    answer = (await ask("instructor", EXPLAIN, document=NAMES, **{"as": "INSTRUCTOR"})).json()
    return {
        (one["field"], *one["subject"]): (one["readable"], one["reason"], one["rule"])
        for one in answer["data"]["explain"]["fields"]
    }
