"""Calls mutations, and returns where the answer, the rows afterwards and the records are not what they have to be."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tests.oracle.answer import expect
from tests.oracle.arguments import encode
from tests.oracle.calls import NOW, Call, Outcome, outcome
from tests.oracle.change_records import Called, record_differences
from tests.oracle.compare import answer_differences, event_differences, report
from tests.oracle.drive import Asking
from tests.oracle.judge import Judge
from tests.oracle.ledger import Expected
from tests.oracle.row import Facts
from tests.oracle.world import ALL_NAMES, World, plain, read_tables

Tables = dict[str, list[dict[str, Any]]]

CHANGED = ("person", "enrollment", "change_event", "access_event")
"""What a call may change, for better or worse."""

_SHOWN = {
    "Learner": "id name email title education location language learningGoals phone minor guardians { id email }",
    "Enrollment": "id status enrolledAt withdrawnAt finalResult progress averageScore lastActivityAt course { id } "
    "learner { id name } viewerAccess { field readable reason }",
}
_PAYLOADS = {"updateProfile": "Learner", "enroll": "Enrollment", "withdraw": "Enrollment"}
_AROUND = timedelta(minutes=2)


class Moment(NamedTuple):
    """A tenant's tables at one moment, `change_event` among them, and the world that they are."""

    tables: Tables
    world: World

    @classmethod
    async def now(cls, url: str, tenant_id: UUID, known: "Moment | None" = None) -> "Moment":
        """Return how the database at `url` stands; of `known`, only what a call may change is read again."""
        names = ALL_NAMES if known is None else CHANGED
        tables = (known.tables if known else {}) | await read_tables(url, tenant_id, names)
        return cls(tables, World(tables, datetime.now(UTC)))


async def call_differences(
    asking: Asking, call: Call, before: Moment, url: str, secret: bytes
) -> tuple[list[str], Outcome, Moment]:
    """Call as `asking`; return what differs, what had to become of it, and how the tenant stands afterwards.

    `before` is how it stands in the database at `url`; `secret` is the installation's, which makes hashes.
    """
    request_id, kind = secrets.token_hex(16), _PAYLOADS[call.name]
    must = outcome(Judge(before.world, asking.viewer, asking.policy), call)
    document = (
        f"mutation Calls($input: {call.name[0].upper()}{call.name[1:]}Input!) {{ {call.name}(input: $input) {{ "
        f"{kind.lower()} {{ {_SHOWN[kind]} }} userErrors {{ field code message }} }} }}"
    )
    variables = {"input": call.given}
    headers = {**asking.headers(), "x-request-id": request_id}
    sent = {"query": document, "variables": variables}
    answer = (await asking.client.post("/graphql", json=sent, headers=headers)).json()
    after = await Moment.now(url, before.world.tenant.key, before)
    found = _rows(must, kind, before.tables, after.tables)
    expected = _expected(asking, call, must, after.world)
    found += [f"a user error without a message: {each}" for each in _without_messages(answer, call.name) if not each]
    found += answer_differences(expected, answer, asking.viewer)
    event = await asking.fetch_event(request_id)
    if any(problem.code == "FORBIDDEN" for problem in must.problems):
        found += _forbidden(must, call, event)
    else:
        found += event_differences(expected, event)
    called = Called(asking.viewer, call, must, request_id, before.tables, after.tables)
    found += record_differences(called, secret)
    told = [report(document, variables, asking.viewer, [*found, f"had to become: {must}"])] if found else []
    return told, must, after


