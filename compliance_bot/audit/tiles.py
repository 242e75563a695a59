"""Tiles: a tree's hashes in files of up to 256, with the paths and bytes of C2SP tlog-tiles. Pure functions.

https://c2sp.org/tlog-tiles. A tile of level 0 has leaf hashes; each hash in one above is the root of a full tile below.
A partial tile stands at the right edge and is in none above. What the hashes are of, and whether they are right, is
not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.merkle import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 256  # hashes in a full tile
TILE_BYTES = WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Some hashes of a tree: the first `width` of those that a tile has."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where the tile stands: `tile/<level>/<index>[.p/<width>]`, the index in groups of three digits."""
        groups, rest = [f"{self.index % 1000:03d}"], self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(groups)}{partial}"

    @property
    def size_bytes(self) -> int:
        return self.width * HASH_BYTES


def tiles(size: int) -> Iterator[Tile]:
    """Yield the tiles of a tree of this size, by level and index; none for an empty tree."""
    level, hashes = 0, size
    while hashes:
        full, rest = divmod(hashes, WIDTH)
        yield from (Tile(level, index) for index in range(full))
        if rest:
            yield Tile(level, full, rest)
        level, hashes = level + 1, full


def count_tiles(size: int) -> int:
    """Return how many tiles a tree of this size has."""
    count = 0
    while size:
        count += -(-size // WIDTH)
        size //= WIDTH
    return count


def leaf_tiles(start: int, end: int, size: int) -> Iterator[Tile]:
    """Yield the tiles with the leaf hashes from `start` to before `end`, in a tree of this size."""
    if start < end:
        for index in range(start // WIDTH, (end - 1) // WIDTH + 1):
            yield Tile(0, index, min(WIDTH, size - index * WIDTH))


def split_hashes(tile: bytes) -> Iterator[bytes]:
    """Yield the hashes of a tile."""
    return (tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES))
