"""Checkpoints: what is signed opens, and nothing else does."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from authz.audit.seal.checkpoint import Checkpoint, CheckpointError, opened, origin_of, signed, verifier_key

TENANT = UUID("0198c0de-0000-7000-8000-000000000001")
ORIGIN = origin_of(TENANT)
OLD, NEW, FOREIGN = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
CHECKPOINT = Checkpoint(ORIGIN, 1234, bytes(range(32)), datetime(2026, 3, 1, 9, 30, 20, tzinfo=UTC))
NOTE = signed(CHECKPOINT, [OLD])
OF_NEW = signed(CHECKPOINT, [NEW]).partition("\n\n")[2]


def test_a_note_is_what_the_page_on_the_trail_shows() -> None:
    body, _, signature = NOTE.partition("\n\n")
    root = base64.b64encode(bytes(range(32))).decode()
    assert body == f"sextrontgen/trail/{TENANT}\n1234\n{root}\ntime 2026-03-01T09:30:20.000000Z"
    assert signature.startswith(f"\N{EM DASH} {ORIGIN} ")
    assert signature.endswith("\n")
    # By hand: the key's id, and the signature over the text with its last newline.
    made = base64.b64decode(signature.split(" ")[2])
    assert len(made) == 68
    OLD.public_key().verify(made[4:], (body + "\n").encode())
    name, key_id, key = verifier_key(ORIGIN, OLD.public_key()).split("+", 2)
    assert (name, key_id) == (ORIGIN, made[:4].hex())
    assert base64.b64decode(key) == b"\1" + OLD.public_key().public_bytes_raw()


@pytest.mark.parametrize("known", [[OLD], [NEW], [OLD, NEW], [FOREIGN, NEW]])
def test_of_two_signatures_each_known_key_finds_its_own(known: list[Ed25519PrivateKey]) -> None:
    note = signed(CHECKPOINT, [NEW, OLD])
    assert opened(note, ORIGIN, [key.public_key() for key in known]) == CHECKPOINT


@pytest.mark.parametrize("key", [FOREIGN, NEW])
def test_what_no_known_key_signed_is_refused(key: Ed25519PrivateKey) -> None:
    with pytest.raises(CheckpointError, match="signed by no known key"):
        opened(NOTE, ORIGIN, [key.public_key()])


def test_a_wrong_signature_is_refused_though_a_right_one_stands_beside() -> None:
    later = Checkpoint(ORIGIN, 1235, CHECKPOINT.root, CHECKPOINT.at)
    stolen = signed(later, [NEW]).partition("\n\n")[2]
    with pytest.raises(CheckpointError, match="wrong signature"):
        opened(NOTE + stolen, ORIGIN, [OLD.public_key(), NEW.public_key()])


def test_a_note_of_another_tenant_is_refused() -> None:
    with pytest.raises(CheckpointError, match="signed by no known key"):
        opened(NOTE, origin_of(UUID(int=7)), [OLD.public_key()])


def resigned(*lines: str) -> str:
    """Return a note with these lines, truly signed."""
    body = "".join(f"{line}\n" for line in lines)
    made = base64.b64decode(NOTE.rsplit(" ", 1)[1])[:4] + OLD.sign(body.encode())
    return f"{body}\n\N{EM DASH} {ORIGIN} {base64.b64encode(made).decode()}\n"


ROOT = base64.b64encode(CHECKPOINT.root).decode()
TIME = "time 2026-03-01T09:30:20.000000Z"


def test_the_true_lines_resigned_are_the_checkpoint() -> None:
    assert opened(resigned(ORIGIN, "1234", ROOT, TIME), ORIGIN, [OLD.public_key()]) == CHECKPOINT


@pytest.mark.parametrize(
    "lines",
    [
        (origin_of(UUID(int=7)), "1234", ROOT, TIME),
        (ORIGIN, "01234", ROOT, TIME), (ORIGIN, "-1", ROOT, TIME), (ORIGIN, "", ROOT, TIME),
        (ORIGIN, "١٢", ROOT, TIME), (ORIGIN, "1" * 19, ROOT, TIME), (ORIGIN, "1_0", ROOT, TIME),
        (ORIGIN, "1234", ROOT[:-4], TIME), (ORIGIN, "1234", "*" + ROOT[1:], TIME), (ORIGIN, "1234", ROOT + " ", TIME),
        (ORIGIN, "1234", ROOT, "time 2026-03-01T09:30:20Z"), (ORIGIN, "1234", ROOT, "time soon"),
        (ORIGIN, "1234", ROOT, "time 2026-03-01T09:30:20.000000"), (ORIGIN, "1234", ROOT, TIME.removeprefix("time ")),
        (ORIGIN, "1234", ROOT, "time 2026-03-01T10:30:20.000000+01:00"),
        (ORIGIN, "1234", ROOT), (ORIGIN, "1234", ROOT, TIME, "more"), (ORIGIN, "1234"), (ORIGIN,),
    ],
)  # fmt: skip
def test_what_is_truly_signed_and_no_checkpoint_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(CheckpointError):
        opened(resigned(*lines), ORIGIN, [OLD.public_key()])


@pytest.mark.parametrize(
    "note", ["", "\n", "\n\n", NOTE[:-1], NOTE.replace("\n\n", "\n"), NOTE + "more\n", NOTE.replace("\N{EM DASH}", "-"),
             NOTE.replace(NOTE[-20:-1], "*")],
)  # fmt: skip
def test_what_is_no_signed_note_is_refused(note: str) -> None:
    with pytest.raises(CheckpointError):
        opened(note, ORIGIN, [OLD.public_key()])


def test_every_flipped_bit_is_noticed() -> None:
    raw = NOTE.encode()
    for at in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[at] ^= 1 << bit
            with pytest.raises(CheckpointError):
                opened(changed.decode("utf-8", "replace"), ORIGIN, [OLD.public_key()])


def test_a_time_in_another_zone_is_told_in_utc() -> None:
    east = CHECKPOINT.at.astimezone(tz=None) + timedelta(0)
    assert signed(Checkpoint(ORIGIN, 1234, CHECKPOINT.root, east), [OLD]) == NOTE
