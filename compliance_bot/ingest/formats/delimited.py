"""Read CSV and TSV files: rows of cells parted by comma, semicolon, tab or bar, quoted as RFC 4180 has it.

The separator is the one by which the first row is as wide as any other; lines of one cell may stand above the table, as
its title. A file that no separator reads in this way is read as plain text: with a cell too many in a row, nobody can
tell which header the others stand under.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from compliance_bot.ingest.assemble import Part, assemble, clean
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.formats.text import decode, parts
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

_SEPARATORS = ",;\t|"
_DECLARED = re.compile(r"sep=([,;\t|])\r?\n")  # a first line of Excel's own
_MOST_ABOVE = 5  # lines over the table
_FEWEST_ROWS = 2
_MOST_SHORT = 0.2  # share of rows that leave out their last cells; more is prose with commas in it
_VALUE = re.compile(r"[-+(]?[€$£¥]?\s?\d[\d.,'\s/:-]*\)?\s?%?")  # names no column


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """The file as one separator reads it: lines of one cell, then rows, the first of which is the widest."""

    above: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def merit(self) -> tuple[int, int]:
        return -len(self.above), len(self.rows[0])


def read_delimited(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in a CSV or TSV file. Raises UnreadableDocument."""
    text = decode(data)
    if len(text) > limits.characters:
        raise UnreadableDocument(Reason.TOO_MUCH_TEXT, limits.characters)
    declared = _DECLARED.match(text)
    separators = declared[1] if declared else _SEPARATORS
    rest = text[declared.end() :] if declared else text
    readings = [reading for separator in separators if (reading := _read(rest, separator))]
    if not readings:
        return assemble("", parts(clean(text)), limits)
    return assemble("", _parts(max(readings, key=lambda reading: reading.merit)), limits)


def _parts(reading: _Reading) -> list[Part]:
    first = reading.rows[0]
    is_header = not any(_VALUE.fullmatch(cell) for cell in first)
    above = (Part(kind=BlockKind.PARAGRAPH, text=line) for line in reading.above)
    return [*above, *table(reading.rows, headers=int(is_header))]


def _read(text: str, separator: str) -> _Reading | None:
    csv.field_size_limit(len(text) + 1)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
        rows = [row for line in lines if (row := tuple(cell.strip() for cell in line)) and any(row)]
    except csv.Error:
        return None
    above = next((index for index, row in enumerate(rows) if sum(map(bool, row)) > 1), len(rows))
    body = rows[above:]
    if above > _MOST_ABOVE or len(body) < _FEWEST_ROWS:
        return None
    width = len(body[0])
    short = sum(len(row) < width for row in body)
    if short > _MOST_SHORT * len(body) or any(any(row[width:]) for row in body):
        return None
    return _Reading(
        above=tuple("".join(row) for row in rows[:above]),
        rows=tuple((*row[:width], *[""] * (width - len(row))) for row in body),
    )
