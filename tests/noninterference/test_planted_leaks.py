"""Each leak planted in the program is caught, in a case made for it and among random ones; without it nothing is."""

from collections.abc import Callable

import pytest

from tests.noninterference import leaks
from tests.noninterference.case import Case, Scene, scenes
from tests.noninterference.comparing import Stage
from tests.noninterference.leaks import Plant
from tests.noninterference.small_scene import Hiding, adds_somebody, differences, drops, drops_ada, sets
from tests.oracle.arguments import encode
from tests.oracle.small import ADA, BEN, BEN_MATH, EVE, HAL, IVY, MATH, MIA, MIA_MATH, NOW, SUPPORT_MIA

SEED, MOST_TRIED = 7_000_000, 900

LONG_AGO = NOW.replace(year=1990)
LEARNER_ADA, LEARNER_BEN = (f'learner(id: "{encode("Learner", key)}")' for key in (ADA, BEN))
NODE_ADA, COURSE = f'node(id: "{encode("Learner", ADA)}")', f'course(id: "{encode("Course", MATH)}")'
WITHDRAWN = f'withdraw(input: {{ enrollmentId: "{encode("Enrollment", MIA_MATH)}" }})'

DROPS_BEN, CALLS_ADA = drops("enrollment", "id", BEN_MATH), sets("person", ADA, phone="+44 1")
SEES_ADA_LATER = sets("person", ADA, last_seen_at=LONG_AGO)

PLANTED: dict[Plant, Hiding] = {
    leaks.run_a_statement_for_each_hidden_row: Hiding(
        EVE, f"{{ {COURSE} {{ enrollments {{ nodes {{ id }} }} }} }}", DROPS_BEN
    ),
    leaks.write_what_is_hidden_into_a_statement: Hiding(IVY, "{ learners { nodes { id } } }", adds_somebody),
    leaks.tell_a_hidden_row_from_a_missing_one: Hiding(HAL, f"{{ {NODE_ADA} {{ id }} }}", drops_ada),
    leaks.filter_by_what_is_hidden: Hiding(
        EVE,
        '{ learners(filter: { email: "mia@example.org" }) { nodes { id } } }',
        sets("person", MIA, email="other@example.org"),
    ),
    leaks.sort_by_what_is_hidden: Hiding(EVE, "{ learners(orderBy: LAST_SEEN_DESC) { nodes { id } } }", SEES_ADA_LATER),
    leaks.seal_what_is_hidden_in_a_cursor: Hiding(
        EVE, "{ learners(orderBy: LAST_SEEN_DESC) { edges { cursor } } }", SEES_ADA_LATER
    ),
    leaks.count_what_is_hidden: Hiding(IVY, "{ learners(first: 10) { pageInfo { hasNextPage } } }", adds_somebody),
    leaks.count_what_is_hidden_in_a_nested_list: Hiding(
        EVE, f"{{ {COURSE} {{ enrollments(first: 3) {{ pageInfo {{ hasNextPage }} }} }} }}", DROPS_BEN
    ),
    leaks.quote_what_is_hidden_in_an_error: Hiding(IVY, f"{{ {LEARNER_ADA} {{ phone }} }}", CALLS_ADA),
    leaks.skip_the_mask_in_a_fragment_on_the_interface: Hiding(
        HAL, f"{{ {NODE_ADA} {{ ... on Node {{ id }} }} }}", drops_ada
    ),
    leaks.skip_the_mask_for_an_alias: Hiding(IVY, f"{{ {LEARNER_ADA} {{ number: phone }} }}", CALLS_ADA),
    leaks.tell_the_real_reason: Hiding(
        SUPPORT_MIA, f"{{ {LEARNER_BEN} {{ title }} }}", sets("person", BEN, minor=True)
    ),
    leaks.read_a_payload_past_the_reader: Hiding(
        EVE,
        f"mutation {{ {WITHDRAWN} {{ enrollment {{ averageScore }} }} }}",
        sets("enrollment", MIA_MATH, average_score=1.0),
    ),
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
async def test_a_planted_leak_is_caught_and_nothing_without_it(
    stage: Stage, fresh: Stage, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await differences(stage, PLANTED[plant]) == []
    plant(monkeypatch)
    # What the other application has worked out, it worked out without the leak.
    assert await differences(fresh, PLANTED[plant]) != []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Search for two leaks by random cases, and for all of them where there is time."""
    if "searched" in metafunc.fixturenames:
        plants = list(PLANTED)[: None if metafunc.config.getoption("--prove") else 2]
        metafunc.parametrize("searched", plants, ids=lambda plant: plant.__name__)


@pytest.mark.prove
async def test_a_planted_leak_is_caught_by_random_cases(
    stage: Stage,
    fresh: Stage,
    searched: Plant,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    for scene, numbers in scenes(SEED, range(MOST_TRIED)):
        for number in numbers:
            searched(monkeypatch)
            with_leak = await _differs(fresh, scene, number)
            monkeypatch.undo()
            if with_leak and not await _differs(stage, scene, number):
                record_property("caught", [searched.__name__, number + 1])
                return
    pytest.fail(f"{MOST_TRIED} random cases did not show it")


async def _differs(stage: Stage, scene: Scene, number: int) -> bool:
    async with stage.hold(scene.tables, scene.foreign):
        return bool((await Case(scene, number).compare(stage)).differences)
