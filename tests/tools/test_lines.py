"""Lines that are not as the format has them: each is told with its position, and none ends the verifier."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from tests.tools.exports import Line, Signer, Trail, origin_of, random_trail, written
from tests.tools.verifying import Problem, Verdict, verified, verify_trail

PLACE = 3
"""The position of the leaf that is changed."""


@pytest.fixture
def trail() -> Trail:
    return random_trail(1, length=12)


def verdict_on(trail: Trail, place: Path, export: bytes | list[Line] | None = None) -> Verdict:
    """Verify an export, by default all of the trail as it is."""
    export = trail.lines() if export is None else export
    return verified(place, written(export) if isinstance(export, list) else export, [it.vkey for it in trail.keys])


def with_line(trail: Trail, line: bytes) -> bytes:
    """Return an export with another line in the place of a leaf's."""
    lines = trail.lines()
    index = next(index for index, it in enumerate(lines) if it.get("position") == PLACE)
    rows = written(lines).splitlines(keepends=True)
    return b"".join([*rows[:index], line, *rows[index + 1 :]])


def event_line(trail: Trail, *changed: tuple[str, str]) -> bytes:
    """Return the leaf's line with pieces of its text replaced."""
    line = json.dumps({"kind": "event", "position": PLACE, "event": trail.events[PLACE]}, separators=(",", ":"))
    for old, new in changed:
        assert line.count(old) == 1
        line = line.replace(old, new)
    return line.encode() + b"\n"


