"""Roots, inclusion proofs and canonical JSON as other people's programs make them.

Not consistency proofs: pymerkle sends other hashes than RFC 9162. These have vectors of public logs (test_merkle).
"""

from __future__ import annotations

import pymerkle
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_bot.audit import merkle
from compliance_bot.audit.canonical import canonical

SIZES = range(1, 130)
ENTRIES = [b"entry %d" % number for number in range(max(SIZES))]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
ascii_names = st.text(st.characters(max_codepoint=127), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_names, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def tree() -> pymerkle.InmemoryTree:
    made = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES:
        made.append_entry(entry)
    return made


def test_roots_are_theirs_at_every_size(tree: pymerkle.InmemoryTree) -> None:
    for size in SIZES:
        assert merkle.root(LEAVES[:size]) == tree.get_root(size)


def test_inclusion_proofs_have_their_hashes_and_the_leaf_beside(tree: pymerkle.InmemoryTree) -> None:
    for size in SIZES:
        for index in range(size):
            theirs = sorted(tree.prove_inclusion(index + 1, size).serialize()["path"])  # they count from 1
            ours = [*merkle.prove_inclusion(index, LEAVES[:size]), LEAVES[index]]
            assert sorted(one.hex() for one in ours) == theirs


@given(values)
@settings(max_examples=300)
def test_canonical_json_is_that_of_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]
