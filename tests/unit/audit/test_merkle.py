"""Merkle trees: what was published of public logs holds, every proof checks, and no other does."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compliance_bot.audit.merkle import (
    EMPTY_ROOT,
    ProofError,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = 200
LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(SIZES)]
OTHER = hashlib.sha256(b"another hash").digest()
VECTORS = Path(__file__).parent / "vectors"
PUBLISHED = json.loads((VECTORS / "rfc6962.json").read_text())
PUBLISHED_LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in PUBLISHED["entries"]]
ARGON = json.loads((VECTORS / "argon2020.json").read_text())
Proof = tuple[bytes, ...]


# The definitions of RFC 9162, word for word, over leaves start to end: slow to read the tree, and hard to get wrong.


@functools.cache
def tree_head(start: int, end: int) -> bytes:
    """MTH(D[start:end]), section 2.1.1."""
    if start == end:
        return hashlib.sha256(b"").digest()
    if end - start == 1:
        return LEAVES[start]
    k = largest_power_of_two_below(end - start)
    return hashlib.sha256(b"\x01" + tree_head(start, start + k) + tree_head(start + k, end)).digest()


def path(m: int, start: int, end: int) -> Proof:
    """PATH(m, D[start:end]), section 2.1.3.1."""
    if end - start == 1:
        return ()
    k = largest_power_of_two_below(end - start)
    if m < k:
        return (*path(m, start, start + k), tree_head(start + k, end))
    return (*path(m - k, start + k, end), tree_head(start, start + k))


def subproof(m: int, start: int, end: int, *, known: bool) -> Proof:
    """SUBPROOF(m, D[start:end], known), section 2.1.4.1."""
    if m == end - start:
        return () if known else (tree_head(start, end),)
    k = largest_power_of_two_below(end - start)
    if m <= k:
        return (*subproof(m, start, start + k, known=known), tree_head(start + k, end))
    return (*subproof(m - k, start + k, end, known=False), tree_head(start, start + k))


def largest_power_of_two_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mutations(proof: Proof, every_byte: bool) -> Iterator[Proof]:
    """Return every proof with one hash changed, left out, added or changed for its neighbour."""
    for place, hash in enumerate(proof):
        for byte in range(len(hash) if every_byte else 1):
            yield (*proof[:place], hash[:byte] + bytes([hash[byte] ^ 1]) + hash[byte + 1 :], *proof[place + 1 :])
        yield (*proof[:place], hash[:-1], *proof[place + 1 :])
        yield (*proof[:place], *proof[place + 1 :])
        yield (*proof[:place], hash, hash, *proof[place + 1 :])
    for place in range(len(proof) + 1):
        yield (*proof[:place], OTHER, *proof[place:])
    for place in range(len(proof) - 1):
        yield (*proof[:place], proof[place + 1], proof[place], *proof[place + 2 :])


def refuses_inclusion(leaf: bytes, index: int, size: int, proof: Proof, root: bytes) -> bool:
    try:
        check_inclusion(leaf, index, size, proof, root)
    except ProofError:
        return True
    return False


def refuses_consistency(old_size: int, new_size: int, proof: Proof, old_root: bytes, new_root: bytes) -> bool:
    try:
        check_consistency(old_size, new_size, proof, old_root, new_root)
    except ProofError:
        return True
    return False


class TestThePublishedTree:
    """The tree of eight leaves that implementations of RFC 6962 are tested with."""

    @pytest.mark.parametrize("size", range(9))
    def test_it_has_the_published_roots(self, size: int) -> None:
        assert root(PUBLISHED_LEAVES[:size]).hex() == PUBLISHED["roots"][size]

    @pytest.mark.parametrize(("index", "size", "published"), PUBLISHED["inclusion"])
    def test_it_has_the_published_inclusion_proofs(self, index: int, size: int, published: list[str]) -> None:
        proof = tuple(map(bytes.fromhex, published))
        assert prove_inclusion(index, PUBLISHED_LEAVES[:size]) == proof
        check_inclusion(PUBLISHED_LEAVES[index], index, size, proof, bytes.fromhex(PUBLISHED["roots"][size]))

    @pytest.mark.parametrize(("old_size", "size", "published"), PUBLISHED["consistency"])
    def test_it_has_the_published_consistency_proofs(self, old_size: int, size: int, published: list[str]) -> None:
        proof = tuple(map(bytes.fromhex, published))
        assert prove_consistency(old_size, PUBLISHED_LEAVES[:size]) == proof
        old_root, new_root = (bytes.fromhex(PUBLISHED["roots"][leaves]) for leaves in (old_size, size))
        check_consistency(old_size, size, proof, old_root, new_root)


class TestAPublicLog:
    """What Google's Certificate Transparency log Argon 2020 answered when it had 961 984 013 leaves."""

    def test_its_inclusion_proof_shows_a_certificate(self) -> None:
        leaf, tree = leaf_hash(base64.b64decode(ARGON["entry"])), base64.b64decode(ARGON["root"])
        proof = tuple(map(base64.b64decode, ARGON["inclusion"]))
        check_inclusion(leaf, ARGON["index"], ARGON["size"], proof, tree)
        assert refuses_inclusion(leaf, ARGON["index"] + 1, ARGON["size"], proof, tree)

    def test_its_consistency_proof_shows_that_it_grew(self) -> None:
        old_root, new_root = (base64.b64decode(ARGON[name]) for name in ("old_root", "root"))
        proof = tuple(map(base64.b64decode, ARGON["consistency"]))
        check_consistency(ARGON["old_size"], ARGON["size"], proof, old_root, new_root)
        assert refuses_consistency(ARGON["old_size"] + 1, ARGON["size"], proof, old_root, new_root)


