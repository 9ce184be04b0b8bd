"""The statements that `explain` tells are those that run, and explaining runs none but the one that knows who asks."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from graphql import FieldNode, Visitor, parse, visit

from benchmarks.scenarios import SCENARIOS
from domain.demo.tenant import DEMO_TENANTS
from tenants.ids import TenantId
from tests.api.asking.conftest import EXPLAIN
from tests.api.reading.conftest import Ask, Demo
from tests.api.reading.overheard import Overheard
from tests.oracle.documents import Document, generate
from tests.oracle.material import Material, gather
from tests.oracle.world import load

TENANT = TenantId(DEMO_TENANTS[0].id)
WHO = ("privacy", "enterprise_admin", "instructor", "support", "security", "learner", "minor", "guardian")
NO_LISTS = {"viewerAccess", "disclosures", "denials"}
"""Fields with objects in them that are made of the row itself: none of these is no statement less."""


@pytest.fixture
async def material(demo: Demo) -> Material:
    return gather(await load(demo.urls.owner, TENANT))


@pytest.fixture(autouse=True)
async def tenant_key(ask: Ask) -> None:
    """Let the tenant's key be there: it is read by whoever needs it first, and kept for a while."""
    await ask("privacy", "{ learners(first: 1) { nodes { name } } }")


class _Keys(Visitor):
    """Takes the response keys under which a document asks for objects."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.selection_set is not None and node.name.value not in NO_LISTS:
            self.found.add((node.alias or node.name).value)


def is_whole(document: str, data: dict[str, Any] | None) -> bool:
    """Tell whether every list of the answer has rows in it somewhere, and every object is there somewhere."""
    if data is None:
        return False
    keys = _Keys()
    visit(parse(document), keys)
    met: dict[tuple[str, ...], bool] = defaultdict(bool)

    def look(value: Any, pattern: tuple[str, ...]) -> None:
        if isinstance(value, list):
            # An id that leads nowhere: a type may be asked of which there is no object.
            met[*pattern, "@"] = None not in value
            for each in value:
                look(each, (*pattern, "@"))
        elif isinstance(value, dict):
            for key in keys.found & value.keys():
                met[*pattern, key] |= bool(value[key])
                look(value[key], (*pattern, key))

    look(data, ())
    return all(met.values())


async def compare(ask: Ask, overheard: Overheard, who: str, document: Document) -> str:
    """Compare what is told with what runs. Return which: equal, fewer ran, or refused with an argument."""
    overheard.clear()
    answer = await ask(who, document.text, **document.variables)
    ran = overheard.count
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    overheard.clear()
    told = await ask(who, EXPLAIN, document=document.text, variables=document.variables)
    assert (overheard.statements, overheard.count) == ([], 1)
    if told["data"] is None:
        assert codes - {"FIELD_FORBIDDEN"} == {"BAD_USER_INPUT"} == {told["errors"][0]["extensions"]["code"]}
        return "refused"
    statements = told["data"]["explain"]["statements"]
    where = f"{who}: {document.text} {document.variables}"
    assert statements >= ran, where
    if codes <= {"FIELD_FORBIDDEN"} and is_whole(document.text, answer.get("data")):
        assert statements == ran, where
        return "equal"
    return "fewer" if ran < statements else "the same"


@pytest.mark.prove
async def test_what_is_told_of_random_documents_is_what_runs(
    ask: Ask, overheard: Overheard, material: Material, many: Callable[[int, int], int]
) -> None:
    number = many(300, 3_000)
    found = Counter(
        [
            await compare(ask, overheard, WHO[seed % len(WHO)], generate(seed, material))
            for seed in range(7_000_000, 7_000_000 + number)
        ]
    )
    assert found["equal"] > number / 4
    assert found["refused"] < number / 5


async def test_where_nothing_about_anybody_is_read_no_record_is_told(ask: Ask, overheard: Overheard) -> None:
    document = Document("{ accessEvents { nodes { at outcome } } }", {})
    assert await compare(ask, overheard, "privacy", document) == "equal"


async def test_looking_for_an_address_takes_no_statement_more(ask: Ask, overheard: Overheard) -> None:
    document = Document('{ learners(filter: { email: "nobody@example.org" }) { nodes { id } } }', {})
    assert await compare(ask, overheard, "privacy", document) == "fewer"
    assert (len(overheard.statements), overheard.count) == (0, 1)
    await ask("privacy", document.text)
    assert (len(overheard.statements), overheard.count) == (1, 3)


def benchmark_documents(material: Material) -> list[Document]:
    course = material.ids["Course"][0]
    return [Document(each.document, {"course": course} if "$course" in each.document else {}) for each in SCENARIOS]


@pytest.mark.parametrize("who", ["privacy", "instructor", "enterprise_admin", "support", "learner", "security"])
async def test_what_is_told_of_the_benchmarks_documents_is_what_runs(
    ask: Ask, overheard: Overheard, material: Material, who: str
) -> None:
    found = [await compare(ask, overheard, who, document) for document in benchmark_documents(material)]
    assert "refused" not in found
    if who == "privacy":
        assert found == ["equal"] * len(SCENARIOS)