MALFORMED = {
    "empty": b"\n",
    "no JSON": b"position 3\n",
    "not whole": b'{"kind":"event","position":3,"event":{"id":"\n',
    "an array": b"[]\n",
    "a number": b"1\n",
    "null": b"null\n",
    "two objects": b'{"kind":"end","positions":12,"size":12}{}\n',
    "not UTF-8": b'{"kind":"checkpoint","note":"\xff"}\n',
    "another encoding": '\ufeff{"kind":"checkpoint","note":""}\n'.encode("utf-16-be"),
    "a byte order mark": b'\xef\xbb\xbf{"kind":"checkpoint","note":""}\n',
    "a control character": b'{"kind":"checkpoint","note":"\x01"}\n',
    "no kind": b'{"position":3,"event":{}}\n',
    "an unknown kind": b'{"kind":"note","note":""}\n',
    "a kind that is no text": b'{"kind":[],"note":""}\n',
    "a kind of the verifier's own": b'{"kind":"checkpoint\x00","note":""}\n',
    "a second first line": b'{"kind":"trail","format":1,"tenant":"","origin":"","made":"","from":null,"to":null,'
    b'"first":0,'
    b'"size":0,"before":[]}\n',
    "a member missing": b'{"kind":"event","event":{}}\n',
    "a member too many": b'{"kind":"event","position":3,"event":{},"note":""}\n',
    "a position that is text": b'{"kind":"event","position":"3","event":{}}\n',
    "a position that is true": b'{"kind":"event","position":true,"event":{}}\n',
    "a position with a fraction": b'{"kind":"event","position":3.0,"event":{}}\n',
    "a position beyond all": b'{"kind":"event","position":%d,"event":{}}\n' % 2**53,
    "a position of many digits": b'{"kind":"event","position":%s,"event":{}}\n' % (b"9" * 5000),
    "an event that is an array": b'{"kind":"event","position":3,"event":[]}\n',
    "an event that is null": b'{"kind":"event","position":3,"event":null}\n',
    "infinity": b'{"kind":"event","position":3,"event":{"a":-Infinity}}\n',
    "a fraction": b'{"kind":"event","position":3,"event":{"a":[1.5]}}\n',
    "an exponent": b'{"kind":"event","position":3,"event":{"a":1e2}}\n',
    "not a number": b'{"kind":"event","position":3,"event":{"a":NaN}}\n',
    "half a character": b'{"kind":"event","position":3,"event":{"a":"\\ud83d"}}\n',
    "half a character in a name": b'{"kind":"event","position":3,"event":{"\\ud83d":"a"}}\n',
    "too deep": b'{"kind":"event","position":3,"event":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}\n",
    "a hash that is too short": b'{"kind":"gone","position":3,"hash":"AAAA","at":"2021-01-01T00:00:00.000000Z",'
    b'"retention_years":1}\n',
    "a hash that is no base64": b'{"kind":"gone","position":3,"hash":"\xc3\xa9","at":"2021-01-01T00:00:00.000000Z",'
    b'"retention_years":1}\n',
    "gone after three years": b'{"kind":"gone","position":3,"hash":"%s=","at":"2021-01-01T00:00:00.000000Z",'
    b'"retention_years":3}\n' % (b"A" * 43),
    "gone some day": b'{"kind":"gone","position":3,"hash":"%s=","at":"some day","retention_years":1}\n' % (b"A" * 43),
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_line_is_told_with_its_position(line: bytes, trail: Trail, tmp_path: Path) -> None:
    verdict = verdict_on(trail, tmp_path, with_line(trail, line))
    assert verdict.status == 1
    # In place of a leaf it leaves a gap as well.
    assert verdict.problems[:2] == [Problem("malformed", PLACE, PLACE), Problem("gap", PLACE, PLACE)]
    assert verdict.lines[-1].split(":")[0] == f"{len(verdict.lines) - 1} problems"


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_first_line_is_no_export(line: bytes, trail: Trail, tmp_path: Path) -> None:
    assert verdict_on(trail, tmp_path, line + written(trail.lines())) == Verdict(2, [])


def test_a_line_that_is_too_long_is_told_and_passed_over(
    trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = max(map(len, written(trail.lines()).splitlines(keepends=True)))
    monkeypatch.setattr(verify_trail, "LONGEST_LINE", longest)
    assert verdict_on(trail, tmp_path).status == 0
    rows = written(trail.lines()).splitlines(keepends=True)
    for length in (longest + 1, 2 * longest + 2, 5 * longest):
        verdict = verdict_on(trail, tmp_path, b"".join([*rows[:1], b" " * (length - 1) + b"\n", *rows[1:]]))
        assert verdict.problems == [Problem("malformed", 0, 0)]
        assert verdict.lines[0].endswith(f"longer than {longest} bytes")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"outcome":', '"outcome":"RELEASED","outcome":'),
        ('"event":', '"event":{},"event":'),
        ('"denials":', '"denials":[{"a":1,"a":1}],"note":'),
        ('"kind":', '"kind":"event","kind":'),
    ],
)
def test_a_member_that_is_there_twice_is_told(old: str, new: str, trail: Trail, tmp_path: Path) -> None:
    verdict = verdict_on(trail, tmp_path, with_line(trail, event_line(trail, (old, new))))
    assert verdict.problems[0] == Problem("malformed", PLACE, PLACE)
    assert verdict.lines[0].endswith("an object has a member twice")


@pytest.mark.parametrize("purpose", ["plain", "\xdcberblick"])
def test_members_in_another_order_are_told_and_hashed_in_their_order(
    purpose: str, trail: Trail, tmp_path: Path
) -> None:
    event = {"denials": [{"field": "a", "reason": "b"}], "purpose": purpose, "tenant_id": trail.tenant}
    trail.events[PLACE] = event
    lines = trail.lines()
    assert verdict_on(trail, tmp_path, lines).status == 0
    line = next(line for line in lines if line.get("position") == PLACE)
    for changed in (dict(reversed(event.items())), event | {"denials": [{"reason": "b", "field": "a"}]}):
        line["event"] = changed
        assert verdict_on(trail, tmp_path, lines).problems == [Problem("form", PLACE, PLACE)]


@pytest.mark.parametrize("purpose", ["plain", "\xdcberblick"])
@pytest.mark.parametrize("changed", [{"case_id": None}, {"denials": [None]}, {"denials": [{"told": None}]}])
def test_a_null_is_told_even_if_it_was_sealed(
    changed: dict[str, Any], purpose: str, trail: Trail, tmp_path: Path
) -> None:
    trail.events[PLACE] = {**changed, "purpose": purpose, "tenant_id": trail.tenant}
    assert verdict_on(trail, tmp_path).problems == [Problem("form", PLACE, PLACE)]


