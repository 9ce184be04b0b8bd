"""Proofs as a client gets them: checked with the root that was signed, by RFC 9162 alone."""

from base64 import b64decode
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest

from tenants.database import Database
from tenants.directory import find_tenant
from tests.api.reading.conftest import Ask, Demo, open_database
from tests.support.sealer import seal

PROOF = "proof { position leafHash size hashes checkpoint __typename }"
MINE = f"{{ viewer {{ learner {{ name accessLog(first: 3) {{ nodes {{ id sealedIn {PROOF} }} }} }} }} }}"
TRAIL = f"{{ accessEvents(first: 5) {{ nodes {{ id sealedIn {PROOF} }} }} }}"
CONSISTENCY = (
    "query ($from: Int!, $to: Int) { trailConsistency(from: $from, to: $to) { oldSize oldCheckpoint size hashes } }"
)


@pytest.fixture
async def database(demo: Demo) -> AsyncIterator[Database]:
    opened = open_database(demo.urls)
    yield opened
    await opened.close()


def root_of(note: str) -> bytes:
    return b64decode(note.split("\n")[2])


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root_from(proof: dict[str, Any]) -> bytes:
    """Return the root that a proof leads to (section 2.1.3.2)."""
    place, last = proof["position"], proof["size"] - 1
    root = b64decode(proof["leafHash"])
    for beside in map(b64decode, proof["hashes"]):
        assert last > 0
        if place % 2 or place == last:
            root = node(beside, root)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node(root, beside)
        place, last = place >> 1, last >> 1
    assert last == 0
    return root


async def test_whoever_sees_an_event_can_prove_that_it_is_in_the_signed_tree(
    ask: Ask, demo: Demo, database: Database
) -> None:
    tenant_id = await find_tenant(database, "northwind")
    for _ in range(3):
        await ask("learner", MINE)
    await seal(database, tenant_id)
    proven = 0
    for role, query in (("learner", MINE), ("security", TRAIL)):
        data = (await ask(role, query))["data"]
        log = data["accessEvents"] if role == "security" else data["viewer"]["learner"]["accessLog"]
        for event in log["nodes"]:
            if event["proof"] is None:
                assert event["sealedIn"] is None
                continue
            assert event["proof"]["size"] == event["sealedIn"] == int(event["proof"]["checkpoint"].split("\n")[1])
            assert root_from(event["proof"]) == root_of(event["proof"]["checkpoint"])
            assert event["proof"]["__typename"] == "EventProof"
            proven += 1
    assert proven > 3


async def test_that_the_tree_only_grew_is_proven_between_two_checkpoints(
    ask: Ask, demo: Demo, database: Database
) -> None:
    tenant_id = await find_tenant(database, "northwind")
    sizes = []
    for _ in range(3):
        await ask("learner", MINE)
        await seal(database, tenant_id)
        event = (await ask("learner", MINE))["data"]["viewer"]["learner"]["accessLog"]["nodes"][0]
        sizes.append(event["sealedIn"])
    for old, new in ((sizes[0], sizes[1]), (sizes[0], sizes[2]), (sizes[1], sizes[1]), (sizes[2], None)):
        proof = (await ask("guardian", CONSISTENCY, **{"from": old, "to": new}))["data"]["trailConsistency"]
        assert proof["oldSize"] == old
        assert new in (None, proof["size"])
        assert (proof["hashes"] == []) == (proof["size"] == old)


@pytest.mark.parametrize(("old", "new"), [(0, None), (-1, 5), (5, 4), (2**31 - 1, None), (1, 2**31 - 1)])
async def test_sizes_of_no_checkpoint_are_told_so(ask: Ask, old: int, new: int | None) -> None:
    answer = await ask("learner", CONSISTENCY, **{"from": old, "to": new})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
