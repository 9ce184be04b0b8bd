"""What the verifier makes of checkpoints: their keys, their times, what they say of leaves that are gone."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.exports import Line, Signer, Trail, random_trail, written
from tests.tools.verifying import Problem, Verdict, verified

SIZES = (4, 8, 12)
TIMES = ("2028-02-29T00:00:00.000000Z", "2028-02-29T00:00:00.000001Z", "2028-03-01T00:00:00.000000Z")


@pytest.fixture
def trail() -> Trail:
    """Give twelve leaves under three checkpoints: by the old key, by both, by the new one."""
    trail = random_trail(3, length=12)
    sealing, (old, new) = trail.sealings[0], trail.keys
    signers = ([old], [old, new], [new])
    trail.sealings = [
        replace(sealing, size=size, time=time, signers=it) for size, time, it in zip(SIZES, TIMES, signers, strict=True)
    ]
    return trail


def verdict_on(trail: Trail, place: Path, lines: list[Line] | None = None, now: str = "2030-01-01") -> Verdict:
    keys = [key.vkey for key in trail.keys]
    return verified(place, written(trail.lines() if lines is None else lines), keys, now=now)


def resigned(trail: Trail, place: Path, old: str, new: str) -> Verdict:
    """Verify an export with another text in its first checkpoint, which is signed as it is then."""
    lines = trail.lines()
    line = next(line for line in lines if line["kind"] == "checkpoint")
    signed = line["note"].partition("\n\n")[0] + "\n"
    assert signed.count(old) == 1
    signed = signed.replace(old, new)
    line["note"] = signed + "\n" + trail.keys[0].line(signed)
    return verdict_on(trail, place, lines)


def test_one_signature_by_a_known_key_is_enough(trail: Trail, tmp_path: Path) -> None:
    old, new = (key.vkey for key in trail.keys)
    export = written(trail.lines())
    assert verified(tmp_path, export, [old, new]).status == 0
    assert verified(tmp_path, export, [old]).problems == [Problem("checkpoint", 8, 11), Problem("unsealed", 8, 11)]
    assert verified(tmp_path, export, [new]).problems == [Problem("checkpoint", 0, 3)]


@pytest.mark.parametrize("wrong", [0, 1])
def test_of_two_signatures_by_known_keys_none_may_be_wrong(wrong: int, trail: Trail, tmp_path: Path) -> None:
    lines = trail.lines()
    line = [line for line in lines if line["kind"] == "checkpoint"][1]
    signed = line["note"].partition("\n\n")[0] + "\n"
    rows = [key.line(signed + "." * (index == wrong)) for index, key in enumerate(trail.keys)]
    line["note"] = signed + "\n" + "".join(rows)
    assert verdict_on(trail, tmp_path, lines).problems == [Problem("checkpoint", 4, 7)]
    # Whoever does not know that key passes over its signature.
    assert verified(tmp_path, written(lines), [trail.keys[1 - wrong].vkey]).problems != [Problem("checkpoint", 4, 7)]


def test_signatures_by_unknown_keys_are_passed_over(trail: Trail, tmp_path: Path) -> None:
    stranger, witness = Signer(trail.origin, bytes(32)), Signer("witness.example/1", bytes(32))
    for sealing in trail.sealings:
        sealing.signers = [witness, stranger, *sealing.signers]
    assert verdict_on(trail, tmp_path).status == 0


def test_a_known_key_of_another_origin_vouches_for_nothing(trail: Trail, tmp_path: Path) -> None:
    other = Signer(trail.origin[:-1] + "x", trail.keys[0].seed)
    for sealing in trail.sealings:
        sealing.signers = [other]
    keys = [key.vkey for key in (*trail.keys, other)]
    assert verified(tmp_path, written(trail.lines()), keys).kinds == ["checkpoint", "unsealed"]


def test_what_goes_on_to_the_end_is_told_once(trail: Trail, tmp_path: Path) -> None:
    days = [f"2028-02-{day:02}{TIMES[0][10:]}" for day in range(1, 13)]
    trail.sealings = [replace(trail.sealings[0], size=size, time=day) for size, day in enumerate(days, 1)]
    lines = trail.lines()
    lines[5]["event"]["purpose"] = "another"
    assert verdict_on(trail, tmp_path, lines).problems == [Problem("root", 2, 2), Problem("unsealed", 2, 11)]
    wrong_key = verified(tmp_path, written(trail.lines()), [Signer(trail.origin, bytes(32)).vkey])
    assert wrong_key.problems == [Problem("checkpoint", 0, 0), Problem("unsealed", 0, 11)]


def test_what_differs_again_is_told_again(trail: Trail, tmp_path: Path) -> None:
    lines, other = trail.lines(), Trail(trail.tenant, [{}] * 12, trail.sealings, trail.keys).lines()
    assert [index for index, line in enumerate(lines) if line["kind"] == "checkpoint"] == [5, 10, 15]
    lines[5], lines[15] = other[5], other[15]
    assert verdict_on(trail, tmp_path, lines).problems[:2] == [Problem("root", 0, 3), Problem("root", 8, 11)]
    for index in (5, 15):
        lines[index] = {"kind": "checkpoint", "note": ""}
    assert verdict_on(trail, tmp_path, lines).problems[:2] == [
        Problem("checkpoint", 0, 3),
        Problem("checkpoint", 8, 11),
    ]


def test_a_checkpoint_of_another_size_is_none_of_these_leaves(trail: Trail, tmp_path: Path) -> None:
    """Even where its root is that of the leaves, and it is signed."""
    for size in (3, 5):
        assert resigned(trail, tmp_path, "\n4\n", f"\n{size}\n").problems == [Problem("size", 0, max(size, 4) - 1)]


def test_a_checkpoint_of_another_origin_is_none_of_this_trail(trail: Trail, tmp_path: Path) -> None:
    assert resigned(trail, tmp_path, trail.tenant, "another").problems == [Problem("checkpoint", 0, 3)]


def test_a_checkpoint_that_agrees_vouches_for_all_before(trail: Trail, tmp_path: Path) -> None:
    """Even where another one did not, which its signer alone can explain."""
    lines = trail.lines()
    other = replace(trail, events=[{**event, "purpose": "another"} for event in trail.events])
    lines[5] = other.lines()[5]
    assert lines[5]["kind"] == "checkpoint"
    assert verdict_on(trail, tmp_path, lines).problems == [Problem("root", 0, 3)]


def test_times_may_stay_but_never_go_back(trail: Trail, tmp_path: Path) -> None:
    trail.sealings[1].time = trail.sealings[0].time
    assert verdict_on(trail, tmp_path).status == 0
    trail.sealings[1].time = "2028-02-28T23:59:59.999999Z"
    assert verdict_on(trail, tmp_path).problems == [Problem("time", 4, 7)]


def test_two_checkpoints_of_one_size_may_stand_together(trail: Trail, tmp_path: Path) -> None:
    trail.sealings.append(replace(trail.sealings[-1], time="2028-04-01T00:00:00.000000Z"))
    assert verdict_on(trail, tmp_path).status == 0


@pytest.mark.parametrize("first", [0, 5, 8, 12])
def test_an_export_may_start_at_any_leaf(first: int, trail: Trail, tmp_path: Path) -> None:
    assert verdict_on(trail, tmp_path, trail.lines(first)).status == 0


def test_a_trail_without_leaves_has_the_root_of_none(trail: Trail, tmp_path: Path) -> None:
    trail.events.clear()
    assert verdict_on(trail, tmp_path).kinds == ["unsealed"]
    trail.sealings = [replace(trail.sealings[0], size=0)]
    assert verdict_on(trail, tmp_path).status == 0


@pytest.mark.parametrize(
    ("years", "now", "passes"),
    [
        (1, "2029-02-28T23:59:59.999999Z", False),
        (1, "2029-03-01T00:00:00Z", True),
        (2, "2030-02-28T12:00:00Z", False),
        (2, "2030-03-01T00:59:59+01:00", False),
        (2, "2030-03-01T01:00:00+01:00", True),
        (7, "2035-02-28T23:59:59", False),
        (7, "2035-03-01", True),
    ],
)
def test_a_leaf_is_gone_in_time_if_its_first_checkpoint_is_old_enough(
    years: int, now: str, passes: bool, trail: Trail, tmp_path: Path
) -> None:
    trail.events[1]["retention_years"] = trail.events[3]["retention_years"] = years
    verdict = verdict_on(trail, tmp_path, trail.lines(gone=[1, 3]), now)
    assert verdict.problems == ([] if passes else [Problem("gone", 1, 3)])


@pytest.mark.parametrize(("now", "passes"), [("2029-02-28T23:59:59.999999", False), ("2029-03-01", True)])
def test_a_year_is_over_with_its_last_microsecond(now: str, passes: bool, trail: Trail, tmp_path: Path) -> None:
    trail.events[8]["retention_years"] = 1
    verdict = verdict_on(trail, tmp_path, trail.lines(gone=[8]), now)
    assert verdict.problems == ([] if passes else [Problem("gone", 8, 8)])


@pytest.mark.parametrize(("position", "passes"), [(3, True), (4, False), (8, False)])
def test_of_each_leaf_that_is_gone_its_own_checkpoint_counts(
    position: int, passes: bool, trail: Trail, tmp_path: Path
) -> None:
    trail.sealings[0].time = "2027-12-31T00:00:00.000000Z"
    trail.events[position]["retention_years"] = 1
    verdict = verdict_on(trail, tmp_path, trail.lines(gone=[position]), now="2029-01-01")
    assert verdict.problems == ([] if passes else [Problem("gone", position, position)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Z\n", "Z\nextension\n"),
        ("\ntime ", "\nTime "),
        ("\ntime ", "\n"),
        ("Z\n", "+00:00\n"),
        ("\n4\n", "\n04\n"),
        ("\n4\n", "\n\u0664\n"),
        ("\n4\n", "\n-4\n"),
        ("\n4\n", "\n4\r\n"),
        ("=\ntime", "\ntime"),
    ],
)
def test_a_checkpoint_has_one_form_even_if_it_was_signed_in_another(
    old: str, new: str, trail: Trail, tmp_path: Path
) -> None:
    assert resigned(trail, tmp_path, old, new).problems == [Problem("checkpoint", 0, 3)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n\n", "\n"),
        ("\n\n", "\n\n\n"),
        ("\n\n", "\n \n"),
        ("\u2014 ", "- "),
        ("\u2014 ", "\u2014  "),
        ("\u2014 ", "\u2014 one\n\u2014 "),
        ("\u2014 ", "\u2014 one A\n\u2014 "),
    ],
)
def test_signatures_have_one_form(old: str, new: str, trail: Trail, tmp_path: Path) -> None:
    lines = trail.lines()
    line = next(line for line in lines if line["kind"] == "checkpoint")
    assert line["note"].count(old) == 1
    line["note"] = line["note"].replace(old, new)
    assert verdict_on(trail, tmp_path, lines).problems == [Problem("checkpoint", 0, 3)]


@pytest.mark.parametrize("cut", [1, 2, 20, 200])
def test_a_note_that_is_cut_is_none(cut: int, trail: Trail, tmp_path: Path) -> None:
    lines = trail.lines()
    line = next(line for line in lines if line["kind"] == "checkpoint")
    line["note"] = line["note"][:-cut]
    assert verdict_on(trail, tmp_path, lines).problems == [Problem("checkpoint", 0, 3)]


def test_a_signature_has_one_text(trail: Trail, tmp_path: Path) -> None:
    """Of 68 bytes in base64 the last character has bits to spare."""
    lines = trail.lines()
    line = next(line for line in lines if line["kind"] == "checkpoint")
    assert line["note"].endswith("=\n")
    last = line["note"][-3]
    line["note"] = line["note"][:-3] + chr(ord(last) + 1) + "=\n"
    assert verdict_on(trail, tmp_path, lines).problems == [Problem("checkpoint", 0, 3)]
