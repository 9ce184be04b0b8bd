"""The small world with a trail made by hand: who read whom, from a minute before to hours before."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.oracle.answer import expect
from tests.oracle.ledger import Expected
from tests.oracle.small import ADA, BEN, EVE, FRAUD_MIA, GUS, IVY, MIA, NOW, PRIVACY, STAFF, TABLES, viewer
from tests.oracle.world import World

ROSTER, EXPORT, HELP, WARD, FAILED, REVIEW, QUIET = (UUID(int=number) for number in range(800, 807))
"""Ivy's roster: Ada, Mia and Ben; privacy staff's read of Ada, Mia and Ivy; a case about Mia; Gus's of Mia; Eve's that
failed; Ada's look at who read her; Ben's of himself and of Ada."""

Released = dict[str, list[UUID]]
Denied = list[tuple[str, str, str, list[UUID]]]


def event(  # noqa: PLR0917 # the columns of a row
    key: UUID, actor: UUID, roles: str, purpose: str, released: Released, denied: Denied, case: UUID | None = None
) -> dict[str, Any]:
    """Return a row of `access_event`: fields released and of whom; fields denied, why, what was told, about whom."""
    people = {each for group in released.values() for each in group} | {each for *_, group in denied for each in group}
    disclosures = [{"fields": [field], "subjects": list(map(str, group))} for field, group in released.items()]
    denials = [
        {"field": field, "reason": real, "told": told, "subjects": list(map(str, group))}
        for field, real, told, group in denied
    ]
    return {
        "id": key,
        "at": NOW - timedelta(minutes=key.int - 799),
        "actor_id": actor,
        "roles": roles.split(),
        "case_id": case,
        "purpose": purpose,
        "operation": None if key == QUIET else f"Op{key.int}",
        "document_hash": f"{key.int:064}",
        "request_id": f"request-{key.int}",
        "client_address": f"192.0.2.{key.int - 799}",
        "policy_version": "1",
        "outcome": "DENIED" if denied else "RELEASED" if released else "REFUSED",
        "subject_count": len(people),
        "disclosures": disclosures,
        "denials": denials,
    }


_PICTURE = "Learner.pictureUrl"
EVENTS = [
    event(
        ROSTER, IVY, "LEARNER INSTRUCTOR", "TEACHING", {"Learner.name": [ADA, MIA], _PICTURE: [ADA]},
        [(_PICTURE, "MINOR_PROTECTED", "MINOR_PROTECTED", [MIA]),
         ("Learner.name", "RESTRICTED_BY_SUBJECT", "NOT_IN_ROLE", [BEN])],
    ),
    event(EXPORT, STAFF, "PRIVACY", "PRIVACY_REQUEST",
          {"Learner.email": [ADA, MIA, IVY], "Learner.lastIp": [ADA]}, [], PRIVACY),
    event(HELP, STAFF, "SUPPORT", "FRAUD_PREVENTION", {}, [("Learner.phone", "NOT_IN_ROLE", "NOT_IN_ROLE", [MIA])],
          FRAUD_MIA),
    event(WARD, GUS, "LEARNER GUARDIAN", "GUARDIANSHIP", {"Learner.name": [MIA, GUS]}, []),
    event(FAILED, EVE, "LEARNER ENTERPRISE_ADMIN SEAT_MANAGER", "SEAT_MANAGEMENT", {}, []),
    event(REVIEW, ADA, "LEARNER", "SELF_SERVICE",
          {"Learner.accessLog": [ADA], "AccessEvent.actor": [IVY, STAFF], "Actor.name": [IVY, STAFF]}, []),
    event(QUIET, BEN, "LEARNER", "SELF_SERVICE", {"Learner.name": [BEN, ADA]}, []),
]  # fmt: skip

TRAILED = World({**TABLES, "access_event": EVENTS}, NOW)


def look(who: UUID, document: str, **variables: Any) -> Expected:
    """Return what somebody must be answered in the world with this trail."""
    return expect(TRAILED, viewer(who), document, variables)


def found(who: UUID, given: str = "", fields: str = "id") -> list[dict[str, Any]]:
    """Return the events that somebody finds on the trail."""
    arguments = f"({given})" if given else ""
    answer = look(who, f"{{ accessEvents{arguments} {{ nodes {{ {fields} }} }} }}")
    assert answer.data is not None
    nodes: list[dict[str, Any]] = answer.data["accessEvents"]["nodes"]
    return nodes
