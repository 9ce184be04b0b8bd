"""Canonical JSON of the verifier against RFC 8785 read anew, character by character."""

import json
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.tools.verifying import verify_trail

# Around where UTF-16 and code points order differently, and where escapes start and end.
CHARACTERS = st.sampled_from('\0\b\t\n\x0b\f\r\x1f "/\\a\x7f\x80é\u2028\ud7ff\ue000\ufb33\uffff\U00010000😀\U0010ffff')
TEXTS = st.text(CHARACTERS | st.characters(exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(
    TEXTS | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXTS, inside, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=6)

ESCAPED = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 0x22: '\\"', 0x5C: "\\\\"}


def expected(value: Any) -> str:
    """Return canonical JSON as the RFC has it (3.2.2 and 3.2.3)."""
    if isinstance(value, dict):
        found = sorted((code_units(name), quoted(name) + ":" + expected(item)) for name, item in value.items())
        return "{" + ",".join(member for _, member in found) + "}"
    if isinstance(value, list):
        return "[" + ",".join(expected(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)


def quoted(text: str) -> str:
    return '"' + "".join(ESCAPED.get(ord(it), it if ord(it) > 31 else f"\\u{ord(it):04x}") for it in text) + '"'


def code_units(text: str) -> list[int]:
    """Return the code units of UTF-16, by its definition."""
    units = []
    for character in text:
        point = ord(character)
        if point < 0x10000:
            units.append(point)
        else:
            units += [0xD800 + (point - 0x10000 >> 10), 0xDC00 + (point - 0x10000 & 0x3FF)]
    return units


@given(OBJECTS)
def test_it_is_that_of_the_rfc(value: dict[str, Any]) -> None:
    for line in ("", expected(value)):
        assert verify_trail.leaf_of(value, line.encode(), set()).decode() == expected(value)


@given(OBJECTS, st.integers(), st.booleans(), st.sampled_from([(",", ":"), (", ", ": "), ("\t,\r", " : ")]))
def test_it_is_the_same_however_the_line_was_written(
    value: dict[str, Any], seed: int, ascii_only: bool, separators: tuple[str, str]
) -> None:
    line = {"kind": "event", "position": 0, "event": shuffled(value, Random(seed))}
    text = json.dumps(line, ensure_ascii=ascii_only, separators=separators)
    faults = set[str]()
    found = verify_trail.leaf_of(verify_trail.parse(text.encode())["event"], text.encode(), faults)
    assert found.decode() == expected(value)
    assert faults == (set() if in_order(line["event"]) else {"members are not in canonical order"})


def test_members_are_in_the_order_of_the_rfc_s_example() -> None:
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    found = json.loads(verify_trail.leaf_of(dict.fromkeys(names, 0), b"", set()))
    assert list(found) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_the_order_of_code_points_is_another() -> None:
    text = '{"kind":"event","position":0,"event":{"\ufb33":0,"\U0001f600":0}}'
    faults = set[str]()
    found = verify_trail.leaf_of(verify_trail.parse(text.encode())["event"], text.encode(), faults)
    assert found.decode() == '{"\U0001f600":0,"\ufb33":0}'
    assert faults == {"members are not in canonical order"}


def shuffled(value: Any, rng: Random) -> Any:
    """Return a value with the members of all objects in another order."""
    if isinstance(value, list):
        return [shuffled(item, rng) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: shuffled(value[name], rng) for name in rng.sample(list(value), len(value))}


def in_order(value: Any) -> bool:
    """Tell whether the members of all objects are in canonical order."""
    if isinstance(value, list):
        return all(map(in_order, value))
    if not isinstance(value, dict):
        return True
    return list(value) == sorted(value, key=code_units) and all(map(in_order, value.values()))
