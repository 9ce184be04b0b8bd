"""What a call leaves on the record of changes: who changed which field of whom, and hashes of what was and what is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from tests.oracle.calls import Call, Outcome
from tests.oracle.capacities import OracleViewer
from tests.oracle.hashes import hashed
from tests.oracle.row import Facts

Tables = Mapping[str, Sequence[Facts]]

TABLE_OF = {"Learner": "person", "Enrollment": "enrollment"}


class Called(NamedTuple):
    """A call that was made: by whom, what had to become of it, and the tables around it."""

    viewer: OracleViewer
    call: Call
    must: Outcome
    request_id: str
    before: Tables
    after: Tables


def record_differences(called: Called, secret: bytes) -> list[str]:
    """Return what is wrong with the record: one row for a call that was accepted, else none.

    `secret`: the installation's, which makes the hashes.
    """
    known = {row["id"] for row in called.before["change_event"]}
    rows = [row for row in called.after["change_event"] if row["id"] not in known]
    if len(rows) != (not called.must.problems):
        return [f"{len(rows)} records of a change"]
    return [each for row in rows for each in (*_facts(called, row), *_changes(called, row, secret))]


def _facts(called: Called, row: Facts) -> Iterator[str]:
    must, viewer = called.must, called.viewer
    told: dict[str, Any] = {"mutation": called.call.name, "subject_id": must.subject, "object_type": must.kind}
    told |= {"actor_id": viewer.person_id, "case_id": None, "roles": list(viewer.roles)}
    told |= {"object_id": must.key or _new(called), "request_id": called.request_id}
    told |= {"capacities": list(must.capacities)}
    for name, value in told.items():
        if row[name] != value:
            yield f"change_event.{name}: {row[name]!r}, not {value!r}"


def _changes(called: Called, row: Facts, secret: bytes) -> Iterator[str]:
    """Yield where the fields are not those that changed, or the hashes not those of the values in the tables."""
    must, key = called.must, row["object_id"]
    then, now = (_row(tables, must.kind, key) for tables in (called.before, called.after))
    columns = {f"{must.kind}.{_camel(name)}": name for name in must.changed if not name.endswith("_id")}
    told = {each["field"]: (each["old"], each["new"]) for each in row["changes"]}
    if told.keys() != columns.keys() or len(told) != len(row["changes"]):
        yield f"changes of {[each['field'] for each in row['changes']]}, not {sorted(columns)}"
        return
    for field, column in columns.items():
        place = (row["tenant_id"], must.kind, key)
        wanted = tuple(hashed(secret, place, field, facts.get(column)) for facts in (then, now))
        if told[field] != wanted:
            yield f"the hashes of {field} are {told[field]}, not {wanted}, of {then.get(column)} and {now.get(column)}"


def _row(tables: Tables, kind: str, key: UUID) -> Facts:
    """Return the object's row; nothing where it is not there."""
    return next((row for row in tables[TABLE_OF[kind]] if row["id"] == key), {})


def _new(called: Called) -> UUID | None:
    """Return the key of the enrolment that was not there before."""
    known = {row["id"] for row in called.before["enrollment"]}
    return next((row["id"] for row in called.after["enrollment"] if row["id"] not in known), None)


def _camel(column: str) -> str:
    first, *rest = column.split("_")
    return first + "".join(map(str.title, rest))
