"""Verify an exported access trail. The format is that of docs/trail.md; nothing of the product's code is used.

    python verify_trail.py EXPORT [--key VKEY ...] [--keys FILE] [--checkpoints FOLDER]

EXPORT is a file of JSON lines ("-": standard input). VKEY is a public key, `name+id+key`; FILE has one a line. FOLDER
holds checkpoints that were kept apart, as `FOLDER/<tenant>/<day>/<size>.txt`. Take keys and folder from where whoever
made the export could not change them. Python 3.11 and the package `cryptography` are needed; memory does not grow with
the export. A line per problem names the positions and the kind. The last line is `ok: ...` (exit 0) or
`N problems: ...` (exit 1). Exit 2: the input cannot be used, and nothing was verified.

What `ok` proves: each event is, character for character, what the holder of the key signed in the next checkpoint;
between the first and the last position none is missing, added or moved; those gone are old enough to be. With FOLDER:
it is the same trail that was signed when those checkpoints were taken, and no event of the time asked for that was
sealed two minutes before the export was made is left out.

What it does not prove: that what was sealed is true, or that nothing happened unrecorded; that `made`, `from` and `to`
are when and what you asked for (the last line tells them: look); how long a gone event was to be kept (that is not in
its hash); without FOLDER, that no event of that time lies outside of the positions exported, and that the holder of the
key did not sign another trail for others. Nothing vouches for events after the last checkpoint, and none are exported.
"""

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONGEST_LINE, LONGEST_NOTE = 64 << 20, 64 << 10  # bytes
YEARS = (1, 2, 7)
PATIENCE, LATEST = timedelta(minutes=2), "9999-12-31T23:59:59.999999Z"
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Of one width, so that texts sort as the instants do.
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
VKEY = re.compile("([^ +]+)[+]([0-9a-f]{8})[+]([A-Za-z0-9+/]{44})")
SIGNATURE = re.compile("\u2014 ([^ \n]+) ([A-Za-z0-9+/]+={0,2})\n")
NOTE = re.compile(
    rf"(([^\n]+)\n(0|[1-9][0-9]{{0,15}})\n([A-Za-z0-9+/]{{43}}=)\ntime ({INSTANT.pattern})\n)"
    rf"\n((?:{SIGNATURE.pattern})+)"
)
LINES: dict[str, dict[str, Any]] = {
    "trail": {"kind": str, "format": int, "tenant": str, "origin": str, "made": str}
    | {"from": str | None, "to": str | None, "first": int, "size": int, "before": list},
    "event": {"kind": str, "position": int, "event": dict},
    "gone": {"kind": str, "position": int, "hash": str, "at": str, "retention_years": int},
    "checkpoint": {"kind": str, "note": str},
    "end": {"kind": str, "positions": int, "size": int},
}
Keys = dict[tuple[str, bytes], Ed25519PublicKey]


class UnusableError(Exception):
    """The input cannot be verified at all."""


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON. Raises `ValueError`: there is no telling which of two equal members was meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a member twice")
    return found


def integer(digits: str) -> int:
    """Return a number. Raises `ValueError` for one that JSON does not hold exactly (RFC 8785, appendix D)."""
    if len(digits) > 17 or abs(int(digits)) >= 2**53:
        raise ValueError("a number is too large")
    return int(digits)


def refuse(_: str) -> NoReturn:
    """Refuse a number: the format has only integers."""
    raise ValueError("a number is not an integer")


DECODER = json.JSONDecoder(object_pairs_hook=members, parse_int=integer, parse_float=refuse, parse_constant=refuse)
encoder = partial(json.JSONEncoder, ensure_ascii=False, check_circular=False, separators=(",", ":"))
AS_IT_IS, SORTED = encoder(), encoder(sort_keys=True)


def parse(line: bytes) -> dict[str, Any]:
    """Return the object in a line, of a kind in `LINES`. Raises `ValueError` and `RecursionError`."""
    if len(line) > LONGEST_LINE:
        raise ValueError(f"the line is longer than {LONGEST_LINE} bytes")
    found = DECODER.decode(line.decode())
    if not isinstance(found, dict):
        raise ValueError("the line is no object")
    kind = found.get("kind")
    shape = LINES.get(kind, {}) if isinstance(kind, str) else {}
    if not shape or found.keys() != shape.keys():
        raise ValueError("the line is none of the format")
    for name, value in found.items():
        if not isinstance(value, shape[name]) or isinstance(value, bool):
            raise ValueError(f"{name} is of the wrong type")
    return found


