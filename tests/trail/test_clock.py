"""A clock that is put back: what is read is on record, at the time that the clock showed, and is found there."""

from datetime import UTC, datetime, timedelta, tzinfo

import pytest

import authz.audit.recorder
from tenants.ids import uuid7
from tests.trail.scene import Scene

HOUR, YEARS = timedelta(hours=1), timedelta(days=731)
FIND = """query Find($filter: AccessEventFilter) {
    accessEvents(filter: $filter) { nodes { id at requestId actor { id } } } }"""


class Clock:
    """Shows a time that is `ahead` of the true one, to whoever asks the class `datetime` for it."""

    ahead = timedelta()

    def now(self, zone: tzinfo | None = None) -> datetime:
        """Return what it shows."""
        return datetime.now(zone) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the clock that events are dated by."""
    made = Clock()
    monkeypatch.setattr(authz.audit.recorder, "datetime", made)
    return made


async def found(scene: Scene, **condition: object) -> list[str]:
    """Return the requests of the events that the member finds."""
    reply = await scene.ask(FIND, filter=condition)
    nodes = reply.response.json()["data"]["accessEvents"]["nodes"]
    return [node["requestId"] for node in nodes]


@pytest.mark.parametrize(
    "shown",
    [(timedelta(), -HOUR), (timedelta(), -YEARS), (YEARS, timedelta(), -HOUR), (-YEARS, timedelta(), -HOUR)],
    ids=["an hour back", "two years back", "ahead and put right", "behind, put right and put back"],
)
async def test_what_is_read_while_the_clock_goes_back_is_recorded_and_found(
    scene: Scene, clock: Clock, shown: tuple[timedelta, ...]
) -> None:
    name = f"Clock{uuid7().hex}"
    asked: dict[str, datetime] = {}
    for ahead in shown:
        clock.ahead = ahead
        reply = await scene.ask(f"query {name} {{ viewer {{ learner {{ name email phone title }} }} }}")
        assert reply.is_answered()
        assert await scene.is_recorded(reply)
        (event,) = await scene.events(reply.request_id)
        asked[reply.request_id] = event["at"]
        assert abs(event["at"] - (datetime.now(UTC) + ahead)) < timedelta(minutes=1)
    clock.ahead = timedelta()
    newest_first = sorted(asked, key=lambda request_id: asked[request_id], reverse=True)
    assert await found(scene, operation=name) == newest_first
    for request_id, at in asked.items():
        around = {"from": (at - HOUR / 4).isoformat(), "to": (at + HOUR / 4).isoformat()}
        assert await found(scene, operation=name, at=around) == [request_id]
