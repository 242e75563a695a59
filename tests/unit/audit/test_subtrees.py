"""Stored subtrees: the same roots and proofs as from the leaves, from one read of a few hashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit import merkle
from compliance_bot.audit.merkle import EMPTY_ROOT, ProofError, check_consistency, check_inclusion, leaf_hash, node_hash
from compliance_bot.audit.subtrees import Subtree, append, prove_consistency, prove_inclusion, root

LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(200)]
LARGEST = 2**63 - 1

sizes = st.integers(1, LARGEST) | st.integers(1, 63).map(lambda power: 2**power - 1) | st.integers(1, 2000)


@dataclass
class Stored:
    """Subtree hashes in memory, and how often they were read."""

    hashes: dict[Subtree, bytes] = field(default_factory=dict)
    reads: list[int] = field(default_factory=list)

    def read(self, wanted: Sequence[Subtree], /) -> Sequence[bytes]:
        self.reads.append(len(wanted))
        return [self.hashes[subtree] for subtree in wanted]


class SameLeafEverywhere(Stored):
    """A tree as large as any, in which every leaf is the same: a level has one hash."""

    def read(self, wanted: Sequence[Subtree], /) -> Sequence[bytes]:
        self.reads.append(len(wanted))
        return [LEVELS[subtree.level] for subtree in wanted]


LEVELS = [LEAVES[0]]
for _ in range(63):
    LEVELS.append(node_hash(LEVELS[-1], LEVELS[-1]))


@pytest.fixture(scope="module")
def stored() -> Stored:
    return Stored(dict(append(0, LEAVES, Stored())))


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_they_give_the_proofs_that_the_leaves_give(stored: Stored, size: int) -> None:
    tree = root(size, stored)
    assert tree == merkle.root(LEAVES[:size])
    for index in range(size):
        check_inclusion(LEAVES[index], index, size, prove_inclusion(index, size, stored), tree)
    for old_size in range(size + 1):
        proof = prove_consistency(old_size, size, stored)
        check_consistency(old_size, size, proof, root(old_size, stored), tree)
    for index in {0, size // 3, size - 1} if size else ():
        assert prove_inclusion(index, size, stored) == merkle.prove_inclusion(index, LEAVES[:size])
        assert prove_consistency(index, size, stored) == merkle.prove_consistency(index, LEAVES[:size])


@given(first=st.integers(0, 200), second=st.integers(0, 200))
def test_a_tree_that_grows_in_steps_stores_the_same(first: int, second: int) -> None:
    first, second = sorted((first, second))
    in_steps = Stored()
    for start, end in [(0, first), (first, second), (second, len(LEAVES))]:
        grown = append(start, LEAVES[start:end], in_steps)
        assert not {subtree for subtree, _ in grown} & in_steps.hashes.keys()  # what is stored is never written again
        in_steps.hashes.update(grown)
    assert in_steps.hashes == dict(append(0, LEAVES, Stored()))
    assert len(in_steps.hashes) < 2 * len(LEAVES)


@given(size=sizes, share=st.floats(0, 1, exclude_max=True))
def test_proofs_of_trees_of_any_size_check(size: int, share: float) -> None:
    reader = SameLeafEverywhere()
    index = min(int(size * share), size - 1)
    tree = root(size, reader)
    check_inclusion(LEAVES[0], index, size, prove_inclusion(index, size, reader), tree)
    old_root = root(index, reader)
    check_consistency(index, size, prove_consistency(index, size, reader), old_root, tree)
    assert len(reader.reads) <= 4  # one each
    assert max(reader.reads) <= 2 * size.bit_length()


def test_a_record_among_a_million_is_proven_with_one_small_read() -> None:
    reader = SameLeafEverywhere()
    for index in (0, 500_000, 999_998, 999_999):
        reader.reads.clear()
        assert len(prove_inclusion(index, 1_000_000, reader)) <= 20
        assert len(reader.reads) == 1
        assert reader.reads[0] <= 26


def test_an_empty_tree_is_not_read() -> None:
    reader = Stored()
    assert root(0, reader) == EMPTY_ROOT
    assert append(0, [], reader) == []
    assert prove_consistency(0, 5, reader) == ()
    assert reader.reads == []


def test_the_only_leaf_is_the_root(stored: Stored) -> None:
    assert root(1, stored) == LEAVES[0]
    assert prove_inclusion(0, 1, stored) == ()
    assert append(0, LEAVES[:1], Stored()) == [(Subtree(0, 0), LEAVES[0])]


def test_a_hash_that_somebody_changed_in_the_store_makes_a_proof_that_is_refused(stored: Stored) -> None:
    changed = Stored({**stored.hashes, Subtree(1, 3): LEAVES[0]})
    with pytest.raises(ProofError, match="gives another root"):
        check_inclusion(LEAVES[4], 4, 10, prove_inclusion(4, 10, changed), root(10, stored))


def test_there_is_no_proof_for_what_is_not_in_the_tree(stored: Stored) -> None:
    with pytest.raises(ProofError, match="leaf 5 of a tree of 5 leaves cannot be proven"):
        prove_inclusion(5, 5, stored)
    with pytest.raises(ProofError, match="the old tree is the smaller"):
        prove_consistency(6, 5, stored)


def test_a_reader_that_leaves_something_out_is_a_bug() -> None:
    class Forgetful(Stored):
        def read(self, wanted: Sequence[Subtree], /) -> Sequence[bytes]:
            return [LEAVES[0]] * (len(wanted) - 1)

    with pytest.raises(RuntimeError, match="asked for 2 hashes and returned 1"):
        root(3, Forgetful())
