"""Paths and widths of tiles are those of C2SP tlog-tiles."""

from __future__ import annotations

import pytest

from compliance_bot.audit.merkle import HASH_BYTES
from compliance_bot.audit.tiles import WIDTH, Tile, count_tiles, leaf_tiles, split_hashes, tiles


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999, 3), "tile/0/999.p/3"),
        (Tile(2, 1000), "tile/2/x001/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),  # the example of the specification
        (Tile(63, 1_000_000, 255), "tile/63/x001/x000/000.p/255"),
    ],
)
def test_a_path_has_groups_of_three_digits(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_counts() -> None:
    made = list(tiles(70_000))
    assert len(made) == count_tiles(70_000) == 273 + 1 + 1 + 1 + 1
    assert made[272:] == [Tile(0, 272), Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, []), (1, [Tile(0, 0, 1)]), (255, [Tile(0, 0, 255)]), (256, [Tile(0, 0), Tile(1, 0, 1)])],
)
def test_small_trees_have_these_tiles(size: int, expected: list[Tile]) -> None:
    assert list(tiles(size)) == expected
    assert count_tiles(size) == len(expected)


@pytest.mark.parametrize(("start", "end"), [(0, 700), (0, 256), (255, 257), (300, 301), (512, 700), (5, 5)])
def test_the_tiles_of_a_range_have_its_leaves_and_no_tile_more(start: int, end: int) -> None:
    found = list(leaf_tiles(start, end, 700))
    covered = {tile.index * WIDTH + place for tile in found for place in range(tile.width)}
    assert set(range(start, end)) <= covered
    assert set(found) <= set(tiles(700))
    assert all(
        any(tile.index * WIDTH <= leaf < tile.index * WIDTH + tile.width for leaf in range(start, end))
        for tile in found
    )


def test_a_tile_is_its_hashes_one_after_the_other() -> None:
    hashes = [bytes([number]) * HASH_BYTES for number in range(3)]
    assert list(split_hashes(b"".join(hashes))) == hashes
    assert Tile(0, 0, 3).size_bytes == len(b"".join(hashes))
