"""Merkle trees over leaf hashes: the root, and proofs that a leaf or an older tree is in a tree. Pure functions.

The hashes and proofs of RFC 9162 section 2.1, which are those of RFC 6962. A tree is known here by its leaf hashes
alone; `subtrees` makes the same proofs from stored hashes. Nothing here says whether a root can be believed: `note`
opens the signature of whoever vouches for it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 32  # SHA-256
EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 9162 section 2.1.1: the hash of an empty list


class ProofError(ComplianceError):
    """The proof does not show what it was given for."""

    hint = "Rely on nothing it was to show. Ask for a new proof; if that fails too, keep both and tell the auditor."


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees together (RFC 9162 section 2.1.1). The prefix keeps a node from being a leaf."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root of the tree of these leaves (RFC 9162 section 2.1.1). One hash per leaf, log2 of them kept."""
    complete: list[bytes] = []  # the largest complete subtrees so far, from the left: one per bit of the count
    for count, leaf in enumerate(leaf_hashes, start=1):
        subtree = leaf
        completed = (count & -count).bit_length() - 1  # one subtree per trailing zero of the count
        for _ in range(completed):
            subtree = node_hash(complete.pop(), subtree)
        complete.append(subtree)
    return join(complete) if complete else EMPTY_ROOT


def join(subtrees: Sequence[bytes]) -> bytes:
    """Return the hash over complete subtrees that stand side by side, the largest first. There is at least one."""
    *others, joined = subtrees
    for subtree in reversed(others):
        joined = node_hash(subtree, joined)
    return joined


def prove_inclusion(index: int, leaf_hashes: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the inclusion proof of a leaf, from its sibling up (RFC 9162 section 2.1.3.1). One hash per leaf."""
    return tuple(root(leaf_hashes[start:end]) for start, end in inclusion_ranges(index, len(leaf_hashes)))


def prove_consistency(old_size: int, leaf_hashes: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the proof that the tree began with these `old_size` leaves (RFC 9162 section 2.1.4.1). One hash per leaf.

    It is empty for an empty or an equal old tree: there is nothing to show.
    """
    return tuple(root(leaf_hashes[start:end]) for start, end in consistency_ranges(old_size, len(leaf_hashes)))


def check_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ProofError unless the tree of this size and root has the leaf at this index. One hash per level.

    RFC 9162 section 2.1.3.2. Sizes in which the path to the leaf has the same form cannot be told apart by a proof:
    that size and root belong together has to be known, as from a signed checkpoint.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}: they are counted from 0")
    _require_hashes(leaf_hash, root, *proof)
    computed, position, last = leaf_hash, index, size - 1
    for sibling in proof:
        if last == 0:
            raise ProofError(f"the proof goes on after the root: {len(proof)} hashes are too many for {size} leaves")
        if position % 2 or position == last:
            computed = node_hash(sibling, computed)
            position, last = _skip_levels_without_sibling(position, last)
        else:
            computed = node_hash(computed, sibling)
        position, last = position // 2, last // 2
    if last != 0:
        raise ProofError(f"the proof ends before the root: {len(proof)} hashes are too few for {size} leaves")
    if computed != root:
        raise ProofError(f"leaf {index} with this proof gives another root than that of the tree of {size} leaves")


def check_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise ProofError unless the new tree begins with the leaves of the old one. At most two hashes per level.

    RFC 9162 section 2.1.4.2, and what it leaves open: an empty tree begins every tree and a tree begins itself, both
    with an empty proof. As for `check_inclusion`, each size has to be known to belong to its root.
    """
    if not 0 <= old_size <= new_size:
        raise ProofError(f"a tree of {new_size} leaves cannot begin with {old_size}: the old one is the smaller")
    _require_hashes(old_root, new_root, *proof)
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise ProofError("a tree without leaves has one root, the hash of nothing, and another one came")
    if old_size in {0, new_size}:
        if proof:
            raise ProofError(
                f"from {old_size} to {new_size} leaves there is nothing to prove, and {len(proof)} hashes came"
            )
        if old_size == new_size and old_root != new_root:
            raise ProofError(f"two roots for the same {new_size} leaves: one of the trees was changed")
        return
    computed_old, computed_new = _roots_from_consistency(old_size, new_size, proof, old_root)
    if computed_old != old_root:
        raise ProofError(f"the proof gives another root than that of the old tree of {old_size} leaves")
    if computed_new != new_root:
        raise ProofError(f"the proof gives another root than that of the new tree of {new_size} leaves")


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return the leaves under each hash of an inclusion proof, as (start, end), from the leaf's sibling up."""
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} of a tree of {size} leaves cannot be proven: they are counted from 0")
    start, end, ranges = 0, size, []
    while end - start > 1:
        middle = _middle(start, end)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, size: int) -> list[tuple[int, int]]:
    """Return the leaves under each hash of a consistency proof, as (start, end), from the end of the old tree up."""
    if not 0 <= old_size <= size:
        raise ProofError(f"that {size} leaves begin with {old_size} cannot be proven: the old tree is the smaller")
    if old_size == 0:
        return []
    start, end, ranges = 0, size, []
    while old_size != end:
        middle = _middle(start, end)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start != 0:  # else this subtree is the old tree, whose root the checker has
        ranges.append((start, end))
    return ranges[::-1]


def _middle(start: int, end: int) -> int:
    """Return where a subtree of more than one leaf divides: the left part is the largest power of two that fits."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _roots_from_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes
) -> tuple[bytes, bytes]:
    """Return the two roots that a proof leads to (RFC 9162 section 2.1.4.2, steps 1 to 6)."""
    if not proof:
        raise ProofError(f"from {old_size} to {new_size} leaves there is something to prove, and no hash came")
    position, last = old_size - 1, new_size - 1
    while position % 2:
        position, last = position // 2, last // 2
    # An old tree that is complete is itself the first subtree, and its root is not sent.
    first, *rest = proof if old_size & (old_size - 1) else (old_root, *proof)
    old = new = first
    for subtree in rest:
        if last == 0:
            raise ProofError(f"the proof goes on after the root: {len(proof)} hashes are too many")
        if position % 2 or position == last:
            old, new = node_hash(subtree, old), node_hash(subtree, new)
            position, last = _skip_levels_without_sibling(position, last)
        else:
            new = node_hash(new, subtree)
        position, last = position // 2, last // 2
    if last != 0:
        raise ProofError(f"the proof ends before the root: {len(proof)} hashes are too few")
    return old, new


def _skip_levels_without_sibling(position: int, last: int) -> tuple[int, int]:
    """Go up past the levels at which the last subtree of a row stands alone."""
    while position and position % 2 == 0:
        position, last = position // 2, last // 2
    return position, last


def _require_hashes(*hashes: bytes) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise ProofError(f"a hash has {HASH_BYTES} bytes, and one of {len(value)} came")
