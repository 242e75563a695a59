"""Read hashes of subtrees from the database: from tiles that are full, and at the right edge from what is below them.

Nothing that is read is believed: whoever uses it compares with a root that was signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.audit.merkle import HASH_BYTES, ProofError, node_hash
from compliance_bot.store import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.subtrees import Subtree
    from compliance_bot.store.connect import Transaction

TILE_LEVELS = 8  # levels of the tree in one tile
TILE_WIDTH = 1 << TILE_LEVELS  # hashes in a tile


class StoredTree:
    """A `subtrees.SubtreeReader` over one transaction. One query for all hashes that are asked for together."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def read(self, wanted: Sequence[Subtree], /) -> Sequence[bytes]:
        """Return the hash of each subtree. Raises ProofError where the database lacks something of it."""
        places = [_place(subtree) for subtree in wanted]
        rows = tree.tiles(self._transaction, {(level, tile) for level, tile, _ in places})
        return [
            _hash(rows[level, tile], start, 1 << subtree.level % TILE_LEVELS)
            for subtree, (level, tile, start) in zip(wanted, places, strict=True)
        ]

    def hashes(self, level: int, tile: int) -> list[bytes]:
        """Return the hashes in a tile, as far as there are any."""
        return _split(tree.tiles(self._transaction, {(level, tile)})[level, tile])

    def edge(self, level: int, end: int) -> list[bytes]:
        """Return the hashes of a level of tiles that stand in no full tile, up to before `end`."""
        return self.hashes(level, end // TILE_WIDTH)[: end % TILE_WIDTH]


def _hash(row: bytes, start: int, width: int) -> bytes:
    """Return the hash over a part of a tile."""
    hashes = _split(row[start * HASH_BYTES : (start + width) * HASH_BYTES])
    if len(hashes) != width:
        raise ProofError("the database lacks a part of the tree: a record or a tile was taken out of it")
    while len(hashes) > 1:  # the subtree is complete, so each row halves; `merkle.root` would take a third longer
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def _place(subtree: Subtree) -> tuple[int, int, int]:
    """Return the level of tiles, the tile and the place in it at which the hashes below a subtree begin."""
    level, height = divmod(subtree.level, TILE_LEVELS)
    first = subtree.index << height
    return level, first // TILE_WIDTH, first % TILE_WIDTH


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
