"""Whatever is done to an export or to the checkpoints kept apart is found, and the positions told are those."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.tools import tampered_checkpoints, tampered_leaves
from tests.tools.case import Case, Tampering, Trace, case_of
from tests.tools.exports import written
from tests.tools.verifying import Verdict, verified

TAMPERINGS = [
    found
    for module in (tampered_leaves, tampered_checkpoints)
    for name, found in vars(module).items()
    if found.__class__.__name__ == "function" and found.__module__ == module.__name__ and not name.startswith("_")
]


@pytest.mark.prove
@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda it: it.__name__)
def test_every_tampering_is_found_where_it_was_done(
    tampering: Tampering, tmp_path: Path, many: Callable[[int, int], int]
) -> None:
    for number in range(many(1, 32)):
        place = tmp_path / str(number)
        place.mkdir()
        case, trace = tampered(tampering, number, place)
        verdict = verify(case, place)
        assert verdict.status == 1, (number, trace, verdict)
        assert told(verdict, trace, case), (number, trace, verdict)


def tampered(tampering: Tampering, number: int, place: Path) -> tuple[Case, Trace]:
    """Return a case that would pass, had it not been tampered with, and where that has to be found."""
    for seed in count(number * 1000):
        case = case_of(seed)
        if (trace := tampering(case)) is not None:
            untouched = place / "untouched"
            untouched.mkdir()
            assert verify(case_of(seed), untouched).status == 0
            return case, trace
    raise AssertionError


def verify(case: Case, place: Path) -> Verdict:
    return verified(place, case.export or written(case.lines), [key.vkey for key in case.trail.keys], case.kept)


def told(verdict: Verdict, trace: Trace, case: Case) -> bool:
    """Whether a problem is told where it is, and no farther around than the checkpoints allow."""
    if trace.start:
        return any(line.startswith(trace.start) for line in verdict.lines)
    sizes = [it.size for it in case.trail.sealings]
    earliest = max([size for size in sizes if size <= trace.first], default=0)
    latest = min([size for size in sizes if size > trace.last], default=sizes[-1])
    return any(
        problem.kind in trace.kinds.split()
        and earliest <= problem.first <= trace.last
        and trace.first <= problem.last <= latest
        for problem in verdict.problems
    )
