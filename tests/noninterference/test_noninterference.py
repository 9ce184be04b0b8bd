"""What somebody may not see decides nothing of what they get.

Each part of the cases starts at its own number, so one that fails is asked again by itself: `-k from-4500`.
"""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.noninterference.case import Case, scenes
from tests.noninterference.comparing import Rewriting, Stage
from tests.noninterference.touching import KINDS, change_a_released_cell

SEED = 20260301
PER_PART = 500
STARTS = range(0, 10_000, PER_PART)
MOST_REPORTS = 10


@pytest.mark.prove
@pytest.mark.parametrize("start", STARTS, ids=lambda start: f"from-{start}")
async def test_rewriting_what_is_hidden_changes_no_byte_no_error_and_no_statement(
    stage: Stage,
    many: Callable[[int, int], int],
    start: int,
    record_property: Callable[[str, object], None],
) -> None:
    found: list[str] = []
    count: Counter[str] = Counter()
    for scene, numbers in scenes(SEED, range(start, start + many(2, PER_PART))):
        async with stage.hold(scene.tables, scene.foreign):
            for number in numbers:
                case = Case(scene, number)
                outcome = await case.compare(stage)
                found += [case.report(asked, difference) for asked, difference in outcome.differences]
                count += Counter(["cases", *(["queries"] if case.is_query else []), *case.touched()])
                count += Counter(requests=len(outcome.answers), changes=len(case.rewritten.changes))
                count += Counter({"by whom rules lift something": int(case.is_lifted)})
                assert len(found) < MOST_REPORTS, "\n\n".join(found)
    record_property("noninterference", dict(count))
    assert not found, "\n\n".join(found)
    if count["cases"] == PER_PART:
        # Where nothing could show, nothing is proved.
        assert count["anything"] > count["queries"] / 4, count
        assert all(count[kind] for kind in (*KINDS, "by whom rules lift something")), count


@pytest.mark.prove
async def test_rewriting_what_is_seen_changes_the_answer(stage: Stage, many: Callable[[int, int], int]) -> None:
    changed = 0
    for scene, numbers in scenes(SEED + 1, range(many(25, 500))):
        async with stage.hold(scene.tables, scene.foreign):
            for case in (Case(scene, number) for number in numbers):
                rng = random.Random(case.number)
                after = change_a_released_cell(rng, scene.tables, case.viewer, case.first) if case.is_query else None
                if after is not None:
                    outcome = await stage.compare(case.viewer, case.first, [Rewriting(scene.tables, after)])
                    assert outcome.differences, case.report(case.first, "No difference, though something seen is.")
                    changed += 1
    assert changed >= many(5, 100)
