"""accessMatrix: the policy in force as a table, the same that the command prints and that decides."""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import httpx2
import pytest

from api.app import create_app, reading_of
from api.asking.matrix import MOST_RULES, rules, warming
from api.asking.turns import TURN, in_turns
from api.commands import policy
from api.document.documents import DocumentRefused, Documents
from api.reading.declare import entities_of
from api.reading.reader import Reading
from api.schema.build import build_schema, catalogue
from authz.explain import matrix
from authz.loading import POLICY_FOLDER, load
from authz.mask import Mask
from authz.viewer import Purpose, Role, SubjectClass, SubjectFlag
from tests.api.reading.conftest import Ask, Demo
from tests.api.reading.overheard import Overheard

CELLS = "role field category subject purpose readable rule"
EVERYTHING = f"{{ accessMatrix {{ {CELLS} }} }}"
CLASSES = {(): "adult", ("MINOR",): "minor", ("RESTRICTED",): "restricted"}
FLAGS: list[tuple[tuple[SubjectFlag, ...] | None, set[SubjectClass]]] = [
    (None, set(SubjectClass)),
    ((), {SubjectClass.ADULT}),
    ((SubjectFlag.MINOR,), {SubjectClass.MINOR}),
    ((SubjectFlag.RESTRICTED,), {SubjectClass.RESTRICTED}),
    ((SubjectFlag.RESTRICTED, SubjectFlag.MINOR), {SubjectClass.RESTRICTED}),
]


@pytest.fixture
def mask() -> Mask:
    """Give a mask that was never asked."""
    return Mask(load(POLICY_FOLDER, catalogue(entities_of(build_schema()))))


def as_line(cell: dict[str, Any]) -> str:
    """Return a cell as the command prints it."""
    subject = CLASSES[tuple(cell["subject"])]
    sign = "+" if cell["readable"] else "-"
    return "\t".join(
        (cell["role"], cell["field"], cell["category"], subject, cell["purpose"], sign, cell["rule"] or "-")
    )


