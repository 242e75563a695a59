"""Store the next leaves of the tree, and the tiles that they fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.audit.merkle import root
from compliance_bot.audit.stored_tree import TILE_WIDTH, StoredTree
from compliance_bot.store import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Transaction


def grow(transaction: Transaction, size: int, taken: Sequence[tuple[RecordId, bytes]]) -> int:
    """Let records, with their leaf hashes, follow the first `size` leaves, and return the size then.

    One query for each level of tiles that changes, and one for each tile that becomes full.
    """
    stored, fresh = StoredTree(transaction), [leaf for _, leaf in taken]
    full: list[tree.Tile] = []
    level, first = 0, size
    while fresh:
        row = stored.edge(level, first) + fresh
        begin = first // TILE_WIDTH
        cut = [row[at : at + TILE_WIDTH] for at in range(0, len(row) - TILE_WIDTH + 1, TILE_WIDTH)]
        fresh = [root(hashes) for hashes in cut]
        full += [
            tree.Tile(level=level, index=begin + place, hashes=b"".join(hashes), root=above)
            for place, (hashes, above) in enumerate(zip(cut, fresh, strict=True))
        ]
        level, first = level + 1, begin
    if taken:
        tree.add_leaves(transaction, size, [id for id, _ in taken])
        tree.add_tiles(transaction, full)
    return size + len(taken)
