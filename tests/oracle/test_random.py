"""The generator's documents are valid and small, and the oracle answers each of them for everybody of the demo."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.demo.service import ensure_demo
from domain.demo.tenant import DEMO_TENANTS
from tenants.database import Database
from tests.oracle.answer import expect
from tests.oracle.capacities import Cursor, member, staff
from tests.oracle.compare import answer_differences
from tests.oracle.documents import generate
from tests.oracle.ledger import Expected
from tests.oracle.lines import OneOf
from tests.oracle.material import gather
from tests.oracle.world import load
from tests.support.cluster import Urls


def _written(expected: Expected) -> dict[str, Any]:
    """Return an answer as a server would write it, with the cursor's row and place as its text."""
    errors = [{"message": "An argument here cannot be used.", **error} for error in expected.errors]
    text = json.dumps({"data": expected.data, "errors": errors}, default=_text)
    answer: dict[str, Any] = json.loads(text)
    return answer if answer["errors"] else {"data": answer["data"]}


def _text(value: object) -> str | None:
    if isinstance(value, OneOf):
        return min(name for name in value.names if name)
    return f"{value.place}{value.row}" if isinstance(value, Cursor) else None


@pytest.mark.prove
async def test_the_oracle_answers_every_random_document_for_every_role(
    database: Database, urls: Urls, many: Callable[[int, int], int]
) -> None:
    casts = await ensure_demo(database, lambda _: None)
    tenants = DEMO_TENANTS[:2]
    world, other = [await load(urls.owner, tenant.id) for tenant in tenants]
    cast = casts[tenants[0].slug]
    viewers = [staff(world, each.case_id) if each.case_id else member(world, each.person_id) for each in cast.values()]
    assert len(viewers) == 8
    material = gather(world, other)
    errors = released = 0
    for seed in range(many(40, 2_000)):
        document = generate(seed, material)
        for viewer in viewers:
            expected = expect(world, viewer, document.text, document.variables)
            assert answer_differences(expected, _written(expected), viewer) == []
            errors += len(expected.errors)
            released += len(expected.disclosures)
    assert errors > 40
    assert released > 400
