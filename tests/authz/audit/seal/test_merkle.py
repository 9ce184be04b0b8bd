"""The tree: its roots and proofs are those of RFC 9162, worked out here from the definitions alone."""

from collections.abc import Sequence
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.audit.seal.merkle import EMPTY, Growing, Place, consistency, inclusion, leaf_hash, node_hash

MOST = 600
LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(MOST)]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """MTH, section 2.1.1."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = half_of(len(leaves))
    return node_hash(root_of(leaves[:half]), root_of(leaves[half:]))


def half_of(size: int) -> int:
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def path_to(position: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH, section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    half = half_of(len(leaves))
    if position < half:
        return [*path_to(position, leaves[:half]), root_of(leaves[half:])]
    return [*path_to(position - half, leaves[half:]), root_of(leaves[:half])]


def proof_from(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF, section 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    half = half_of(len(leaves))
    if old <= half:
        return [*proof_from(old, leaves[:half], whole=whole), root_of(leaves[half:])]
    return [*proof_from(old - half, leaves[half:], whole=False), root_of(leaves[:half])]


def grown(size: int) -> tuple[Growing, dict[Place, bytes]]:
    """Return a tree, and all that is stored of it."""
    tree, stored = Growing(), dict[Place, bytes]()
    for position in range(size):
        stored[0, position] = LEAVES[position]
        stored |= dict(tree.add(LEAVES[position]))
    return tree, stored


WHOLE, STORED = grown(MOST)


def test_the_roots_of_a_growing_tree_are_those_of_the_definition() -> None:
    tree = Growing()
    assert tree.root() == EMPTY == root_of([])
    for size in range(1, MOST + 1):
        list(tree.add(LEAVES[size - 1]))
        assert tree.root() == root_of(LEAVES[:size])


def test_what_is_stored_are_the_roots_of_complete_parts() -> None:
    for (level, number), root in STORED.items():
        width = 16**level
        assert root == root_of(LEAVES[number * width : (number + 1) * width])
    assert {level for level, _ in STORED} == {0, 1, 2}


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 255, 256, 257, 511, 599])
def test_a_tree_goes_on_from_its_right_edge(size: int) -> None:
    tree = Growing(size, STORED.__getitem__)
    assert tree.root() == root_of(LEAVES[:size])
    assert tree.peaks() == grown(size)[0].peaks()
    copy = tree.copy()
    added = dict(tree.add(LEAVES[size]))
    assert tree.root() == root_of(LEAVES[: size + 1])
    assert added == {place: root for place, root in STORED.items() if place in added}
    assert copy.root() == root_of(LEAVES[:size])


@given(st.integers(1, MOST), st.data())
def test_proofs_are_those_of_the_definition_and_need_neighbours_and_the_right_edge_alone(
    size: int, data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, size - 1))

    def at(place: Place) -> bytes:
        level, number = place
        beside = number >> 4 == position >> 4 * (level + 1)
        edge = (size >> 4 * (level + 1)) << 4 <= number < size >> 4 * level
        assert beside or edge, (place, position, size)
        assert (number + 1) << 4 * level <= size
        return STORED[place]

    assert inclusion(position, size, at) == path_to(position, LEAVES[:size])
    assert consistency(position + 1, size, at) == proof_from(position + 1, LEAVES[:size])


@pytest.mark.parametrize(("position", "size"), [(-1, 5), (5, 5), (6, 5), (0, 0)])
def test_no_leaf_beyond_the_tree_has_a_proof(position: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in the tree"):
        inclusion(position, size, STORED.__getitem__)
    with pytest.raises(ValueError, match="not part of the newer"):
        consistency(position + 1, size, STORED.__getitem__)


def test_a_leaf_is_no_node() -> None:
    left, right = (Random(seed).randbytes(32) for seed in (1, 2))
    assert leaf_hash(left + right) != node_hash(left, right)
