"""Exports as they should be pass: of every shape of event, with gone ones, from anywhere, under one key or two."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.tools.exports import random_trail, written
from tests.tools.verifying import verified


@pytest.mark.prove
def test_every_valid_export_passes(tmp_path: Path, many: Callable[[int, int], int]) -> None:
    seen = set[tuple[str, bool]]()
    for seed in range(many(40, 500)):
        rng, trail = Random(f"export {seed}"), random_trail(seed)
        sizes = [it.size for it in trail.sealings]
        size = rng.choice((sizes[-1], rng.choice(sizes)))
        first = rng.choice((0, size, rng.randint(0, size)))
        over = trail.may_be_gone()
        gone = rng.choice(([], over, [it for it in over if trail.events[it]["retention_years"] == 1]))
        to = None if size == sizes[-1] else next(it.time for it in trail.sealings if it.size == size)
        lines = trail.lines(first, size, to, gone)
        kept = {path: note for path, note in trail.folder().items() if rng.random() < 0.7}
        place = tmp_path / str(seed)
        place.mkdir()
        verdict = verified(place, written(lines), [key.vkey for key in trail.keys], kept)
        assert (verdict.status, len(verdict.lines)) == (0, 1), verdict
        assert verdict.lines[0].startswith(f"ok: {size - first} positions, ")
        seen |= {(line["kind"], first > 0) for line in lines}
    kinds = ("trail", "event", "gone", "checkpoint", "end")
    assert seen == {(kind, later) for kind in kinds for later in (True, False)}