async def test_it_is_the_table_that_the_command_prints(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    answer = await ask("learner", EVERYTHING)
    assert "errors" not in answer
    policy.matrix(as_lines=True)
    printed = capsys.readouterr().out.splitlines()
    assert [as_line(cell) for cell in answer["data"]["accessMatrix"]] == printed
    assert 2_000 < len(printed) <= MOST_RULES


async def test_each_cell_is_what_the_mask_decides(ask: Ask, mask: Mask) -> None:
    found = (await ask("support", EVERYTHING))["data"]["accessMatrix"]
    by_flags = {flags: SubjectClass(name) for flags, name in CLASSES.items()}
    for cell in found:
        subject = by_flags[tuple(cell["subject"])]
        action = "call" if cell["field"].startswith("Mutation.") else "read"
        decided = mask.decide(Role(cell["role"]), cell["field"], subject, Purpose(cell["purpose"]), action=action)
        assert (cell["readable"], cell["rule"]) == decided
        assert cell["category"] == mask.category(cell["field"])
    cells = {(cell["role"], cell["field"], tuple(cell["subject"]), cell["purpose"]) for cell in found}
    every = {
        (role, field, flags, purpose)
        for role, field, flags in product(Role, mask.fields, by_flags)
        for purpose in mask.purposes(role)
    }
    assert len(found) == len(cells)
    assert cells == every


async def test_it_can_be_asked_for_a_role_a_kind_of_person_and_a_purpose(ask: Ask) -> None:
    query = f"""query Some($only: Role, $subject: [SubjectFlag!], $purpose: Purpose) {{
        accessMatrix(role: $only, subject: $subject, purpose: $purpose) {{ {CELLS} }} }}"""
    every = (await ask("minor", EVERYTHING))["data"]["accessMatrix"]
    roles, purposes = (None, Role.SUPPORT, Role.LEARNER), (None, Purpose.FRAUD_PREVENTION, Purpose.SELF_SERVICE)
    for role, purpose, (flags, classes) in product(roles, purposes, FLAGS):
        found = await ask("minor", query, only=role, subject=flags, purpose=purpose)
        assert found["data"]["accessMatrix"] == [
            cell
            for cell in every
            if role in {None, cell["role"]}
            and purpose in {None, cell["purpose"]}
            and CLASSES[tuple(cell["subject"])] in classes
        ], (role, purpose, flags)


async def test_literals_aliases_fragments_and_skipped_fields_are_answered_like_everywhere(ask: Ask) -> None:
    query = """query Shapes($no: Boolean = false) {
        some: accessMatrix(role: WARD, subject: [], purpose: SELF_SERVICE) {
            __typename ...Cell why: rule purpose @include(if: $no) } }
        fragment Cell on AccessRule { what: field ... { may: readable subject } }"""
    found = (await ask("privacy", query))["data"]["some"]
    first = {"__typename": "AccessRule", "what": "Learner.id", "may": True, "subject": []}
    assert {**found[1], "why": None} == {**first, "why": None}
    assert found[1]["why"].startswith("learner.csv:")


async def test_arguments_that_mean_nothing_are_refused(ask: Ask) -> None:
    for arguments in ("role: NOBODY", 'subject: ["MINOR"]', "subject: [null]", "purpose: CURIOSITY", "tenant: 1"):
        answer = await ask("learner", f"{{ accessMatrix({arguments}) {{ field }} }}")
        assert "data" not in answer
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_DOCUMENT"}


async def test_it_is_the_same_for_everybody_who_is_signed_in_and_leaves_no_record(
    ask: Ask, overheard: Overheard
) -> None:
    first = await ask("privacy", EVERYTHING)
    for who in ("learner", "minor", "guardian", "instructor", "enterprise_admin", "security", "support"):
        overheard.clear()
        assert await ask(who, EVERYTHING) == first
        assert (overheard.statements, overheard.count) == ([], 1)


async def test_nobody_sees_it_without_a_token(demo_client: httpx2.AsyncClient) -> None:
    for query in (EVERYTHING, '{ explain(document: "{ viewer { id } }") { cost } }'):
        answer = await demo_client.post("/graphql", json={"query": query})
        assert answer.status_code == 401
        assert "data" not in answer.json()


def test_its_cost_is_that_of_the_whole_table() -> None:
    documents = Documents(build_schema())
    assert documents.prepare(EVERYTHING).cost == 1 + 7 * MOST_RULES
    assert documents.prepare("{ accessMatrix(role: WARD) { field } }").cost == 1 + MOST_RULES
    twice = f"{{ accessMatrix {{ {CELLS} }} again: accessMatrix {{ {CELLS} __typename }} }}"
    with pytest.raises(DocumentRefused) as refusal:
        documents.prepare(twice)
    assert refusal.value.code == "DOCUMENT_TOO_COSTLY"


async def test_others_get_their_turn_while_a_table_is_made(mask: Mask) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def slowly() -> Iterator[int]:
        for number in range(5):
            time.sleep(2 * TURN)
            yield number

    waiting = asyncio.create_task(others())
    assert await in_turns(slowly()) == list(range(5))
    assert turns >= 5
    # What was never decided takes Casbin hundreds of milliseconds.
    before = turns
    await rules(mask, None, None, None)
    assert turns > before + 5
    waiting.cancel()


async def decided(mask: Mask) -> None:
    """Wait until every cell is."""
    cells = len(list(matrix(Mask(mask.policy))))
    async with asyncio.timeout(120):
        while len(mask._decisions) < cells:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.01)


async def test_a_mask_is_warm_before_anybody_asks(mask: Mask) -> None:
    async with warming(mask):
        await decided(mask)
    async with warming(Mask(mask.policy)):
        pass


async def test_a_server_warms_its_mask_when_it_starts(
    demo: Demo, settings: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Reading] = []

    def making(*given: Any) -> Reading:
        made.append(reading_of(*given))
        return made[0]

    monkeypatch.setattr("api.app.reading_of", making)
    # What a process that serves does to its memory is not for the tests' own.
    monkeypatch.setattr("gc.freeze", lambda: None)
    monkeypatch.setattr("gc.set_threshold", lambda *_: None)
    app = create_app(settings(database_url=demo.urls.application), serving=True)
    mask = made[0].masks.platform
    assert not mask._decisions
    async with app.router.lifespan_context(app):
        await decided(mask)