def canonical(value: Any, faults: set[str]) -> Any:  # noqa: ANN401 # any JSON
    """Return JSON with members in RFC 8785's order, by UTF-16; `faults` gets what should not be."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        if names != list(value):
            faults.add("members are not in canonical order")
        return {name: canonical(value[name], faults) for name in names}
    if isinstance(value, list):
        return [canonical(item, faults) for item in value]
    if value is None:
        faults.add("there is a null")
    return value


def leaf_of(event: dict[str, Any], line: bytes, faults: set[str]) -> bytes:
    """Return the canonical JSON of the event in a line. Raises `ValueError` for a text that is not Unicode."""
    leaf = SORTED.encode(event).encode()
    if leaf in line and leaf.isascii() and b"null" not in leaf:
        return leaf  # In order, as almost always: what follows would come to the same, and takes longer.
    return AS_IT_IS.encode(canonical(event, faults)).encode()


def unbase64(text: str, length: int) -> bytes:
    """Return `length` bytes from the one base64 text that stands for them. Raises `ValueError`."""
    found = b64decode(text, validate=True)
    if len(found) != length or b64encode(found).decode() != text:
        raise ValueError(f"{length} bytes in base64 are expected")
    return found


def opened(note: str, origin: str, keys: Keys) -> tuple[int, bytes, str]:
    """Return a checkpoint's size, root and time. Raises `ValueError` where no known key vouches for them."""
    if (match := NOTE.fullmatch(note)) is None:
        raise ValueError("it has not the form of a signed checkpoint")
    signed, name, size, root, time, signatures = match.groups()[:6]
    if name != origin:
        raise ValueError("it is of another origin")
    good = False
    for signer, signature in SIGNATURE.findall(signatures):
        if (key := keys.get((signer, b64decode(signature)[:4]))) is not None:
            try:
                key.verify(unbase64(signature, 68)[4:], signed.encode())
            except (InvalidSignature, ValueError):
                raise ValueError("a signature that names a known key is wrong") from None
            good = good or signer == origin
    if not good:
        raise ValueError("it has no signature by a known key")
    return int(size), unbase64(root, 32), time


class Tree:
    """A tree of RFC 9162 that grows, as the perfect subtrees that its leaves make, the largest first."""

    def __init__(self, size: int, subtrees: list[bytes]) -> None:
        self.size, self.subtrees = size, subtrees

    def add(self, leaf_hash: bytes) -> None:
        """Add a leaf: like a carry in binary, it joins with the last subtree as long as that is of the same height."""
        found, size = leaf_hash, self.size
        while size & 1:
            found, size = node(self.subtrees.pop(), found), size >> 1
        self.subtrees.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Return the hash of all leaves."""
        if not self.subtrees:
            return sha256().digest()
        return reduce(lambda right, left: node(left, right), reversed(self.subtrees))


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node."""
    return sha256(b"\1" + left + right).digest()


class Source:
    """Checkpoints from one place (the export, the folder), and up to which size the leaves agree with them."""

    def __init__(self, words: str, first: int) -> None:
        self.words, self.agreed, self.compared, self.differs = words, first, 0, False


