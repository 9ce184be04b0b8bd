"""Ways to tamper with what an export says of events, each with where it has to be found."""

import json
from base64 import b64decode, b64encode

from tests.tools.case import Case, Trace, flipped, texts_in
from tests.tools.exports import written


def a_bit_of_a_text(case: Case) -> Trace | None:
    """Change a bit of a text in an event."""
    if not (events := case.leaves()):
        return None
    position = case.rng.choice(events)
    container, key = case.rng.choice(texts_in(case.lines[case.index(position)]["event"]))
    container[key] = flipped(case.rng, container[key])
    return Trace("root", position, position)


def a_bit_of_a_name(case: Case) -> Trace | None:
    """Change a bit of a member's name in an event."""
    if not (events := case.leaves()):
        return None
    position = case.rng.choice(events)
    line = case.lines[case.index(position)]
    name = case.rng.choice(list(line["event"]))
    line["event"] = {flipped(case.rng, it) if it == name else it: value for it, value in line["event"].items()}
    return Trace("root", position, position)


def a_bit_of_the_file(case: Case) -> Trace | None:
    """Change a bit in an event's line as it stands in the file."""
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
    """Leave a leaf out."""
    position = case.leaf()
    del case.lines[case.index(position)]
    return Trace("gap size end", position, position)


def removed_and_renumbered(case: Case) -> Trace | None:
    """Leave a leaf out and close the gap."""
    position = case.leaf()
    del case.lines[case.index(position)]
    case.renumber(position, -1)
    if case.rng.random() < 0.5:
        case.lines[0]["size"] -= 1
        case.lines[-1] = {"kind": "end", "positions": case.lines[-1]["positions"] - 1, "size": case.lines[0]["size"]}
    return Trace("size", position, position)


def inserted(case: Case) -> Trace | None:
    """Add an event beside a leaf."""
    position = case.leaf()
    line = {"kind": "event", "position": position, "event": case.forged(position)}
    case.lines.insert(case.index(position) + case.rng.randrange(2), line)
    return Trace("order", position, position)


def inserted_and_renumbered(case: Case) -> Trace | None:
    """Add an event and make room for it."""
    position = case.leaf()
    index = case.index(position)
    case.renumber(position, 1)
    case.lines.insert(index, {"kind": "event", "position": position, "event": case.forged(position)})
    return Trace("size", position, position)


def replaced(case: Case) -> Trace | None:
    """Put another event in place of a leaf."""
    position = case.leaf()
    case.lines[case.index(position)] = {"kind": "event", "position": position, "event": case.forged(position)}
    return Trace("root", position, position)


def swapped(case: Case) -> Trace | None:
    """Swap two events."""
    if len(events := case.leaves()) < 2:
        return None
    one, other = sorted(case.rng.sample(events, 2))
    lines = case.lines[case.index(one)], case.lines[case.index(other)]
    lines[0]["event"], lines[1]["event"] = lines[1]["event"], lines[0]["event"]
    return Trace("root", one, one)


def moved(case: Case) -> Trace | None:
    """Move a leaf's line elsewhere."""
    one, other = case.rng.sample(case.leaves() + case.leaves("gone"), 2)
    line, index = case.lines[case.index(one)], case.index(other)
    case.lines.remove(line)
    case.lines.insert(index, line)
    return Trace("gap order", min(one, other), max(one, other))


def twice(case: Case) -> Trace | None:
    """Write a leaf's line twice."""
    position = case.leaf()
    index = case.index(position)
    case.lines.insert(index, case.lines[index])
    return Trace("order", position, position)


def tail_cut(case: Case) -> Trace | None:
    """Leave out everything after some line."""
    case.lines = case.lines[: case.rng.randrange(1, len(case.lines))]
    end = max([it["position"] + 1 for it in case.lines if "position" in it], default=case.first)
    return Trace("end", end, end)


def cut_within_a_line(case: Case) -> Trace | None:
    """Leave out everything after some byte."""
    case.export = written(case.lines)
    case.export = case.export[: case.rng.randrange(len(written(case.lines[:1])), len(case.export) - 1)]
    end = case.first + sum(row.startswith((b'{"kind":"event', b'{"kind":"gone')) for row in case.export.splitlines())
    return Trace("end", end - 1, end)


def gone_too_early(case: Case) -> Trace | None:
    """Leave only the hash of an event whose time is not over."""
    trail = case.trail
    young = sorted(set(case.leaves()) - set(trail.may_be_gone()))
    if not young:
        return None
    position = case.rng.choice(young)
    lines = {line.get("position"): line for line in trail.lines(case.first, gone=[position])}
    case.lines[case.index(position)] = lines[position]
    return Trace("gone", position, position)


def another_hash_of_one_gone(case: Case) -> Trace | None:
    """Write another hash of an event that is gone."""
    if not (gone := case.leaves("gone")):
        return None
    position = case.rng.choice(gone)
    case.lines[case.index(position)]["hash"] = b64encode(case.rng.randbytes(32)).decode()
    return Trace("root", position, position)


def other_counts(case: Case) -> Trace | None:
    """Write other counts into the first or the last line."""
    line, name = case.rng.choice(((0, "size"), (-1, "size"), (-1, "positions")))
    case.lines[line][name] += case.rng.randint(1, 3)
    return Trace("end", len(case.trail.events), len(case.trail.events))


def another_tenant(case: Case) -> Trace | None:
    """Name another tenant in the first line."""
    case.lines[0]["tenant"] = "0198c0de-0000-7000-8000-000000000001"
    return Trace("", start="first line: ")


def another_start(case: Case) -> Trace | None:
    """Change a bit of what the leaves before make."""
    before = case.lines[0]["before"]
    if not before:
        return None
    raw = bytearray(b64decode(before[0]))
    raw[case.rng.randrange(32)] ^= 1 << case.rng.randrange(8)
    before[case.rng.randrange(len(before))] = b64encode(raw).decode()
    return Trace("root", case.first, case.first)


def start_of_another_length(case: Case) -> Trace | None:
    """Leave out some of what the leaves before make, or add to it."""
    before = case.lines[0]["before"]
    case.lines[0]["before"] = case.rng.choice((before[1:], before[:-1])) if before else [b64encode(bytes(32)).decode()]
    return Trace("", start="first line: ")
