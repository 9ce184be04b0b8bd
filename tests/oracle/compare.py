"""Differences between what the server answered and recorded, and what the oracle expects."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any
from uuid import UUID

from graphql import parse, print_ast

from tests.oracle.capacities import Cursor, OracleViewer
from tests.oracle.ledger import Expected
from tests.oracle.lines import OneOf
from tests.oracle.trail import category

MOST = 8
"""Differences that a report shows."""

Cursors = dict[tuple[str | int, ...], dict[Cursor, set[str]]]


def answer_differences(expected: Expected, answer: Mapping[str, Any], viewer: OracleViewer) -> list[str]:
    """Return what is different in the body of an HTTP answer; add its cursors to the viewer's."""
    cursors: Cursors = defaultdict(lambda: defaultdict(set))
    found = list(_values(expected.data, answer.get("data"), (), cursors))
    actual = answer.get("errors", [])
    if expected.data is None:
        # What else cannot be used may be said too: there is no answer left whose places it could be about.
        paths = [error["path"] for error in expected.errors]
        actual = [error for error in actual if error.get("path") in paths or not _is_bad_input(error)]
    found += _errors(expected.errors, actual)
    found += [f"the answer has more: {name}" for name in sorted(set(answer) - {"data", "errors"})]
    return found + list(_learn(cursors, viewer))


def event_differences(
    expected: Expected, event: Mapping[str, Any] | None, facts: Mapping[str, Any] | None = None
) -> list[str]:
    """Return what is different in a row of `access_event`, None when there is none; `facts` are further columns."""
    if event is None:
        return ["no event, but cells were released or denied"] if expected.recorded else []
    if not expected.recorded:
        return ["an event, but no personal cell was released or denied"]
    disclosed, denied = _json(event["disclosures"]), _json(event["denials"])
    released = [(field, UUID(each)) for entry in disclosed for field in entry["fields"] for each in entry["subjects"]]
    denials, told = [
        [(entry["field"], entry[which], UUID(each)) for entry in denied for each in entry["subjects"]]
        for which in ("reason", "told")
    ]
    found = _sets("released", expected.disclosures, released) + _sets("denied", expected.denials, denials)
    found += _sets("told", expected.told, sorted(set(told)))
    found += [
        f"category of {field}: got {got!r}" for field, got in _categories(disclosed, denied) if got != category(field)
    ]
    for name, value in (facts or {}).items():
        if event[name] != value:
            found.append(f"{name}: expected {value!r}, got {event[name]!r}")
    if event["subject_count"] != expected.subject_count:
        found.append(f"subject_count: expected {expected.subject_count}, got {event['subject_count']}")
    # A denial that is about nobody stands in the answer and not in the record, so the outcome may say either.
    outcomes = {"DENIED" if expected.denials else "RELEASED", "DENIED" if expected.denied else "RELEASED"}
    if event["outcome"] not in outcomes:
        found.append(f"outcome: expected {' or '.join(sorted(outcomes))}, got {event['outcome']}")
    return found


def report(document: str, variables: Mapping[str, Any], viewer: OracleViewer, differences: list[str]) -> str:
    """Return the differences, the first of them, with the document that brought them out."""
    more = [f"... and {len(differences) - MOST} more"] if len(differences) > MOST else []
    asked = [print_ast(parse(document)), json.dumps(variables), f"as {viewer.person_id} {', '.join(viewer.roles)}"]
    return "\n".join([*differences[:MOST], *more, "", *asked])


def _values(expected: Any, actual: Any, path: tuple[str | int, ...], cursors: Cursors) -> Iterator[str]:
    where = ".".join(map(str, path)) or "data"
    if isinstance(expected, Cursor):
        if isinstance(actual, str) and actual:
            cursors[_connection_of(path)][expected].add(actual)
        else:
            yield f"{where}: expected a cursor, got {actual!r}"
    elif isinstance(expected, OneOf):
        if actual not in expected.names:
            yield f"{where}: expected one of {sorted(map(str, expected.names))}, got {actual!r}"
    elif isinstance(expected, dict) and isinstance(actual, dict):
        yield from _objects(expected, actual, path, cursors)
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{where}: expected {len(expected)} items, got {len(actual)}"
        for position, (one, other) in enumerate(zip(expected, actual, strict=False)):
            yield from _values(one, other, (*path, position), cursors)
    elif not _same(expected, actual):
        yield f"{where}: expected {expected!r}, got {actual!r}"