class Verification:
    """Takes an export line by line and tells each problem on standard output."""

    def __init__(self, header: dict[str, Any], keys: Keys, now: str) -> None:
        self.header, self.keys, self.now, self.problems = header, keys, now, 0
        self.tenant, self.first, self.origin = str(header["tenant"]), int(header["first"]), str(header["origin"])
        self.next, self.time, self.failure, self.ended = self.first, "", "", False
        self.tree = Tree(self.first, [unbase64(text, 32) for text in header["before"]])
        self.inside, self.apart = Source("in the export", self.first), Source("kept apart", self.first)
        self.kept: dict[int, bytes] = {}
        self.due = 0  # the largest size that was signed long enough before the export was made to have to be in it
        self.gone: dict[int, tuple[int, int]] = {}  # since the last checkpoint, by years: the first and the end

    def say(self, first: int, end: int, words: str) -> None:
        """Tell a problem somewhere in the positions from `first` to before `end`."""
        self.problems += 1
        print(f"positions {first}-{end - 1}:" if end - first > 1 else f"position {first}:", words)

    def take(self, line: bytes) -> None:
        """Verify a line."""
        try:
            found = parse(line)
            if found["kind"] == "trail":
                raise ValueError("a second first line")
            getattr(self, f"take_{found['kind']}")(found, line)
        except (ValueError, RecursionError) as error:
            self.say(self.next, self.next, f"malformed: {error}")

    def take_event(self, found: dict[str, Any], line: bytes) -> None:
        """Add an event's leaf."""
        event, faults = found["event"], set[str]()
        leaf = leaf_of(event, line, faults)
        self.place(found["position"])
        for fault in sorted(faults):
            self.say(self.next, self.next, f"form: {fault}")
        if event.get("tenant_id") != self.tenant:
            self.say(self.next, self.next, "tenant: the event is not of the export's tenant")
        self.add(sha256(b"\0" + leaf).digest())

    def take_gone(self, found: dict[str, Any], _: bytes) -> None:
        """Add the hash of an event that is gone; the next checkpoint tells whether it may be."""
        leaf_hash, years = unbase64(found["hash"], 32), found["retention_years"]
        if years not in YEARS or INSTANT.fullmatch(found["at"]) is None:
            raise ValueError("retention_years or at is not of its form")
        self.place(found["position"])
        self.gone[years] = (self.gone.get(years, (self.next, 0))[0], self.next + 1)
        self.add(leaf_hash)

    def place(self, position: int) -> None:
        """Compare a leaf's position with the one that is next."""
        if position > self.next:
            self.say(self.next, position, f"gap: position {position} comes next")
        elif position < self.next:
            self.say(position, position, f"order: it comes where {self.next} is next")
        self.next = position

    def add(self, leaf_hash: bytes) -> None:
        """Add a leaf; compare with the checkpoint kept apart of that size, if there is one."""
        self.tree.add(leaf_hash)
        self.next += 1
        if (root := self.kept.get(self.next)) is not None:
            self.compare(self.apart, self.next, root)

    def take_checkpoint(self, found: dict[str, Any], _: bytes) -> None:
        """Compare a checkpoint with the leaves so far; of those in a row that fail alike, only the first is told."""
        failure, self.failure = self.failure, ""
        try:
            size, root, time = opened(found["note"], self.origin, self.keys)
        except ValueError as error:
            self.failure = str(error)
            if self.failure != failure:
                self.say(self.inside.agreed, self.next, f"checkpoint: {error}")
            return
        if time < self.time:
            self.say(self.inside.agreed, self.next, f"time: a checkpoint of {time} comes after one of {self.time}")
        for years, (first, end) in self.gone.items():
            if time > f"{int(self.now[:4]) - years:04}{self.now[4:]}":
                self.say(first, end, f"gone: too early, {years} years since the checkpoint of {time} have not passed")
        self.time = time
        self.gone.clear()
        self.compare(self.inside, size, root)

    def compare(self, source: Source, size: int, root: bytes) -> None:
        """Compare a checkpoint with the tree; of those in a row that differ, only the first is told."""
        source.compared += 1
        if size == self.next and root == self.tree.root():
            source.agreed, source.differs = size, False
        elif not source.differs:
            source.differs = True
            words = "root: the leaves do not make that" if size == self.next else f"size: {self.next} leaves, not those"
            self.say(source.agreed, max(size, self.next), f"{words} of the checkpoint of size {size} {source.words}")

    def take_end(self, found: dict[str, Any], _: bytes) -> None:
        """Compare the counts."""
        self.ended, size = True, self.header["size"]
        if (found["positions"], found["size"], self.next) != (size - self.first, size, size):
            self.say(self.next, self.next, "end: the numbers in the first line, in the last and of the leaves differ")

    def finish(self) -> str:
        """Tell what is known only at the end, and return a summary."""
        if not self.ended:
            self.say(self.next, self.next, "end: the last line is missing")
        if self.inside.agreed < self.next or not self.inside.compared:
            self.say(
                self.inside.agreed, self.next, "unsealed: no checkpoint from here on agrees, nothing vouches for it"
            )
        if self.due > self.next:
            self.say(self.next, self.due, f"cut: a checkpoint of size {self.due} was kept apart")
        before, after = (sum(size < self.first for size in self.kept), sum(size > self.next for size in self.kept))
        return (
            f"{self.next - self.first} positions, {self.inside.compared} checkpoints, {self.apart.compared} kept apart"
            f" ({before} before the export, {after} after); tenant {self.tenant}, first {self.first}"
            f", made {self.header['made']}, from {json.dumps(self.header['from'])} to {json.dumps(self.header['to'])}"
        )

    def keep(self, folder: Path) -> None:
        """Read and verify the tenant's checkpoints in `folder`. Raises `UnusableError` where it has none."""
        paths = sorted((folder / self.tenant).rglob("*.txt"))
        if not paths:
            raise UnusableError(f"{folder}: no checkpoint of tenant {self.tenant}")
        for path in paths:
            try:
                with path.open("rb") as file:
                    size, root, time = opened(file.read(LONGEST_NOTE).decode(), self.origin, self.keys)
                if path.parts[-2:] != (time[:10], f"{size:016}.txt"):
                    raise ValueError("its name is not that of its day and size")
                if self.kept.setdefault(size, root) != root:
                    raise ValueError(f"fork: two roots were signed for size {size}")
                if time < (self.header["to"] or LATEST) and moved(time, PATIENCE) < self.header["made"]:
                    self.due = max(self.due, size)
                if 0 < size <= self.first and time >= (self.header["from"] or LATEST):
                    raise ValueError(f"late start: it was signed after `from`, but the export begins at {self.first}")
            except (ValueError, OSError) as error:
                self.problems += 1
                words = error.strerror if isinstance(error, OSError) else error
                print(f"checkpoint {'/'.join(path.parts[-2:])!a}: {words}")
        if (root_before := self.kept.get(self.first)) is not None:
            self.compare(self.apart, self.first, root_before)


