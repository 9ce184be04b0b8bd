"""Cases made by hand in the oracle's small world, where everything about everybody is known."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tests.noninterference.asking import Asked
from tests.noninterference.comparing import Rewriting, Stage
from tests.noninterference.rewriting import sight_of
from tests.noninterference.tables import TABLES, Row, Tables, copied, full
from tests.oracle.capacities import OracleViewer, member, staff
from tests.oracle.small import ADA, BEN, NOW, SUPPORT_MIA
from tests.oracle.small import TABLES as SMALL
from tests.oracle.world import World

TENANT = UUID(int=1000)
_LONG = timedelta(days=20_000)

_REQUIRED: dict[str, dict[str, Any]] = {
    "tenant": {"platform": False, "created_at": NOW},
    "person": {"created_at": NOW},
    "membership": {"joined_at": NOW - _LONG},
    "role_grant": {"granted_at": NOW},
    "guardianship": {"invited_at": NOW - _LONG},
    "teaching": {"since": NOW},
    "staff_case": {"reason": "asked", "opened_at": NOW - _LONG, "expires_at": NOW + _LONG},
}


class Hiding(NamedTuple):
    """Who asks what, and what is different afterwards that they may not see."""

    viewer: UUID
    """A person, or the staff of a case."""
    document: str
    rewrite: Callable[[Tables], None]


def small_tables() -> Tables:
    """Return the small world's rows, with a session for everybody. The support case names somebody restricted too."""
    tables: Tables = {name: [whole(name, **row) for row in SMALL.get(name, ())] for name in TABLES}
    tables["tenant_directory"] = [whole("tenant_directory", slug="small")]
    tables["agreement"] = [whole("agreement", version=1, retention_years=2, signed_at=NOW)]
    tables["staff_case_subject"].append(whole("staff_case_subject", case_id=SUPPORT_MIA, person_id=BEN))
    for number, row in enumerate(tables["guardianship"]):
        row["id"] = UUID(int=2000 + number)
    bearers = [{"person_id": row["id"]} for row in tables["person"]]
    bearers += [{"case_id": row["id"]} for row in tables["staff_case"]]
    for number, bearer in enumerate(bearers):
        times = {"started_at": NOW - _LONG, "expires_at": NOW + _LONG}
        tables["session"].append(whole("session", id=UUID(int=3000 + number), **times, **bearer))
    return tables


def whole(table: str, **given: Any) -> Row:
    """Return a row with what is given and what is required."""
    # The tenant's key is everywhere.
    kept = {name: each for name, each in given.items() if name != "tenant_id"}
    return full(table, TENANT, **_REQUIRED.get(table, {}) | kept)


async def differences(stage: Stage, hiding: Hiding, before: Tables | None = None) -> list[str]:
    """Return what differs. Whatever is rewritten must be hidden."""
    before = small_tables() if before is None else before
    after = copied(before)
    hiding.rewrite(after)
    viewer = _viewer(before, hiding.viewer)
    assert before != after
    assert sight_of(before, viewer) == sight_of(after, viewer)
    async with stage.hold(before):
        outcome = await stage.compare(viewer, Asked(hiding.document, {}), [Rewriting(before, after)])
    assert outcome.answers[0].has_data, outcome.answers[0].body
    return [difference for _, difference in outcome.differences]


def sets(table: str, key: UUID, **values: Any) -> Callable[[Tables], None]:
    """Return what sets columns of one row."""
    return lambda tables: next(row for row in tables[table] if row["id"] == key).update(values)


def drops(table: str, column: str, key: UUID) -> Callable[[Tables], None]:
    """Return what takes out the rows of `table` whose `column` is `key`."""

    def rewrite(tables: Tables) -> None:
        tables[table] = [row for row in tables[table] if row[column] != key]

    return rewrite


def drops_ada(tables: Tables) -> None:
    """Take Ada out, with all that is hers."""
    hers = [row["id"] for row in tables["enrollment"] if row["learner_id"] == ADA]
    for enrolled in hers:
        drops("assessment_result", "enrollment_id", enrolled)(tables)
    pointing = (("enrollment", "learner_id"), ("seat", "person_id"), ("membership", "person_id"))
    for table, column in (*pointing, ("session", "person_id"), ("person", "id")):
        drops(table, column, ADA)(tables)


def adds_somebody(tables: Tables) -> None:
    """Add somebody who is no member."""
    tables["person"].append(whole("person", id=UUID(int=77), minor=False, restricted=False))


def _viewer(tables: Tables, key: UUID) -> OracleViewer:
    world = World(tables, NOW)
    return staff(world, key) if key in world.cases else member(world, key)
