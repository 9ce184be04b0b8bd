"""Ways to tamper with checkpoints, in an export and kept apart, each with where it has to be found."""

from base64 import b64encode
from dataclasses import replace

from tests.tools.case import Case, Trace, flipped, wrongly_signed
from tests.tools.exports import NOW, Signer, Trail


def older_than_the_folder(case: Case) -> Trace | None:
    """Give an export that ends before a checkpoint that was kept."""
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
    """Build the tree again over a forged event, signed by another key."""
    _forked(case, strangers=True)
    return Trace("checkpoint", case.first, case.first)


def forked_by_the_holder_of_the_key(case: Case) -> Trace | None:
    """Build the tree again over a forged event, signed by the same keys."""
    position = _forked(case, strangers=False)
    return Trace("root", position, position)


def another_root(case: Case) -> Trace | None:
    """Write another root into a checkpoint."""
    return _rewritten(case, 2, b64encode(case.rng.randbytes(32)).decode())


def another_size(case: Case) -> Trace | None:
    """Write another size into a checkpoint."""
    return _rewritten(case, 1, str(case.rng.randint(0, 100) + 1000))


def another_time(case: Case) -> Trace | None:
    """Write another time into a checkpoint."""
    return _rewritten(case, 3, "time 2021-01-01T00:00:00.000000Z")


def another_origin(case: Case) -> Trace | None:
    """Write another origin into a checkpoint."""
    return _rewritten(case, 0, case.trail.origin[:-1])


def _rewritten(case: Case, row: int, text: str) -> Trace:
    line, size = case.checkpoint()
    rows = line["note"].split("\n")
    rows[row] = text
    line["note"] = "\n".join(rows)
    return Trace("checkpoint", size - 1, size - 1)


def a_bit_of_a_signature(case: Case) -> Trace | None:
    """Change a bit of a signature."""
    line, size = case.checkpoint()
    line["note"] = wrongly_signed(case.rng, line["note"])
    return Trace("checkpoint", size - 1, size - 1)


def signed_by_a_stranger(case: Case) -> Trace | None:
    """Sign a checkpoint by another key in place of its own."""
    line, size = case.checkpoint()
    signed = line["note"].partition("\n\n")[0] + "\n"
    line["note"] = signed + "\n" + Signer(case.trail.origin, case.rng.randbytes(32)).line(signed)
    return Trace("checkpoint", size - 1, size - 1)


def last_checkpoint_missing(case: Case) -> Trace | None:
    """Leave the last checkpoint out."""
    del case.lines[-2]
    return Trace("unsealed", len(case.trail.events) - 1, len(case.trail.events) - 1)


def checkpoint_moved(case: Case) -> Trace | None:
    """Move a checkpoint up by a line."""
    line, size = case.checkpoint()
    index = case.lines.index(line)
    case.lines[index], case.lines[index - 1] = case.lines[index - 1], line
    return Trace("size", size - 1, size - 1)


def kept_one_changed(case: Case) -> Trace | None:
    """Change a bit of a checkpoint that was kept."""
    case.kept = case.trail.folder()
    path = case.rng.choice(list(case.kept))
    signed, empty, signatures = case.kept[path].partition("\n\n")
    if case.rng.random() < 0.5:
        case.kept[path] = flipped(case.rng, signed) + empty + signatures
    else:
        case.kept[path] = wrongly_signed(case.rng, case.kept[path])
    return Trace("", start=f"checkpoint '{path.partition('/')[2]}': ")


def kept_one_renamed(case: Case) -> Trace | None:
    """Give a checkpoint that was kept another day or size by its name."""
    case.kept = case.trail.folder()
    path = case.rng.choice(list(case.kept))
    tenant, day, name = path.split("/")
    to = case.rng.choice((f"{NOW[:10]}/{name}", f"{day}/{int(name[:16]) + 1000:016}.txt", f"{day}/{name[1:]}"))
    case.kept[f"{tenant}/{to}"] = case.kept.pop(path)
    return Trace("", start=f"checkpoint '{to}': ")


def two_kept_of_one_size(case: Case) -> Trace | None:
    """Keep a second checkpoint of a size, with another root."""
    case.kept = case.trail.folder()
    sealing = case.rng.choice(case.trail.sealings)
    other = replace(sealing, time=f"{NOW[:10]}{sealing.time[10:]}")
    hashes = [*case.trail.hashes()[1:], bytes(32)]
    path = f"{NOW[:10]}/{sealing.size:016}.txt"
    case.kept[f"{case.trail.tenant}/{path}"] = case.trail.note(other, hashes)
    return Trace("", start=f"checkpoint '{path}': fork: ")