def moved(instant: str, by: timedelta) -> str:
    """Return an instant later."""
    found = datetime.fromisoformat(instant) + by
    return found.isoformat(timespec="microseconds").replace("+00:00", "Z")


def lines_of(export: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long only the start, which is too long as well."""
    while line := export.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = export.readline(LONGEST_LINE + 1)


def started(line: bytes, keys: Keys, now: str) -> Verification:
    """Return the verification that a first line starts. Raises `UnusableError`; `ValueError` where it is wrong."""
    try:
        header = parse(line)
    except (ValueError, RecursionError) as error:
        raise UnusableError(f"not an export: {error}") from None
    if (header["kind"], header.get("format")) != ("trail", 1):
        raise UnusableError("not an export of format 1")
    if header["origin"] not in {name for name, _ in keys}:
        raise UnusableError("none of the keys given is of the export's origin")
    first, size, tenant, before = header["first"], header["size"], header["tenant"], header["before"]
    if UUID.fullmatch(tenant) is None or not header["origin"].endswith(f"/{tenant}"):
        raise ValueError("tenant and origin do not agree")
    for name in ("made", "from", "to"):
        if header[name] is not None and INSTANT.fullmatch(header[name]) is None:
            raise ValueError(f"{name} is no instant")
    if not 0 <= first <= size or len(before) != first.bit_count() or not all(isinstance(it, str) for it in before):
        raise ValueError("first, size and before do not agree")
    return Verification(header, keys, now)


def known(vkeys: list[str]) -> Keys:
    """Return the keys, by name and id. Raises `UnusableError`."""
    keys = {}
    for vkey in vkeys:
        match = VKEY.fullmatch(vkey)
        name, told, key = match.groups() if match else ("", "", "")
        raw = b64decode(key)
        if raw[:1] != b"\1" or sha256(f"{name}\n".encode() + raw).hexdigest()[:8] != told:
            raise UnusableError(f"not a public key of the form name+id+key: {vkey}")
        keys[name, bytes.fromhex(told)] = Ed25519PublicKey.from_public_bytes(raw[1:])
    if not keys:
        raise UnusableError("no key is given: --key or --keys")
    return keys


def verify(export: BinaryIO, keys: Keys, folder: Path | None, now: str) -> int:
    """Verify; return the exit status."""
    lines = lines_of(export)
    try:
        verification = started(next(lines, b""), keys, now)
    except ValueError as error:
        print(f"first line: {error}\n1 problem: nothing else was verified")
        return 1
    if folder is not None:
        verification.keep(folder)
    for line in lines:
        if verification.ended:
            verification.say(verification.next, verification.next, "trailing: something follows the last line")
            break
        verification.take(line)
    summary = verification.finish()
    problems = verification.problems
    print(f"{problems} problem{'s' * (problems > 1)}:" if problems else "ok:", summary)
    return min(problems, 1)


def instant(text: str) -> str:
    """Return an instant in the trail's form; without an offset it is in UTC. Raises `ValueError`."""
    found = datetime.fromisoformat(text)
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.isoformat(timespec="microseconds").replace("+00:00", "Z")


def main(arguments: list[str] | None = None) -> int:
    """Verify what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Verify an exported access trail.")
    parser.add_argument("export", metavar="EXPORT")
    parser.add_argument("--key", metavar="VKEY", action="append", default=[])
    parser.add_argument("--keys", metavar="FILE", type=Path)
    parser.add_argument("--checkpoints", metavar="FOLDER", type=Path)
    parser.add_argument("--now", metavar="ISO", type=instant, default=instant(datetime.now(UTC).isoformat()))
    options = parser.parse_args(arguments)
    try:
        keys = known(options.key + (options.keys.read_text("utf-8").split() if options.keys else []))
        if options.export == "-":
            return verify(sys.stdin.buffer, keys, options.checkpoints, options.now)
        with Path(options.export).open("rb") as export:
            return verify(export, keys, options.checkpoints, options.now)
    except (UnusableError, OSError, UnicodeDecodeError) as error:
        print(f"verify_trail: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