@pytest.mark.parametrize("tenant", [None, "0198c0de-0000-7000-8000-000000000001", 1])
def test_an_event_of_another_tenant_is_told_even_if_it_was_sealed(tenant: object, trail: Trail, tmp_path: Path) -> None:
    trail.events[PLACE]["tenant_id"] = tenant
    if tenant is None:
        del trail.events[PLACE]["tenant_id"]
    assert verdict_on(trail, tmp_path).problems == [Problem("tenant", PLACE, PLACE)]


def test_members_of_a_later_release_are_hashed_like_all_others(trail: Trail, tmp_path: Path) -> None:
    trail.events[PLACE]["zone"] = {"a": [True, False, -5, {}, []]}
    assert verdict_on(trail, tmp_path).status == 0


@pytest.mark.parametrize("added", [b"\n", b" ", b"{}\n", b'{"kind":"end","positions":12,"size":12}\n', b"\0\n{}\n"])
def test_whatever_follows_the_last_line_is_told(added: bytes, trail: Trail, tmp_path: Path) -> None:
    assert verdict_on(trail, tmp_path, written(trail.lines()) + added).kinds == ["trailing"]


def test_a_last_line_without_a_newline_is_whole(trail: Trail, tmp_path: Path) -> None:
    assert verdict_on(trail, tmp_path, written(trail.lines())[:-1]).status == 0


@pytest.mark.parametrize(("line", "name"), [(0, "size"), (-1, "size"), (-1, "positions")])
def test_counts_that_differ_are_told(line: int, name: str, trail: Trail, tmp_path: Path) -> None:
    lines = trail.lines(first=2)
    lines[line][name] += 1
    assert verdict_on(trail, tmp_path, lines).problems == [Problem("end", 12, 12)]


def test_fewer_leaves_than_the_counts_are_told(trail: Trail, tmp_path: Path) -> None:
    size = trail.sealings[-2].size
    shorter = trail.lines(size=size)
    assert verdict_on(trail, tmp_path, [trail.lines()[0], *shorter[1:-1], trail.lines()[-1]]).problems == [
        Problem("end", size, size)
    ]


@pytest.mark.parametrize(
    "changed",
    [
        *({"first": -1}, {"first": 11}, {"size": 1}, {"first": 3, "size": 2}, {"before": []}, {"before": [None]}),
        *({"before": [[]]}, {"before": [""]}, {"before": ["\xe9" * 44]}, {"before": ["A" * 43 + "B"]}),
    ],
    ids=str,
)
def test_a_first_line_that_contradicts_itself_is_told(changed: Line, trail: Trail, tmp_path: Path) -> None:
    lines = trail.lines(first=2)
    assert verdict_on(trail, tmp_path, lines).status == 0
    lines[0] |= changed
    verdict = verdict_on(trail, tmp_path, lines)
    assert verdict.status == 1
    assert [line.partition(":")[0] for line in verdict.lines] == ["first line", "1 problem"]


def test_a_tenant_that_is_no_uuid_is_told(trail: Trail, tmp_path: Path) -> None:
    """It would be looked for among the files."""
    for event in trail.events:
        event["tenant_id"] = ".."
    trail.tenant, trail.keys = "..", (Signer(origin_of(".."), bytes(32)), trail.keys[1])
    for sealing in trail.sealings:
        sealing.signers = trail.keys[:1]
    assert verdict_on(trail, tmp_path).lines[0] == "first line: tenant and origin do not agree"


def test_a_trail_without_a_last_line_is_told(trail: Trail, tmp_path: Path) -> None:
    assert verdict_on(trail, tmp_path, trail.lines()[:-1]).problems == [Problem("end", 12, 12)]


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    peaks = []
    for length in (500, 4000):
        trail = random_trail(2, length)
        trail.sealings = trail.sealings[-1:]
        export = written(trail.lines(gone=trail.may_be_gone()[::2]))
        tracemalloc.start()
        assert verdict_on(trail, tmp_path, export).status == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000
