"""An export as a source: what its files say, read strictly. That they are the files made is checked elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from compliance_bot.audit.bundle.files import lines, open_files, read
from compliance_bot.audit.bundle.form import (
    CHECKPOINT,
    LINES_PER_FILE,
    MAX_HANDOVERS,
    MAX_LINE_BYTES,
    MAX_TIMESTAMPS,
    BundleMalformed,
    handover_name,
    records_name,
)
from compliance_bot.audit.bundle.line import Line, parse_line
from compliance_bot.audit.merkle import HASH_BYTES
from compliance_bot.audit.source import Extent, Handover, Timestamp
from compliance_bot.audit.tiles import WIDTH, Tile, count_tiles, leaf_tiles, split_hashes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.audit.bundle.files import Files
    from compliance_bot.audit.bundle.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportBatch:
    """One file of lines."""

    path: Path  # of the export: another process opens it again
    first: int
    count: int
    size: int  # of the tree
    sha256: str  # of the file, as the manifest has it

    def lines(self) -> Iterator[Line]:
        """Yield the lines. Raises BundleMalformed, at the end also where the file is not the one that was made."""
        name = records_name(self.first)
        encoded_lines = lines(_opened(self.path), name, limit=MAX_LINE_BYTES, sha256=self.sha256)
        for number, encoded in enumerate(encoded_lines):
            try:
                yield parse_line(encoded)
            except BundleMalformed as error:
                raise BundleMalformed(f"line {number + 1} of {name}: {error}") from error

    def leaf_hashes(self) -> Iterator[bytes]:
        """Yield what the tiles have."""
        end = self.first + self.count
        for tile in leaf_tiles(self.first, end, self.size):
            start = tile.index * WIDTH
            encoded = _read_tile(_opened(self.path), tile)
            yield from split_hashes(encoded[max(0, self.first - start) * HASH_BYTES : (end - start) * HASH_BYTES])


class Export:
    """An export."""

    def __init__(self, path: Path, files: Files, manifest: Manifest) -> None:
        """Raises BundleMalformed where the manifest lists too few files for what it says that it has."""
        _opened.cache_clear()  # another export may have this name by now
        self._path, self._files, self.manifest = path, files, manifest
        self._listed = {file.name: file for file in manifest.files}
        counted = sum(name.startswith("records/") for name in self._listed)
        if counted != -(-(manifest.end - manifest.first) // LINES_PER_FILE):
            raise BundleMalformed("the manifest lists more or fewer files of records than its range takes")
        if sum(name.startswith("tile/") for name in self._listed) != count_tiles(manifest.size):
            raise BundleMalformed("the manifest lists more or fewer tiles than its tree has")

    @property
    def extent(self) -> Extent:
        """What the manifest says that is shown."""
        said = self.manifest
        return Extent(first=said.first, end=said.end, selection=said.selection, content=said.content)

    def checkpoint(self) -> bytes:
        """Return the note."""
        return read(self._files, CHECKPOINT)

    def handovers(self) -> tuple[Handover, ...]:
        """Return the handovers, the oldest first."""
        sizes = sorted(
            int(name.removeprefix("handovers/"))
            for name in self._files.names()
            if name.startswith("handovers/") and not name.endswith(".json")
        )
        if len(sizes) > MAX_HANDOVERS:
            raise BundleMalformed(f"an export has at most {MAX_HANDOVERS} handovers, and this one has {len(sizes)}")
        return tuple(
            Handover(
                size=size,
                note=read(self._files, handover_name(size)),
                line=read(self._files, handover_name(size) + ".json").removesuffix(b"\n"),
            )
            for size in sizes
        )

    def timestamps(self) -> tuple[Timestamp, ...]:
        """Return the time stamps, by name."""
        names = sorted(name for name in self._files.names() if name.startswith("timestamps/"))
        if len(names) > MAX_TIMESTAMPS:
            raise BundleMalformed(f"an export has at most {MAX_TIMESTAMPS} time stamps, and this one has {len(names)}")
        return tuple(
            Timestamp(witness=name.removeprefix("timestamps/").removesuffix(".tsr"), response=read(self._files, name))
            for name in names
        )

    def tile(self, tile: Tile) -> bytes:
        """Return the hashes of a tile."""
        return _read_tile(self._files, tile)

    def batches(self) -> Iterator[ExportBatch]:
        """Yield the files of lines."""
        for first in range(self.manifest.first, self.manifest.end, LINES_PER_FILE):
            listed = self._listed.get(records_name(first))
            if listed is None:
                raise BundleMalformed("the manifest lists files of records by other indexes than its range has")
            yield ExportBatch(
                path=self._path,
                first=first,
                count=min(LINES_PER_FILE, self.manifest.end - first),
                size=self.manifest.size,
                sha256=listed.sha256,
            )


@lru_cache(maxsize=1)
def _opened(path: Path) -> Files:
    """Return the files of the export that this process is at: opening an archive reads its whole table of contents."""
    return open_files(path)


def _read_tile(files: Files, tile: Tile) -> bytes:
    encoded = read(files, tile.path)
    if len(encoded) != tile.size_bytes:
        raise BundleMalformed(f"{tile.path} does not have {tile.width} hashes")
    return encoded