def _expected(asking: Asking, call: Call, must: Outcome, world: World) -> Expected:
    """Return the answer and what it releases: the object as a query would show it now, or the reasons of a refusal."""
    kind = _PAYLOADS[call.name]
    problems = sorted(
        (
            [
                *(["input", it.field] if it.field else []),
            ],
            it.code,
        )
        for it in must.problems
    )
    errors = [{"field": field or None, "code": code} for field, code in problems]
    if must.problems:
        released = {(name, must.subject) for name in must.told if must.subject is not None}
        data = {call.name: {kind.lower(): None, "userErrors": errors}}
        return Expected(data, [], released, set(), set())
    key = must.key or _new(must, world)
    query = f'{{ node(id: "{encode(kind, key)}") {{ ... on {kind} {{ {_SHOWN[kind]} }} }} }}'
    shown = expect(world, asking.viewer, query, policy=asking.policy)
    assert shown.data is not None
    data = {call.name: {kind.lower(): shown.data["node"], "userErrors": []}}
    return replace(shown, data=data, errors=[_moved(error, call.name, kind.lower()) for error in shown.errors])


def _moved(error: dict[str, Any], *path: str) -> dict[str, Any]:
    """Return a query's error as it stands at a payload's object."""
    told = dict(error["extensions"])
    told["pattern"] = ".".join([*path, *told["pattern"].split(".")[1:]])
    return {**error, "path": [*path, *error["path"][1:]], "extensions": told}


def _new(must: Outcome, world: World) -> UUID:
    """Return the key of the enrolment that was not there before; of none when there is none."""
    wanted = (must.changed["course_id"], must.changed["learner_id"])
    rows = world.enrollments.values()
    found = (row.key for row in rows if (row.facts["course_id"], row.facts["learner_id"]) == wanted)
    return next(found, UUID(int=0))


def _without_messages(answer: dict[str, Any], name: str) -> list[str]:
    """Take the user errors' messages out of the answer, put the errors in an order, and return the messages."""
    payload = (answer.get("data") or {}).get(name) or {"userErrors": []}
    payload["userErrors"].sort(key=lambda error: (error["field"] or [], error["code"]))
    return [error.pop("message") for error in payload["userErrors"]]


def _rows(must: Outcome, kind: str, before: Tables, after: Tables) -> list[str]:
    """Return which rows are not as they have to be."""
    changed = {} if must.problems else must.changed
    found = []
    for table, of in (("person", "Learner"), ("enrollment", "Enrollment")):
        then, now = ({row["id"]: row for row in tables[table]} for tables in (before, after))
        for key in sorted(then.keys() | now.keys()):
            is_it = of == kind and (key == must.key or (must.key is None and key not in then))
            wanted = {**then.get(key, {}), **(changed if is_it else {})}
            found += [f"{table} {key}: {each}" for each in _unlike(wanted, now.get(key, {}))]
    is_new = must.key is None and not must.problems
    count = len(after["enrollment"]) - len(before["enrollment"])
    return found + ([f"{count} new enrolments"] if count != is_new else [])


def _unlike(wanted: Facts, row: Facts) -> list[str]:
    """Return the columns with another value. What a new row has beside is nothing, but for its keys."""
    names = sorted(wanted.keys() | (row.keys() - {"id", "tenant_id"} if row else set()))
    return [
        f"{name} is {row.get(name)!r} and not {wanted.get(name)!r}"
        for name in names
        if not _is(row.get(name), wanted.get(name))
    ]


def _is(value: Any, wanted: Any) -> bool:
    if wanted is NOW:
        return isinstance(value, datetime) and abs(value - datetime.now(UTC)) < _AROUND
    return bool(value == wanted)


def _forbidden(must: Outcome, call: Call, event: Facts | None) -> list[str]:
    """Return what is wrong with the record of a call that may not be made: why, and what was told of it."""
    assert must.why is not None
    if event is None:
        return [f"not on record: that {call.name} was denied"]
    denials, field = plain(event)["denials"], f"Mutation.{call.name}"
    subjects = [] if must.subject is None else [str(must.subject)]
    wanted = [{"field": field, "reason": must.why.real, "told": must.why.told, "subjects": subjects}]
    told = [{name: value for name, value in entry.items() if name != "category"} for entry in denials]
    facts = {"outcome": "DENIED", "disclosures": [], "subject_count": len(subjects)}
    found = [f"denials: {told}, not {wanted}"] if told != wanted else []
    return found + [
        f"{name}: {plain(event)[name]!r}, not {value!r}" for name, value in facts.items() if plain(event)[name] != value
    ]
