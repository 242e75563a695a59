"""Roots and proofs from the stored hashes of complete subtrees, and the hashes to store when a tree grows. No storage.

A subtree has a level and an index, as in C2SP tlog-tiles: level 0 has the leaves, and each level halves the row below.
The hash of a complete subtree never changes, so it is written once. What is read is not checked: a proof from hashes
that somebody changed is made, and `merkle` refuses it. The idea of the reader is that of golang.org/x/mod/sumdb/tlog.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from compliance_bot.audit.merkle import EMPTY_ROOT, consistency_ranges, inclusion_ranges, join, node_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Subtree:
    """A complete subtree: the 2**level leaves from index * 2**level on."""

    level: int
    index: int


class SubtreeReader(Protocol):
    """Where the hashes of complete subtrees are stored."""

    def read(self, wanted: Sequence[Subtree], /) -> Sequence[bytes]:
        """Return the hash of each subtree, in the order asked for. Raises if one is missing."""


def root(size: int, reader: SubtreeReader) -> bytes:
    """Return the root of the first `size` leaves. One read of at most log2(size) + 1 hashes."""
    return _hashes_over([(0, size)], reader)[0] if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, reader: SubtreeReader) -> tuple[bytes, ...]:
    """Return what `merkle.prove_inclusion` returns. One read of at most 2 * log2(size) hashes."""
    return _hashes_over(inclusion_ranges(index, size), reader)


def prove_consistency(old_size: int, size: int, reader: SubtreeReader) -> tuple[bytes, ...]:
    """Return what `merkle.prove_consistency` returns. One read of at most 2 * log2(size) hashes."""
    return _hashes_over(consistency_ranges(old_size, size), reader)


def append(size: int, leaf_hashes: Iterable[bytes], reader: SubtreeReader) -> list[tuple[Subtree, bytes]]:
    """Return all that is to be stored when these leaves follow the first `size`: themselves, and what they complete.

    One read of at most log2(size) + 1 hashes; at most two hashes per leaf to store, on average.
    """
    edge = list(_read(_subtrees_of(0, size), reader)) if size else []
    grown: list[tuple[Subtree, bytes]] = []
    for index, leaf in enumerate(leaf_hashes, start=size):
        subtree, hash = Subtree(0, index), leaf
        grown.append((subtree, hash))
        while subtree.index % 2:
            subtree, hash = Subtree(subtree.level + 1, subtree.index // 2), node_hash(edge.pop(), hash)
            grown.append((subtree, hash))
        edge.append(hash)
    return grown


def _hashes_over(ranges: Sequence[tuple[int, int]], reader: SubtreeReader) -> tuple[bytes, ...]:
    """Return the hash over each range of leaves, from one read for all of them."""
    parts = [_subtrees_of(start, end) for start, end in ranges]
    stored = iter(_read([subtree for part in parts for subtree in part], reader))
    return tuple(join([next(stored) for _ in part]) for part in parts)


def _subtrees_of(start: int, end: int) -> list[Subtree]:
    """Return the complete subtrees of a range, the largest first.

    INVARIANT: a range is one that a tree divides into, so `start` is a multiple of each of their sizes.
    """
    subtrees = []
    while start < end:
        level = (end - start).bit_length() - 1
        subtrees.append(Subtree(level, start >> level))
        start += 1 << level
    return subtrees


def _read(wanted: Sequence[Subtree], reader: SubtreeReader) -> Sequence[bytes]:
    if not wanted:
        return ()
    hashes = reader.read(wanted)
    if len(hashes) != len(wanted):
        raise RuntimeError(f"a reader was asked for {len(wanted)} hashes and returned {len(hashes)}")
    return hashes