class TestInclusion:
    @pytest.mark.parametrize("size", range(SIZES + 1))
    def test_every_leaf_has_the_proof_that_the_rfc_defines(self, size: int) -> None:
        tree = root(LEAVES[:size])
        assert tree == tree_head(0, size)
        for index in range(size):
            proof = path(index, 0, size)
            check_inclusion(LEAVES[index], index, size, proof, tree)
            if size <= 40 or index in {0, size // 2, size - 1}:  # made from every leaf each time
                assert prove_inclusion(index, LEAVES[:size]) == proof

    @pytest.mark.parametrize("size", [*range(1, 20), 63, 64, 65, SIZES])
    def test_no_proof_with_one_change_is_accepted(self, size: int) -> None:
        tree = tree_head(0, size)
        for index in range(size) if size < 20 else (0, 1, size // 2, size - 2, size - 1):
            for changed in mutations(path(index, 0, size), every_byte=size < 12):
                assert refuses_inclusion(LEAVES[index], index, size, changed, tree)

    @pytest.mark.parametrize("size", range(1, 34))
    def test_a_proof_is_of_one_leaf_at_one_index_in_one_tree(self, size: int) -> None:
        for index in range(size):
            proof = path(index, 0, size)
            for other in set(range(-2, size + 3)) - {index}:
                assert refuses_inclusion(LEAVES[index], other, size, proof, tree_head(0, size))
                assert refuses_inclusion(LEAVES[other], index, size, proof, tree_head(0, size))
            for other in set(range(size + 10)) - {size}:
                assert refuses_inclusion(LEAVES[index], index, other, proof, tree_head(0, other))
            assert refuses_inclusion(LEAVES[index], index, size, proof, OTHER)

    def test_another_size_is_refused_where_the_path_has_another_form(self) -> None:
        # Leaf 0 has three hashes above it in trees of 5 to 8 leaves: there, only the signed size tells them apart.
        for size in range(20):
            assert refuses_inclusion(LEAVES[0], 0, size, path(0, 0, 5), tree_head(0, 5)) == (size not in {5, 6, 7, 8})

    def test_the_only_leaf_needs_no_proof(self) -> None:
        assert prove_inclusion(0, LEAVES[:1]) == ()
        check_inclusion(LEAVES[0], 0, 1, (), LEAVES[0])

    @pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 0), (-1, 5), (5, 5), (6, 5), (2**70, 5)])
    def test_there_is_none_for_a_leaf_that_is_not_there(self, index: int, size: int) -> None:
        with pytest.raises(ProofError, match=f"leaf {index} of a tree of {size} leaves cannot be proven"):
            prove_inclusion(index, LEAVES[:size])
        with pytest.raises(ProofError, match=f"tree of {size} leaves has no leaf {index}"):
            check_inclusion(OTHER, index, size, (), OTHER)

    @pytest.mark.parametrize("length", [0, 31, 33, 64])
    def test_a_hash_has_32_bytes(self, length: int) -> None:
        with pytest.raises(ProofError, match=f"32 bytes, and one of {length} came"):
            check_inclusion(b"x" * length, 0, 1, (), b"x" * length)

    def test_a_node_does_not_pass_for_a_leaf(self) -> None:
        left, right = LEAVES[:2]
        assert node_hash(left, right) != leaf_hash(left + right)
        assert refuses_inclusion(leaf_hash(left + right), 0, 1, (), root(LEAVES[:2]))

    def test_the_refusal_says_what_is_wrong(self) -> None:
        proof, tree = path(2, 0, 5), tree_head(0, 5)
        with pytest.raises(ProofError, match="4 hashes are too many for 5 leaves"):
            check_inclusion(LEAVES[2], 2, 5, (*proof, OTHER), tree)
        with pytest.raises(ProofError, match="2 hashes are too few for 5 leaves"):
            check_inclusion(LEAVES[2], 2, 5, proof[:-1], tree)
        with pytest.raises(ProofError, match="leaf 2 with this proof gives another root"):
            check_inclusion(LEAVES[2], 2, 5, proof, OTHER)


