"""`audit verify` and `audit proof` at a terminal: what they say of a sound trail, and of one that is not."""

import json
from base64 import b64decode
from itertools import combinations
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from api.ids import encode_id
from tests.api.commands.audited import ROUNDS, Audited, said
from tests.api.commands.rfc9162 import is_consistent, is_included, opened_by
from tests.api.commands.within import run_within
from tests.authz.audit.seal.recomputing import hash_of, leaf

SIZES = [sum(ROUNDS[: number + 1]) for number in range(len(ROUNDS))]


def test_a_sound_trail_is_told_tenant_by_tenant_with_how_many_events(audited: Audited) -> None:
    audited.seal()
    leaves = {
        row["slug"]: row["leaves"]
        for row in audited.sql(
            "SELECT slug, count(position) AS leaves FROM tenant LEFT JOIN trail_leaf USING (tenant_id) GROUP BY 1"
        )
    }
    ended = audited.start("verify")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert set(leaves) == {"northwind", "riverside", "platform"}
    for slug, count in leaves.items():
        assert f"\n{slug}: {count} events in the tree, {count} signed, " in f"\n{ended.stderr}"
    assert ended.stderr.endswith("Everything is as it was signed.\n")
    alone = audited.run("verify", "--tenant", "riverside")
    assert "riverside: " in alone.stderr
    assert "northwind" not in alone.stderr


def test_a_change_by_who_owns_the_database_is_told_with_its_position(audited: Audited) -> None:
    event = audited.sql("SELECT event_id FROM trail_leaf WHERE position = 17")[0]["event_id"]
    change = "UPDATE access_event SET purpose = {} WHERE id = $1"
    audited.sql(change.format("purpose || 'x'"), event)
    try:
        ended = audited.start("verify", "--tenant", "northwind")
    finally:
        audited.sql(change.format("left(purpose, -1)"), event)
    assert said(ended) == "sextrontgen: 1 problems: the trail is not what was signed, or not all that was recorded."
    assert "northwind: position 17: the event differs from its leaf\n" in ended.stderr
    assert audited.run("verify", "--tenant", "northwind").returncode == 0


def test_what_cannot_be_verified_is_said_in_a_line(audited: Audited, tmp_path: Path) -> None:
    nothing, empty = tmp_path / "nothing", tmp_path / "empty"
    empty.mkdir()
    assert f"There are no checkpoints in {nothing}" in said(audited.run("verify", "--checkpoints", str(nothing)))
    assert "There is no tenant 'nowhere'" in said(audited.run("verify", "--tenant", "nowhere"))
    absent = {"SEXTRONTGEN_TRAIL_KEYS": str(nothing), "SEXTRONTGEN_ENVIRONMENT": "production"}
    assert f"{nothing} cannot be read" in said(audited.run("verify", **absent))
    url = audited.store.settings.database_url
    assert url is not None
    bare = run_within("audit", "verify", DATABASE_URL=url.get_secret_value())
    assert "SEXTRONTGEN_TRAIL_KEYS is not set" in said(bare)


def test_checkpoints_of_another_key_vouch_for_nothing(audited: Audited, tmp_path: Path) -> None:
    ended = audited.run("verify", "--tenant", "riverside", SEXTRONTGEN_TRAIL_KEYS=str(tmp_path / "new.pem"))
    assert "problems" in said(ended)
    assert "is signed by no known key" in ended.stderr


def proof(audited: Audited, *arguments: str) -> CompletedProcess[str]:
    return audited.run("proof", "--tenant", "northwind", *arguments)


def answered(ended: CompletedProcess[str]) -> dict[str, Any]:
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def hashes(found: dict[str, Any]) -> list[bytes]:
    return [b64decode(each) for each in found["hashes"]]


@pytest.mark.parametrize("position", [0, SIZES[0], SIZES[1] - 1, SIZES[2] - 1])
def test_a_proof_shows_that_an_event_is_in_the_signed_tree(audited: Audited, position: int) -> None:
    [row] = audited.sql(
        "SELECT event.* FROM access_event event JOIN trail_leaf leaf ON leaf.event_id = event.id "
        "WHERE position = $1 AND leaf.tenant_id = $2",
        position,
        audited.tenant_id(),
    )
    found = answered(proof(audited, encode_id("AccessEvent", row["id"])))
    size, root = opened_by(audited.key(), found["checkpoint"])
    assert found["position"] == position
    assert found["size"] == size == min(each for each in SIZES if each > position)
    own = hash_of(leaf(row))
    assert b64decode(found["leafHash"]) == own
    assert is_included(own, position, size, hashes(found), root)
    assert not is_included(hash_of(b"another"), position, size, hashes(found), root)


def test_proofs_show_that_the_tree_only_grew_between_any_two_checkpoints(audited: Audited) -> None:
    pairs = [*combinations(SIZES, 2), (SIZES[1], SIZES[1])]
    shown = [proof(audited, "--from", str(old), "--to", str(new)) for old, new in pairs]
    shown.append(proof(audited, "--from", str(SIZES[0])))
    newest = audited.sql("SELECT max(size) FROM trail_checkpoint WHERE tenant_id = $1", audited.tenant_id())[0][0]
    key = audited.key()
    for ended, (old, new) in zip(shown, [*pairs, (SIZES[0], newest)], strict=True):
        found = answered(ended)
        older, newer = (opened_by(key, found[note]) for note in ("oldCheckpoint", "checkpoint"))
        assert (older[0], newer[0]) == (found["oldSize"], found["size"]) == (old, new)
        assert is_consistent(old, new, hashes(found), older[1], newer[1])
        assert old == new or not is_consistent(old, new, hashes(found), newer[1], newer[1])


def test_a_proof_that_cannot_be_made_is_refused_in_a_line(audited: Audited) -> None:
    waits = audited.reads_by(audited.person("learner"), 1)
    [event] = audited.sql("SELECT event_id FROM unsealed_event WHERE at > $1", waits)[0]
    for arguments, told in [
        ([], "Choose one"),
        (["--from", "5", encode_id("AccessEvent", event)], "Choose one"),
        (["nonsense"], "not an id"),
        ([encode_id("AccessEvent", event)], "no checkpoint that covers this event"),
        (["--from", "6"], "or none of that size"),
        (["--from", str(SIZES[1]), "--to", str(SIZES[0])], "or none of that size"),
    ]:
        ended = proof(audited, *arguments)
        assert told in said(ended), arguments
        assert ended.stdout == ""
    assert "There is no tenant 'nowhere'" in said(audited.run("proof", "--tenant", "nowhere", "--from", "5"))
