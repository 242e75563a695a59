"""Read hashes of subtrees from the database: from tiles that are full, and at the right edge from what is below them.

Nothing that is read is believed: whoever uses it compares with a root that was signed.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from compliance_bot.audit.merkle import HASH_BYTES, ProofError, root
from compliance_bot.store import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.subtrees import Subtree
    from compliance_bot.store.connect import Transaction

TILE_LEVELS = 8  # levels of the tree in one tile
TILE_WIDTH = 1 << TILE_LEVELS  # hashes in a tile


class StoredTree:
    """A `subtrees.SubtreeReader` over one transaction. At most two queries for each level of tiles."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def read(self, wanted: Sequence[Subtree], /) -> Sequence[bytes]:
        """Return the hash of each subtree. Raises ProofError where the database lacks something of it."""
        needed: dict[int, set[int]] = defaultdict(set)
        for subtree in wanted:
            level, tile, _ = _place(subtree)
            needed[level].add(tile)
        rows = {(level, tile): row for level, tiles in needed.items() for tile, row in self._rows(level, tiles).items()}
        return [self._hash(subtree, rows) for subtree in wanted]

    def edge(self, level: int, end: int) -> list[bytes]:
        """Return the hashes of a level of tiles that stand in no full tile, up to before `end`."""
        first = end - end % TILE_WIDTH
        return self._below(level, first, end)

    def _rows(self, level: int, tiles: set[int]) -> dict[int, list[bytes]]:
        """Return the hashes in each of these tiles, as far as there are any."""
        rows = {index: _split(hashes) for index, hashes in tree.tiles(self._transaction, level, tiles).items()}
        for index in tiles - rows.keys():
            rows[index] = self._below(level, index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
        return rows

    def _below(self, level: int, first: int, end: int) -> list[bytes]:
        if level == 0:
            return tree.leaf_hashes(self._transaction, first, end)
        return tree.tile_roots(self._transaction, level - 1, first, end)

    def _hash(self, subtree: Subtree, rows: dict[tuple[int, int], list[bytes]]) -> bytes:
        level, tile, start = _place(subtree)
        width = 1 << subtree.level % TILE_LEVELS
        hashes = rows[level, tile][start : start + width]
        if len(hashes) != width:
            raise ProofError("the database lacks a part of the tree: a record or a tile was taken out of it")
        return root(hashes)


def _place(subtree: Subtree) -> tuple[int, int, int]:
    """Return the level of tiles, the tile and the place in it at which the hashes below a subtree begin."""
    level, height = divmod(subtree.level, TILE_LEVELS)
    first = subtree.index << height
    return level, first // TILE_WIDTH, first % TILE_WIDTH


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
