"""Hidden events, and of those that are seen what the viewer is not told: the others in them, reasons on record."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tests.noninterference.events import denied, draw_event, released, settled
from tests.noninterference.hidden import Hidden
from tests.noninterference.tables import Row
from tests.noninterference.values import key, value
from tests.oracle.judge import PRECEDENCE

_NEVER_TOLD = ("capacities", "session_id", "client_device")


def change_events(hidden: Hidden) -> None:
    """Rewrite the trail as far as the viewer does not see it: some events vanish, others appear."""
    unseen = {id(row) for row in hidden.rows("access_event")}
    tenant_id = hidden.tables["tenant"][0]["tenant_id"]
    people = _unread(hidden)
    # Whoever has no log that the viewer reads may ask and be asked about without the viewer's knowledge.
    askers: list[tuple[UUID, str, UUID | None]] = [
        (each, "LEARNER", None) for each in people if not _seen(hidden, each)
    ]
    kept = []
    for row in hidden.tables["access_event"]:
        if id(row) not in unseen:
            kept.append(_around_what_is_seen(hidden, row, people))
        elif hidden.rng.random() < 0.4 and askers:
            fresh = draw_event(hidden.rng, tenant_id, hidden.rng.choice(askers), people)
            kept.append(fresh | {"id": hidden.rng.choice((row["id"], key(hidden.rng)))})
        elif hidden.rng.random() < 0.7:
            kept.append(row)
    if askers:
        kept += [draw_event(hidden.rng, tenant_id, hidden.rng.choice(askers), people) for _ in range(3)]
    hidden.tables["access_event"] = kept


def _unread(hidden: Hidden) -> list[UUID]:
    """Return the people whose access log the viewer does not read."""
    return [row["id"] for row in hidden.tables["person"] if not hidden.sight.reads("Learner", row["id"], "accessLog")]


def _seen(hidden: Hidden, person_id: UUID) -> bool:
    return hidden.sight.sees("Learner", person_id)


def _around_what_is_seen(hidden: Hidden, row: Row, unread: list[UUID]) -> Row:
    rng, event_id = hidden.rng, row["id"]
    for name in _NEVER_TOLD:
        row[name] = value("access_event", name, rng)
    if not any(("access_event", (event_id,), name) in hidden.sight.cells for name in ("ip", "client_address")):
        row["client_address"] = value("access_event", "client_address", rng)
    if ("access_event", (event_id,), "actor") not in hidden.sight.cells:
        row["roles"] = value("access_event", "roles", rng)
    row["denials"] = [entry | {"reason": rng.choice(PRECEDENCE)} for entry in row["denials"]]
    if hidden.sight.sees("AccessEvent", event_id):
        return _with_other_people(hidden, row)
    return _with_other_parts(hidden, row, unread)


def _with_other_people(hidden: Hidden, row: Row) -> Row:
    """Return an event that is seen whole with other people in the place of those who do not exist for the viewer."""
    if "strangers" in hidden.sight.objects["AccessEvent", row["id"], None]:
        return row
    people = sorted(_people(row))
    unseen = [each for each in people if not _seen(hidden, UUID(each))]
    nobody = [str(each["id"]) for each in hidden.people() if str(each["id"]) not in people]
    nobody += [str(key(hidden.rng)) for _ in unseen]
    instead = dict(zip(unseen, hidden.rng.sample(nobody, len(unseen)), strict=True))
    return row | {part: [_exchanged(entry, instead) for entry in row[part]] for part in ("disclosures", "denials")}


def _with_other_parts(hidden: Hidden, row: Row, unread: list[UUID]) -> Row:
    """Return an event of which the viewer sees somebody's part: as it was for those, and different for others."""
    others = {str(each) for each in unread} | {each for each in _people(row) if UUID(each) not in _known(hidden)}
    told = {part: list(_of_the_rest(row[part], others)) for part in ("disclosures", "denials")}
    about = hidden.some(unread)
    told["disclosures"] += released(hidden.rng, about)
    told["denials"] += denied(hidden.rng, about)
    for part in told.values():
        hidden.rng.shuffle(part)
    row |= told
    return settled(row)


def _known(hidden: Hidden) -> set[UUID]:
    return {row["id"] for row in hidden.tables["person"]}


def _of_the_rest(entries: list[dict[str, Any]], others: set[str]) -> Iterable[dict[str, Any]]:
    for entry in entries:
        subjects = [each for each in entry["subjects"] if each not in others]
        if subjects:
            yield entry | {"subjects": subjects}


def _exchanged(entry: dict[str, Any], instead: dict[str, str]) -> dict[str, Any]:
    return entry | {"subjects": sorted(instead.get(each, each) for each in entry["subjects"])}


def _people(row: Row) -> set[str]:
    return {each for part in ("disclosures", "denials") for entry in row[part] for each in entry["subjects"]}
