"""The events of one tenant's trail: whole, and each person's own part of those that concern them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from tests.oracle.arguments import encode
from tests.oracle.policy import category_in
from tests.oracle.row import Row

Facts = Mapping[str, Any]
Names = Callable[[UUID], str | None]


class Trail:
    """What earlier requests wrote. It grows by the event of each request that is asked."""

    def __init__(self, rows: Iterable[Facts], tickets: Mapping[UUID, str], name_of: Names) -> None:
        """`rows`: of `access_event`; `tickets`: of the staff's cases, by case; `name_of` names the tenant's people."""
        self.events: dict[UUID, Row] = {}
        self._rows: dict[UUID, Facts] = {}
        self._tickets = tickets
        self._name_of = name_of
        self._of: defaultdict[UUID, list[UUID]] = defaultdict(list)
        self._parts: dict[tuple[UUID, UUID], Row] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Facts) -> None:
        """Add a row of the table, its sets as lists."""
        key = row["id"]
        self._rows[key] = row
        self.events[key] = Row("AccessEvent", key, self._facts(row, None))
        for person in people_in(row):
            self._of[person].append(key)

    def of(self, person: UUID) -> list[Row]:
        """Return the person's own part of each event in which something of theirs was released or denied."""
        return [self._part(key, person) for key in self._of[person]]

    def _part(self, key: UUID, person: UUID) -> Row:
        if (key, person) not in self._parts:
            self._parts[key, person] = Row("AccessEvent", key, self._facts(self._rows[key], person), person)
        return self._parts[key, person]

    def _facts(self, row: Facts, person: UUID | None) -> Facts:
        key, concerned = row["id"], people_in(row) if person is None else {person}
        disclosures, denials = _disclosures(row, concerned), _denials(row, concerned)
        outcome = row["outcome"] if person is None else "DENIED" if denials else "RELEASED"
        return {
            "actor_id": row["actor_id"],
            "at": row["at"],
            "actor": Row(
                "Actor", key, self._actor(row, is_hidden=person is not None and row["case_id"] is not None), person
            ),
            "purpose": row["purpose"],
            "case": self._tickets.get(row["case_id"]),
            "operation": row["operation"],
            "documentHash": row["document_hash"],
            "outcome": outcome,
            "people": concerned,
            "subjectCount": len(concerned),
            "disclosures": [Row("Disclosure", key, each) for each in disclosures],
            "denials": [Row("Denial", key, each) for each in denials],
            "policyVersion": row["policy_version"],
            "requestId": row["request_id"],
            "ip": row["client_address"],
            "sealedIn": row.get("sealed_in"),
        }

    def _actor(self, row: Facts, *, is_hidden: bool) -> Facts:
        """Return who asked; of the platform's staff, before a subject, neither id nor name."""
        actor = row["actor_id"]
        key, name = (None, None) if is_hidden else (encode("Learner", actor), self._name_of(actor))
        return {"actor_id": actor, "roles": list(row["roles"]), "id": key, "name": name}


def people_in(row: Facts) -> set[UUID]:
    """Return everybody of whom something was released or denied."""
    return {UUID(each) for part in ("disclosures", "denials") for entry in row[part] for each in entry["subjects"]}


def _disclosures(row: Facts, concerned: set[UUID]) -> list[Facts]:
    subjects: defaultdict[str, set[UUID]] = defaultdict(set)
    for entry in row["disclosures"]:
        for field in entry["fields"]:
            subjects[field] |= concerned & set(map(UUID, entry["subjects"]))
    found = ((field, len(people)) for field, people in sorted(subjects.items()) if people)
    return [{"field": field, "category": category(field), "subjects": number} for field, number in found]


def _denials(row: Facts, concerned: set[UUID]) -> list[Facts]:
    subjects: defaultdict[tuple[str, str], set[UUID]] = defaultdict(set)
    for entry in row["denials"]:
        subjects[entry["field"], entry["told"]] |= concerned & set(map(UUID, entry["subjects"]))
    found = ((*what, len(people)) for what, people in sorted(subjects.items()) if people)
    return [
        {"field": field, "category": category(field), "reason": told, "subjects": number}
        for field, told, number in found
    ]


def category(field: str) -> str | None:
    """Return the category of `Type.field`, or of the call `Mutation.name`."""
    kind, _, name = field.partition(".")
    return category_in(kind, name)