class TestConsistency:
    @pytest.mark.parametrize("size", range(SIZES + 1))
    def test_every_older_tree_has_the_proof_that_the_rfc_defines(self, size: int) -> None:
        for old_size in range(size + 1):
            proof = subproof(old_size, 0, size, known=True) if old_size else ()
            check_consistency(old_size, size, proof, tree_head(0, old_size), tree_head(0, size))
            if size <= 40 or old_size in {1, size // 2, size - 1}:
                assert prove_consistency(old_size, LEAVES[:size]) == proof

    @pytest.mark.parametrize("size", [*range(20), 63, 64, 65, SIZES])
    def test_no_proof_with_one_change_is_accepted(self, size: int) -> None:
        for old_size in range(size + 1) if size < 20 else (0, 1, 2, 31, size // 2, size - 1, size):
            proof, roots = prove_consistency(old_size, LEAVES[:size]), (tree_head(0, old_size), tree_head(0, size))
            for changed in mutations(proof, every_byte=size < 12):
                assert refuses_consistency(old_size, size, changed, *roots)
            assert refuses_consistency(old_size, size, proof, OTHER, roots[1])
            assert refuses_consistency(old_size, size, proof, roots[0], OTHER) == (old_size > 0 or size == 0)
            assert refuses_consistency(old_size, size, proof, *roots[::-1]) == (old_size != size)

    @pytest.mark.parametrize("size", range(1, 34))
    def test_a_proof_is_of_one_old_tree_and_one_new_tree(self, size: int) -> None:
        for old_size in range(1, size):
            proof, old_root = subproof(old_size, 0, size, known=True), tree_head(0, old_size)
            for other in set(range(-1, size + 2)) - {old_size, 0}:
                assert refuses_consistency(other, size, proof, old_root, tree_head(0, size))
                assert refuses_consistency(other, size, proof, tree_head(0, max(other, 0)), tree_head(0, size))
            for other in set(range(size + 10)) - {size}:
                assert refuses_consistency(old_size, other, proof, old_root, tree_head(0, other))

    def test_a_rewritten_leaf_cannot_be_proven_away(self) -> None:
        rewritten = [*LEAVES[:3], OTHER, *LEAVES[4:9]]
        for old_size in range(4, 9):
            proof = prove_consistency(old_size, rewritten)
            assert refuses_consistency(old_size, 9, proof, root(LEAVES[:old_size]), root(rewritten))

    def test_an_empty_tree_begins_every_tree(self) -> None:
        assert prove_consistency(0, LEAVES[:5]) == ()
        check_consistency(0, 5, (), EMPTY_ROOT, root(LEAVES[:5]))
        check_consistency(0, 0, (), EMPTY_ROOT, EMPTY_ROOT)
        with pytest.raises(ProofError, match="without leaves has one root"):
            check_consistency(0, 5, (), OTHER, root(LEAVES[:5]))
        with pytest.raises(ProofError, match="without leaves has one root"):
            check_consistency(0, 0, (), OTHER, OTHER)
        with pytest.raises(ProofError, match="there is nothing to prove, and 1 hashes came"):
            check_consistency(0, 5, (OTHER,), EMPTY_ROOT, root(LEAVES[:5]))

    def test_a_tree_has_one_root_at_one_size(self) -> None:
        with pytest.raises(ProofError, match="two roots for the same 5 leaves"):
            check_consistency(5, 5, (), OTHER, root(LEAVES[:5]))

    @pytest.mark.parametrize(("old_size", "size"), [(1, 0), (6, 5), (-1, 5), (-1, -1)])
    def test_a_tree_does_not_shrink(self, old_size: int, size: int) -> None:
        with pytest.raises(ProofError, match="the old one is the smaller"):
            check_consistency(old_size, size, (), OTHER, OTHER)
        with pytest.raises(ProofError, match="the old tree is the smaller"):
            prove_consistency(old_size, LEAVES[: max(size, 0)])

    def test_the_refusal_says_what_is_wrong(self) -> None:
        proof, roots = subproof(3, 0, 7, known=True), (tree_head(0, 3), tree_head(0, 7))
        for given, expected in [
            ((), "no hash came"),
            (proof[:-1], "3 hashes are too few"),
            ((*proof, OTHER), "5 hashes are too many"),
            ((*proof[:-1], proof[-1][:-1]), "32 bytes"),
            ((*proof[:1], OTHER, *proof[2:]), "new tree of 7 leaves"),
            ((OTHER, *proof[1:]), "old tree of 3 leaves"),
        ]:
            with pytest.raises(ProofError, match=expected):
                check_consistency(3, 7, given, *roots)


def test_every_leaf_changes_the_root() -> None:
    roots = [root(LEAVES[:size]) for size in range(SIZES + 1)]
    assert all(one != other for one, other in pairwise(roots))
    assert root(reversed(LEAVES)) != roots[-1]


def test_what_is_in_the_root_need_not_be_in_memory() -> None:
    assert root(leaf for leaf in LEAVES) == tree_head(0, SIZES)
