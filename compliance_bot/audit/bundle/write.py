"""Write an export of a log. What is selected, and what may be shown of it, was decided by the source."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from compliance_bot.audit.bundle.form import (
    CHECKPOINT,
    LINES_PER_FILE,
    MANIFEST,
    MANIFEST_NOTE,
    README,
    TABLE,
    VERIFIER,
    BundleMalformed,
    handover_name,
    records_name,
    timestamp_name,
)
from compliance_bot.audit.bundle.line import format_line
from compliance_bot.audit.bundle.manifest import Counts, File, Manifest, format_manifest, sign_manifest
from compliance_bot.audit.bundle.places import new_place, put
from compliance_bot.audit.bundle.readme import readme
from compliance_bot.audit.bundle.table import HEADER, row
from compliance_bot.audit.bundle.verifier import verifier
from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.envelope import parse_fields
from compliance_bot.audit.note import parse_note
from compliance_bot.audit.tiles import tiles
from compliance_bot.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from compliance_bot.audit.bundle.line import Line
    from compliance_bot.audit.bundle.places import Place
    from compliance_bot.audit.note_key import SigningKey
    from compliance_bot.audit.source import Source

_TABLE_IN_MEMORY = 1 << 20
_PIECE_BYTES = 1 << 20


class ExportInTheWay(UsageError):
    """There is something under the name that the export was to have."""

    hint = "Nothing was written. Give another name, or move what is there away."


class ExportNotWritten(Unavailable):
    """The export could not be written."""

    hint = "There is nothing of it. Look for space on the disk and for the right to write there, and try again."


def write_export(source: Source, path: Path, key: SigningKey) -> Manifest:
    """Write an export and return its manifest: an archive if the name ends with `.zip`, else a folder.

    For one tree, range and selection every file but the notes is the same bytes each time. Records are read once and
    none is kept. Raises ExportInTheWay or ExportNotWritten, and what the source raises; then nothing was written.
    """
    try:
        with new_place(path) as place:
            return _write(source, place, key)
    except FileExistsError as error:
        raise ExportInTheWay from error
    except OSError as error:
        raise ExportNotWritten from error


def _write(source: Source, place: Place, key: SigningKey) -> Manifest:
    note, extent = source.checkpoint(), source.extent
    signed = parse_checkpoint(parse_note(note).text)
    if not 0 <= extent.first <= extent.end <= signed.size:
        raise BundleMalformed(f"a range within the {signed.size} records of the tree was expected, and this is not one")
    files = [put(place, CHECKPOINT, [note])]
    for handover in source.handovers():
        files.append(put(place, handover_name(handover.size), [handover.note]))
        files.append(put(place, handover_name(handover.size) + ".json", [handover.line, b"\n"]))
    files += [put(place, timestamp_name(stamp.witness), [stamp.response]) for stamp in source.timestamps()]
    files += [put(place, tile.path, [source.tile(tile)]) for tile in tiles(signed.size)]
    with tempfile.SpooledTemporaryFile(_TABLE_IN_MEMORY) as table:
        written, counts = _put_records(source, place, table)
        table.seek(0)
        files += [*written, put(place, TABLE, iter(lambda: table.read(_PIECE_BYTES), b""))]
    about = readme(origin=signed.origin, first=extent.first, end=extent.end, size=signed.size, content=extent.content)
    files += [put(place, README, [about]), put(place, VERIFIER, [verifier()])]
    manifest = Manifest(
        origin=signed.origin,
        size=signed.size,
        first=extent.first,
        end=extent.end,
        selection=extent.selection,
        content=extent.content,
        counts=counts,
        files=tuple(sorted(files, key=lambda file: file.name)),
    )
    encoded = format_manifest(manifest)
    put(place, MANIFEST, [encoded])
    put(place, MANIFEST_NOTE, [sign_manifest(signed.origin, encoded, key)])
    return manifest


def _put_records(source: Source, place: Place, table: IO[bytes]) -> tuple[list[File], Counts]:
    """Write the lines, and the rows of the table beside them; return the files and what is in them."""
    extent, tally = source.extent, _Tally(table)
    lines = (line for batch in source.batches() for line in batch.lines())
    files = []
    table.write(HEADER.encode())
    for first in range(extent.first, extent.end, LINES_PER_FILE):
        expected = range(first, min(first + LINES_PER_FILE, extent.end))
        files.append(put(place, records_name(first), tally.encode(zip(expected, lines, strict=False))))
        if tally.last != expected[-1]:
            raise BundleMalformed("the source has fewer records than its range")
    return files, Counts(selected=tally.selected, disclosed=tally.disclosed, withheld=tally.withheld)


@dataclass(slots=True)
class _Tally:
    """What has been written of the records."""

    table: IO[bytes]
    last: int = -1
    selected: int = 0
    disclosed: int = 0
    withheld: int = 0

    def encode(self, placed: Iterable[tuple[int, Line]]) -> Iterator[bytes]:
        """Yield the text of each line, and count it."""
        for index, line in placed:
            if line.index != index:
                raise BundleMalformed(f"the source was to give leaf {index}, and gave another")
            if line.envelope is not None:
                self.selected += 1
                self.disclosed += line.ciphertext is not None
                self.withheld += line.is_withheld
                self.table.write(row(line, parse_fields(line.envelope)).encode())
            self.last = index
            yield format_line(line) + b"\n"
