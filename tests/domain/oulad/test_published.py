"""The published files themselves, where a copy lies beside the checkout: exactly the published numbers."""

from pathlib import Path

import pytest

from domain.oulad.service import import_oulad
from tenants.database import Database
from tenants.ids import TenantId
from tests.domain.oulad.files import expected_enrolments
from tests.domain.oulad.reading import ask, counts, enrolments, quiet

_FOLDER = Path(__file__).parents[4] / "shared" / "data" / "oulad"

PUBLISHED = {
    "course": 22,
    "person": 28_785 + 7,
    "membership": 28_785 + 7,
    "role_grant": 7,
    "teaching": 22,
    "assessment": 206,
    "enrollment": 32_593,
    "assessment_result": 173_912,
}


@pytest.mark.skipif(not _FOLDER.is_dir(), reason="no copy of the data set in ../shared/data/oulad beside the checkout")
async def test_the_published_numbers_hold_after_one_import_and_after_two(database: Database, tenant: TenantId) -> None:
    first = await import_oulad(database, _FOLDER, tenant, quiet)
    assert await counts(database, tenant) == PUBLISHED
    assert first.changed == sum(PUBLISHED.values())
    second = await import_oulad(database, _FOLDER, tenant, quiet)
    assert await counts(database, tenant) == PUBLISHED
    assert second.changed == 0
    assert await enrolments(database, tenant) == expected_enrolments(_FOLDER)
    by_result = await ask(database, tenant, "SELECT final_result, count(*) FROM enrollment GROUP BY 1")
    assert {row[0]: row[1] for row in by_result} == {
        "PASS": 12_361,
        "WITHDRAWN": 10_156,
        "FAIL": 7_052,
        "DISTINCTION": 3_024,
    }
    query = "SELECT count(*) FILTER (WHERE score IS NULL), count(*) FILTER (WHERE banked) FROM assessment_result"
    assert tuple((await ask(database, tenant, query))[0]) == (173, 1_909)
