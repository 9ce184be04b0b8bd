"""Conditions on access events. In somebody's own log they look at that person's part alone."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from tests.oracle.arguments import decode
from tests.oracle.condition import Condition, MalformedError, instant
from tests.oracle.judge import Judge
from tests.oracle.row import Row


def of_event(judge: Judge, said: dict[str, Any]) -> Iterator[Condition]:
    """Yield the conditions of an `AccessEventFilter`. Raises `MalformedError` for a person's id that is none."""
    makers: dict[str, Callable[[Judge, Any], Condition]] = {
        "actor": _by_actor,
        "subject": _about,
        "role": _in_role,
        "field": lambda _, wanted: Condition(None, lambda event: wanted in _told(event, "field")),
        "category": lambda _, wanted: Condition(None, lambda event: not _told(event, "category").isdisjoint(wanted)),
    }
    for name, given in said.items():
        if name == "at":
            yield from _between(given)
        elif name in makers:
            yield makers[name](judge, given)
        else:
            yield _plain(name, given if isinstance(given, list) else [given])


def _plain(name: str, wanted: list[str]) -> Condition:
    return Condition(None, lambda event: event.facts[name] in wanted)


def _by_actor(judge: Judge, text: str) -> Condition:
    wanted = _person(text)

    def holds(event: Row) -> bool:
        actor = event.facts["actor"]
        return judge.readable(event, "actor") and actor.facts["id"] is not None and actor.facts["actor_id"] == wanted

    return Condition("AccessEvent.actor", holds)


def _in_role(judge: Judge, wanted: list[str]) -> Condition:
    def holds(event: Row) -> bool:
        return judge.readable(event, "actor") and not set(wanted).isdisjoint(event.facts["actor"].facts["roles"])

    return Condition("AccessEvent.actor", holds)


def _about(judge: Judge, text: str) -> Condition:
    """Return the condition that the event is about this person, as far as the viewer may know of them.

    Somebody who is nobody here is of the platform's staff, or was erased: known to those only who look into the trail.
    """
    wanted = _person(text)
    learner = judge.world.learner(wanted)
    is_seen = judge.visible(learner) if learner else not {"SECURITY", "PRIVACY"}.isdisjoint(judge.viewer.roles)
    return Condition(
        "AccessEvent.subjects",
        lambda event: is_seen and wanted in event.facts["people"] and judge.readable(event, "subjects"),
    )


def _between(given: dict[str, Any]) -> Iterator[Condition]:
    start, end = instant(given.get("from")), instant(given.get("to"))
    if start is not None:
        yield Condition(None, lambda event: event.facts["at"] >= start)
    if end is not None:
        yield Condition(None, lambda event: event.facts["at"] < end)


def _told(event: Row, what: str) -> set[str]:
    """Return what the event's releases and denials are about: their fields, or the categories of these."""
    return {each.facts[what] for part in ("disclosures", "denials") for each in event.facts[part]}


def _person(text: str) -> UUID:
    found = decode(text)
    if found is None:
        raise MalformedError
    return found[1]
