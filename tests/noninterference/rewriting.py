"""Rewriting all that a viewer may not see of a tenant, so that what they may see is what it was."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from tests.noninterference.hidden import NOTHING, Hidden
from tests.noninterference.rewritten_cells import (
    change_flags,
    change_flags_of_the_unseen,
    change_guardianships,
    change_memberships,
    rewrite_values,
)
from tests.noninterference.rewritten_events import change_events
from tests.noninterference.rewritten_rows import (
    change_others,
    change_pools,
    gain_enrollments,
    gain_people,
    lose_enrollments,
    lose_people,
    lose_results,
    replace_people,
    replace_seats,
)
from tests.noninterference.sight import Sight, sight
from tests.noninterference.tables import Tables, copied
from tests.noninterference.values import NOON
from tests.oracle.capacities import OracleViewer, member, staff
from tests.oracle.world import LIVE, World

CHANGES: tuple[Callable[[Hidden], None], ...] = (
    change_events,
    change_flags,
    change_flags_of_the_unseen,
    change_guardianships,
    change_memberships,
    change_others,
    change_pools,
    gain_enrollments,
    gain_people,
    lose_enrollments,
    lose_people,
    lose_results,
    replace_people,
    replace_seats,
)


class Rewritten(NamedTuple):
    """The rows after a rewriting, and by which changes of rows and relations they came to be."""

    tables: Tables
    changes: tuple[str, ...]


def sight_of(tables: Tables, viewer: OracleViewer) -> Sight:
    """Return what the viewer, who may be somebody else now, may see of these rows."""
    world = World(tables, NOON)
    now = staff(world, viewer.case_id) if viewer.case_id else member(world, viewer.person_id)
    return sight(world, now)


def rewrite(rng: random.Random, tables: Tables, viewer: OracleViewer, seen: Sight) -> Rewritten:
    """Return `tables`, of which `viewer` sees what is `seen`, with everything rewritten that is hidden from them.

    Some changes of rows and relations come first, each kept if the viewer's sight is the same, then other values.
    """
    made: list[str] = []
    hidden = Hidden(copied(tables), seen, rng, viewer.person_id, viewer.case_id)
    for change in rng.sample(CHANGES, rng.choice((0, 2, 3, 4))):
        tried = replace(hidden, tables=copied(hidden.tables))
        change(tried)
        if tried.tables != hidden.tables and _is_sound(tried.tables) and sight_of(tried.tables, viewer) == seen:
            hidden = tried
            made.append(change.__name__)
    rewrite_values(hidden)
    assert sight_of(hidden.tables, viewer) == seen, "The rewriting changed what the viewer may see."
    return Rewritten(hidden.tables, tuple(made))


def _is_sound(tables: Tables) -> bool:
    """Return whether nobody holds two live seats of a pool."""
    live = [(row["pool_id"], row["person_id"]) for row in tables["seat"] if row["status"] in LIVE]
    return len(set(live)) == len(live)


def rewrite_foreign(rng: random.Random, tables: Tables) -> Tables:
    """Return the rows of another tenant, of which nobody here sees anything, with other values and fewer rows."""
    hidden = Hidden(copied(tables), NOTHING, rng)
    for change in (lose_results, lose_people, change_flags, change_events):
        change(hidden)
    rewrite_values(hidden)
    return hidden.tables
