"""The trail of a small tenant: who asked for what of whom, as the recorder writes it."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.noninterference.tables import Row, Tables, full
from tests.noninterference.values import NOON, key, value
from tests.oracle.contract import personal_fields
from tests.oracle.judge import PRECEDENCE
from tests.oracle.material import PEOPLE
from tests.oracle.rules import PURPOSES, ROLES
from tests.oracle.trail import category

FIELDS = [f"{kind}.{field}" for kind in PEOPLE for field in personal_fields(kind)]
OPERATIONS = (None, "Roster", "Wards", "Audit", "Roster2")


def draw_events(rng: random.Random, tenant_id: UUID, tables: Tables, number: int) -> list[Row]:
    """Return as many events, asked by people and staff of the tenant `tables`, and by somebody long gone."""
    cases = tables["staff_case"]
    askers: list[tuple[UUID, str, UUID | None]] = [
        (each["id"], rng.choice(ROLES[:7]), None) for each in tables["person"]
    ]
    askers += [(each["staff_id"], each["staff_role"], each["id"]) for each in cases]
    askers.append((key(rng), "LEARNER", None))
    people = [each["id"] for each in tables["person"]] + [key(rng)]
    return [draw_event(rng, tenant_id, rng.choice(askers), people) for _ in range(number)]


def draw_event(
    rng: random.Random, tenant_id: UUID, asker: tuple[UUID, str, UUID | None], people: Sequence[UUID]
) -> Row:
    """Return an event of one of the `people` or of the staff, about some of the `people`."""
    actor, role, case_id = asker
    row = full("access_event", tenant_id, id=key(rng), actor_id=actor, case_id=case_id, roles=[role])
    told = {name: value("access_event", name, rng) for name in ("client_address", "client_device", "policy_version")}
    row |= {
        "retention_years": 2,
        "at": NOON - timedelta(minutes=rng.randint(0, 30), microseconds=rng.randint(0, 1)),
        "capacities": [role],
        "session_id": key(rng),
        "purpose": rng.choice(PURPOSES[role]),
        "operation": rng.choice(OPERATIONS),
        "document_hash": f"{rng.getrandbits(256):064x}",
        "request_id": f"{rng.getrandbits(64):x}",
    }
    about = rng.sample(people, min(len(people), rng.randint(0, 6)))
    told |= {"disclosures": released(rng, about), "denials": denied(rng, about[: rng.randint(0, 4)])}
    return settled(row | told)


def settled(row: Row) -> Row:
    """Return the event with what follows from its disclosures and denials: how many people, which outcome."""
    people = {each for part in ("disclosures", "denials") for entry in row[part] for each in entry["subjects"]}
    outcome = "DENIED" if row["denials"] else "RELEASED" if row["disclosures"] else "REFUSED"
    return row | {"subject_count": len(people), "outcome": outcome}


def released(rng: random.Random, people: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return disclosures of `people`: sets of fields, each field once."""
    fields = rng.sample(FIELDS, rng.randint(1, 6)) if people else []
    sets = []
    while fields:
        taken, fields = fields[:2], fields[2:]
        about = rng.sample(list(people), rng.randint(1, len(people)))
        sets.append(
            {
                "fields": sorted(taken),
                "categories": [category(each) for each in sorted(taken)],
                "subjects": _texts(about),
            }
        )
    return sets


def denied(rng: random.Random, people: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return denials about `people`: each field once, with its reason, which may not be the one that was told."""
    entries = []
    for field in rng.sample(FIELDS, rng.randint(1, 4)) if people else []:
        real = rng.choice(PRECEDENCE)
        told = real if rng.random() < 0.5 else "NOT_IN_ROLE"
        about = _texts(rng.sample(list(people), rng.randint(1, len(people))))
        entries.append({"field": field, "reason": real, "told": told, "category": category(field), "subjects": about})
    return entries


def _texts(people: Sequence[UUID]) -> list[str]:
    return sorted(map(str, people))
