"""The tree as its leaf hashes have it: the roots at sizes that somebody signed, and whether the tiles are theirs."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.merkle import EMPTY_ROOT, HASH_BYTES, join, node_hash, root
from compliance_bot.audit.tiles import WIDTH, Tile, leaf_tiles, split_hashes
from compliance_bot.audit.verify.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from compliance_bot.audit.source import Source
    from compliance_bot.audit.verify.findings import Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What the leaves of a tree come to."""

    roots: Mapping[int, bytes]  # by the size of the tree
    full_tiles: Sequence[bytes]  # the root of each full tile of leaves


class _Edge:
    """The largest complete subtrees of the tiles so far, from the left, as in `merkle.root`."""

    def __init__(self) -> None:
        self.subtrees: list[bytes] = []
        self._tiles = 0

    def push(self, tile_root: bytes) -> None:
        self._tiles += 1
        subtree = tile_root
        for _ in range((self._tiles & -self._tiles).bit_length() - 1):
            subtree = node_hash(self.subtrees.pop(), subtree)
        self.subtrees.append(subtree)


def compute(source: Source, size: int, wanted: Collection[int]) -> Computed:
    """Return the root of the tree at each of these sizes, and at its own, and those of tiles. One hash per leaf.

    Raises FileMissing or BundleMalformed where a tile cannot be read.
    """
    sizes = deque(sorted({*(one for one in wanted if one <= size), size}))
    found: dict[int, bytes] = {} if size else {0: EMPTY_ROOT}
    full, edge = list[bytes](), _Edge()
    for tile in leaf_tiles(0, size, size):
        hashes = list(split_hashes(source.tile(tile)))
        start = tile.index * WIDTH
        while sizes and sizes[0] <= start + len(hashes):
            wanted_size = sizes.popleft()
            found[wanted_size] = _root(edge.subtrees, hashes[: wanted_size - start])
        if tile.width == WIDTH:
            full.append(root(hashes))
            edge.push(full[-1])
    return Computed(roots=found, full_tiles=full)


def check_tiles(source: Source, full_tiles: Sequence[bytes], findings: Findings) -> None:
    """Note a tile above the leaves whose hashes are not those of the tiles below. One hash per tile."""
    level, below = 0, full_tiles
    while below:
        level += 1
        above = []
        for index, start in enumerate(range(0, len(below), WIDTH)):
            hashes = below[start : start + WIDTH]
            tile = Tile(level, index, len(hashes))
            if source.tile(tile) != b"".join(hashes):
                findings.add(Kind.TILE, f"{tile.path} does not have the hashes of the tiles below it")
            if len(hashes) == WIDTH:
                above.append(root(hashes))
        below = above


def leaf_hashes(source: Source, start: int, end: int, size: int) -> Iterator[bytes]:
    """Yield the hashes of these leaves."""
    for tile in leaf_tiles(start, end, size):
        first = tile.index * WIDTH
        encoded = source.tile(tile)
        yield from split_hashes(encoded[max(0, start - first) * HASH_BYTES : (end - first) * HASH_BYTES])


def _root(subtrees: list[bytes], rest: list[bytes]) -> bytes:
    """Return the root over complete subtrees and, behind them, the leaves of a tile that is not full."""
    parts = [*subtrees, root(rest)] if rest else subtrees
    return join(parts) if parts else EMPTY_ROOT
