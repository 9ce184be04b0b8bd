"""Ways to tamper with an export or with the checkpoints kept apart, each with where it has to be found."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.tools.exports import NOW, Line, Signer, Trail, random_event, random_trail, written


@dataclass
class Case:
    """An export and what it is verified with, valid as yet."""

    rng: Random
    trail: Trail
    first: int
    gone: list[int]
    lines: list[Line]
    kept: dict[str, str] | None
    export: bytes = b""
    """What to verify in place of `lines`, if anything."""

    def leaves(self, kind: str = "event") -> list[int]:
        """Return the positions whose lines are of a kind."""
        return [line["position"] for line in self.lines if line["kind"] == kind]

    def index(self, position: int) -> int:
        """Return where in `lines` a position is."""
        return next(index for index, line in enumerate(self.lines) if line.get("position") == position)

    def checkpoint(self) -> tuple[Line, int]:
        """Choose a checkpoint; return its line and its size."""
        line = self.rng.choice([line for line in self.lines if line["kind"] == "checkpoint"])
        return line, int(line["note"].split("\n")[1])

    def renumber(self, position: int, by: int) -> None:
        """Add to every position from one on."""
        for line in self.lines:
            if line.get("position", -1) >= position:
                line["position"] += by

    def forged(self, position: int) -> dict[str, Any]:
        """Return an event that never was."""
        event = random_event(self.rng, self.trail.tenant, datetime(2022, 1, 1, tzinfo=UTC))
        return event | {"at": self.trail.events[position]["at"]}


@dataclass(frozen=True)
class Trace:
    """What has to be told: a problem of one of `kinds` in some of the positions, or a line that starts so."""

    kinds: str
    first: int = 0
    last: int = 0
    start: str = ""


Tampering = Callable[[Case], Trace | None]
"""Changes a case; None where it cannot be done to it."""


def case_of(seed: int) -> Case:
    """Make a case."""
    rng, trail = Random(f"case {seed}"), random_trail(seed)
    first = rng.choice((0, rng.randint(0, len(trail.events) - 2)))
    gone = rng.choice(([], trail.may_be_gone()))
    lines = deepcopy(trail.lines(first, gone=gone))
    return Case(rng, trail, first, gone, lines, trail.folder() if rng.random() < 0.5 else None)


def flipped(rng: Random, text: str) -> str:
    """Return a text with one bit of it changed."""
    index = rng.randrange(len(text))
    return text[:index] + chr(ord(text[index]) ^ 1 << rng.randrange(7)) + text[index + 1 :]


def texts_in(value: Any) -> list[tuple[Any, Any]]:
    """Return the place, as container and key, of every text in an event that is not empty."""
    inside = list(value.items() if isinstance(value, dict) else enumerate(value))
    found = [(value, key) for key, item in inside if isinstance(item, str) and item]
    return found + [place for _, item in inside if isinstance(item, dict | list) for place in texts_in(item)]


def a_bit_of_a_text(case: Case) -> Trace | None:
    if not (events := case.leaves()):
        return None
    position = case.rng.choice(events)
    container, key = case.rng.choice(texts_in(case.lines[case.index(position)]["event"]))
    container[key] = flipped(case.rng, container[key])
    return Trace("root", position, position)


def a_bit_of_a_name(case: Case) -> Trace | None:
    if not (events := case.leaves()):
        return None
    position = case.rng.choice(events)
    line = case.lines[case.index(position)]
    name = case.rng.choice(list(line["event"]))
    line["event"] = {flipped(case.rng, it) if it == name else it: value for it, value in line["event"].items()}
    return Trace("root", position, position)


def a_bit_of_the_file(case: Case) -> Trace | None:
    if not (events := case.leaves()):
        return None
    position = case.rng.choice(events)
    index = case.index(position)
    rows = [written([line]) for line in case.lines]
    place = case.rng.randrange(len(rows[index]))
    row = bytearray(rows[index])
    row[place] ^= 1 << case.rng.randrange(8)
    try:
        if json.loads(row) == case.lines[index] and row.endswith(b"\n"):
            return None
    except ValueError:
        pass
    case.export = b"".join([*rows[:index], bytes(row), *rows[index + 1 :]])
    return Trace("root malformed tenant gap order form", position, position)


def removed(case: Case) -> Trace | None:
    position = case.rng.choice(case.leaves() + case.leaves("gone"))
    del case.lines[case.index(position)]
    return Trace("gap size end", position, position)


def removed_and_renumbered(case: Case) -> Trace | None:
    position = case.rng.choice(case.leaves() + case.leaves("gone"))
    del case.lines[case.index(position)]
    case.renumber(position, -1)
    if case.rng.random() < 0.5:
        case.lines[0]["size"] -= 1
        case.lines[-1] = {"kind": "end", "positions": case.lines[-1]["positions"] - 1, "size": case.lines[0]["size"]}
    return Trace("size", position, position)


def inserted(case: Case) -> Trace | None:
    position = case.rng.choice(case.leaves() + case.leaves("gone"))
    line = {"kind": "event", "position": position, "event": case.forged(position)}
    case.lines.insert(case.index(position) + case.rng.randrange(2), line)
    return Trace("order", position, position)


def inserted_and_renumbered(case: Case) -> Trace | None:
    position = case.rng.choice(case.leaves() + case.leaves("gone"))
    index = case.index(position)
    case.renumber(position, 1)
    case.lines.insert(index, {"kind": "event", "position": position, "event": case.forged(position)})
    return Trace("size", position, position)


def replaced(case: Case) -> Trace | None:
    position = case.rng.choice(case.leaves() + case.leaves("gone"))
    case.lines[case.index(position)] = {"kind": "event", "position": position, "event": case.forged(position)}
    return Trace("root", position, position)


def swapped(case: Case) -> Trace | None:
    if len(events := case.leaves()) < 2:
        return None
    one, other = sorted(case.rng.sample(events, 2))
    lines = case.lines[case.index(one)], case.lines[case.index(other)]
    lines[0]["event"], lines[1]["event"] = lines[1]["event"], lines[0]["event"]
    return Trace("root", one, one)


def moved(case: Case) -> Trace | None:
    one, other = case.rng.sample(case.leaves() + case.leaves("gone"), 2)
    line, index = case.lines[case.index(one)], case.index(other)
    case.lines.remove(line)
    case.lines.insert(index, line)
    return Trace("gap order", min(one, other), max(one, other))


def twice(case: Case) -> Trace | None:
    position = case.rng.choice(case.leaves() + case.leaves("gone"))
    index = case.index(position)
    case.lines.insert(index, case.lines[index])
    return Trace("order", position, position)


def tail_cut(case: Case) -> Trace | None:
    case.lines = case.lines[: case.rng.randrange(1, len(case.lines))]
    end = max([it["position"] + 1 for it in case.lines if "position" in it], default=case.first)
    return Trace("end", end, end)


def cut_within_a_line(case: Case) -> Trace | None:
    case.export = written(case.lines)
    case.export = case.export[: case.rng.randrange(len(written(case.lines[:1])), len(case.export) - 1)]
    end = case.first + sum(row.startswith((b'{"kind":"event', b'{"kind":"gone')) for row in case.export.splitlines())
    return Trace("end", end - 1, end)


def older_than_the_folder(case: Case) -> Trace | None:
    sizes = [it.size for it in case.trail.sealings if it.size > case.first][:-1]
    if not sizes:
        return None
    size = case.rng.choice(sizes)
    case.lines, case.kept = case.trail.lines(case.first, size, gone=case.gone), case.trail.folder()
    return Trace("cut", size, len(case.trail.events) - 1)


def _forked(case: Case, strangers: bool) -> int:
    trail = case.trail
    case.kept = trail.folder() if case.rng.random() < 0.5 or not strangers else None
    position = case.rng.randrange(case.first, len(trail.events))
    events = [case.forged(at) if at == position else event for at, event in enumerate(trail.events)]
    stranger = Signer(trail.origin, case.rng.randbytes(32))
    sealings = [replace(it, signers=[stranger]) if strangers else it for it in trail.sealings]
    case.lines = Trail(trail.tenant, events, sealings, trail.keys).lines(case.first)
    return position


def forked_by_a_stranger(case: Case) -> Trace | None:
    _forked(case, strangers=True)
    return Trace("checkpoint", case.first, case.first)


def forked_by_the_holder_of_the_key(case: Case) -> Trace | None:
    position = _forked(case, strangers=False)
    return Trace("root", position, position)


def another_root(case: Case) -> Trace | None:
    return _rewritten(case, 2, b64encode(case.rng.randbytes(32)).decode())


def another_size(case: Case) -> Trace | None:
    return _rewritten(case, 1, str(case.rng.randint(0, 100) + 1000))


def another_time(case: Case) -> Trace | None:
    return _rewritten(case, 3, "time 2021-01-01T00:00:00.000000Z")


def another_origin(case: Case) -> Trace | None:
    return _rewritten(case, 0, case.trail.origin[:-1])


def _rewritten(case: Case, row: int, text: str) -> Trace:
    line, size = case.checkpoint()
    rows = line["note"].split("\n")
    rows[row] = text
    line["note"] = "\n".join(rows)
    return Trace("checkpoint", size - 1, size - 1)


def a_bit_of_a_signature(case: Case) -> Trace | None:
    line, size = case.checkpoint()
    line["note"] = wrongly_signed(case.rng, line["note"])
    return Trace("checkpoint", size - 1, size - 1)


def wrongly_signed(rng: Random, note: str) -> str:
    """Return a note with a bit of one of its signatures changed."""
    rows = note.split("\n")
    row = rng.choice([index for index, text in enumerate(rows) if text.startswith("\u2014")])
    start, _, encoded = rows[row].rpartition(" ")
    raw = bytearray(b64decode(encoded))
    raw[rng.randrange(4, len(raw))] ^= 1 << rng.randrange(8)
    rows[row] = f"{start} {b64encode(raw).decode()}"
    return "\n".join(rows)


def signed_by_a_stranger(case: Case) -> Trace | None:
    line, size = case.checkpoint()
    signed = line["note"].partition("\n\n")[0] + "\n"
    line["note"] = signed + "\n" + Signer(case.trail.origin, case.rng.randbytes(32)).line(signed)
    return Trace("checkpoint", size - 1, size - 1)


def last_checkpoint_missing(case: Case) -> Trace | None:
    del case.lines[-2]
    return Trace("unsealed", len(case.trail.events) - 1, len(case.trail.events) - 1)


def checkpoint_moved(case: Case) -> Trace | None:
    line, size = case.checkpoint()
    index = case.lines.index(line)
    case.lines[index], case.lines[index - 1] = case.lines[index - 1], line
    return Trace("size", size - 1, size - 1)


def another_start(case: Case) -> Trace | None:
    before = case.lines[0]["before"]
    if not before:
        return None
    raw = bytearray(b64decode(before[0]))
    raw[case.rng.randrange(32)] ^= 1 << case.rng.randrange(8)
    before[case.rng.randrange(len(before))] = b64encode(raw).decode()
    return Trace("root", case.first, case.first)


def start_of_another_length(case: Case) -> Trace | None:
    before = case.lines[0]["before"]
    case.lines[0]["before"] = case.rng.choice((before[1:], before[:-1])) if before else [b64encode(bytes(32)).decode()]
    return Trace("", start="first line: ")


def gone_too_early(case: Case) -> Trace | None:
    trail = case.trail
    young = sorted(set(case.leaves()) - set(trail.may_be_gone()))
    if not young:
        return None
    position = case.rng.choice(young)
    lines = {line.get("position"): line for line in trail.lines(case.first, gone=[position])}
    case.lines[case.index(position)] = lines[position]
    return Trace("gone", position, position)


def another_hash_of_one_gone(case: Case) -> Trace | None:
    if not (gone := case.leaves("gone")):
        return None
    position = case.rng.choice(gone)
    case.lines[case.index(position)]["hash"] = b64encode(case.rng.randbytes(32)).decode()
    return Trace("root", position, position)


def other_counts(case: Case) -> Trace | None:
    line, name = case.rng.choice(((0, "size"), (-1, "size"), (-1, "positions")))
    case.lines[line][name] += case.rng.randint(1, 3)
    return Trace("end", len(case.trail.events), len(case.trail.events))


def another_tenant(case: Case) -> Trace | None:
    case.lines[0]["tenant"] = "0198c0de-0000-7000-8000-000000000001"
    return Trace("", start="first line: ")


def kept_one_changed(case: Case) -> Trace | None:
    case.kept = case.trail.folder()
    path = case.rng.choice(list(case.kept))
    signed, empty, signatures = case.kept[path].partition("\n\n")
    if case.rng.random() < 0.5:
        case.kept[path] = flipped(case.rng, signed) + empty + signatures
    else:
        case.kept[path] = wrongly_signed(case.rng, case.kept[path])
    return Trace("", start=f"checkpoint {path.partition('/')[2]}: ")


def kept_one_renamed(case: Case) -> Trace | None:
    case.kept = case.trail.folder()
    path = case.rng.choice(list(case.kept))
    tenant, day, name = path.split("/")
    to = case.rng.choice((f"{NOW[:10]}/{name}", f"{day}/{int(name[:16]) + 1000:016}.txt", f"{day}/{name[1:]}"))
    case.kept[f"{tenant}/{to}"] = case.kept.pop(path)
    return Trace("", start=f"checkpoint {to}: ")


def two_kept_of_one_size(case: Case) -> Trace | None:
    case.kept = case.trail.folder()
    sealing = case.rng.choice(case.trail.sealings)
    other = replace(sealing, time=f"{NOW[:10]}{sealing.time[10:]}")
    hashes = [*case.trail.hashes()[1:], bytes(32)]
    path = f"{NOW[:10]}/{sealing.size:016}.txt"
    case.kept[f"{case.trail.tenant}/{path}"] = case.trail.note(other, hashes)
    return Trace("", start=f"checkpoint {path}: fork: ")


TAMPERINGS: tuple[Tampering, ...] = (
    *(a_bit_of_a_text, a_bit_of_a_name, a_bit_of_the_file, removed, removed_and_renumbered, inserted),
    *(inserted_and_renumbered, replaced, swapped, moved, twice, tail_cut, cut_within_a_line, older_than_the_folder),
    *(forked_by_a_stranger, forked_by_the_holder_of_the_key, another_root, another_size, another_time, another_origin),
    *(a_bit_of_a_signature, signed_by_a_stranger, last_checkpoint_missing, checkpoint_moved, another_start),
    *(start_of_another_length, gone_too_early, another_hash_of_one_gone, other_counts, another_tenant),
    *(kept_one_changed, kept_one_renamed, two_kept_of_one_size),
)