def _objects(
    expected: dict[str, Any], actual: dict[str, Any], path: tuple[str | int, ...], cursors: Cursors
) -> Iterator[str]:
    where = ".".join(map(str, path)) or "data"
    for name in sorted(expected.keys() ^ actual.keys()):
        yield f"{where}: {name} is {'not there' if name in expected else 'too much'}"
    for name in (name for name in expected if name in actual):
        yield from _values(expected[name], actual[name], (*path, name), cursors)
    if expected.keys() == actual.keys() and list(expected) != list(actual):
        yield f"{where}: expected the order {list(expected)}, got {list(actual)}"


def _same(expected: Any, actual: Any) -> bool:
    # A whole number may stand for a Float; true is not 1.
    return bool(expected == actual) and isinstance(expected, bool) == isinstance(actual, bool)


def _connection_of(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the path of the connection that a cursor's path lies in: it stands under an edge or the page's info."""
    return path[:-3] if isinstance(path[-2], int) else path[:-2]


def _errors(expected: list[dict[str, Any]], actual: list[dict[str, Any]]) -> list[str]:
    found = []
    if len(expected) != len(actual):
        found.append(f"expected {len(expected)} errors, got {len(actual)}: {[_brief(error) for error in actual]}")
    for position, (one, other) in enumerate(zip(expected, actual, strict=False)):
        expected_core, core = _core(one), _core(other)
        rule = expected_core["extensions"].get("rule")
        if isinstance(rule, OneOf) and core["extensions"].get("rule") in rule.names:
            core["extensions"] = {**core["extensions"], "rule": rule}
        if expected_core != core:
            found.append(f"errors.{position}: expected {expected_core}, got {core}")
        if not other.get("message"):
            found.append(f"errors.{position}: no message")
    return found


def _core(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has to be equal in an error: not its place in the text."""
    told = {"path": error.get("path"), "extensions": error.get("extensions", {})}
    return {**told, "message": error["message"]} if _is_denial(error) else told


def _is_bad_input(error: Mapping[str, Any]) -> bool:
    return bool(error.get("extensions", {}).get("code") == "BAD_USER_INPUT")


def _is_denial(error: Mapping[str, Any]) -> bool:
    return bool(error.get("extensions", {}).get("code") == "FIELD_FORBIDDEN")


def _brief(error: Mapping[str, Any]) -> tuple[Any, Any]:
    return error.get("path"), error.get("extensions", {}).get("code")


def _learn(cursors: Cursors, viewer: OracleViewer) -> Iterator[str]:
    """Yield where one list's rows and cursors do not go one to one; remember the cursors' texts."""
    for path, of_rows in cursors.items():
        where = ".".join(map(str, path))
        texts = [text for known in of_rows.values() for text in known]
        if any(len(known) > 1 for known in of_rows.values()):
            yield f"{where}: one row has several cursors"
        if len(set(texts)) < len(texts):
            yield f"{where}: several rows have one cursor"
        for cursor, known in of_rows.items():
            for text in known:
                other = viewer.cursors.setdefault(text, cursor)
                if other != cursor:
                    yield f"{where}: a cursor of {other.place} is one of {cursor.place} too"


def _categories(disclosed: list[Any], denied: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each field on record with the category that it is on record with."""
    for entry in disclosed:
        yield from zip_longest(entry["fields"], entry["categories"], fillvalue="")
    yield from ((entry["field"], entry["category"]) for entry in denied)


def _sets(what: str, expected: set[Any], actual: list[Any]) -> list[str]:
    got = set(actual)
    found = [f"{what}, not recorded: {each}" for each in sorted(expected - got, key=str)]
    found += [f"recorded, not {what}: {each}" for each in sorted(got - expected, key=str)]
    return found + ([f"{what}: recorded twice"] if len(got) < len(actual) else [])


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
