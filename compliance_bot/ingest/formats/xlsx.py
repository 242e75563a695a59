"""Read Excel files: each visible sheet under its name, its tables with their headers, values as they are displayed.

A formula stands with the value that was stored when the file was saved, and is left out where none was; it is never
computed, and no link in it or to another file is followed. Hidden sheets, rows and columns are left out, but not rows
that a filter or a folded outline hides: that is one reader's view. Left out too: comments, charts, pictures, macros,
errors such as #REF!. A cell merged over several rows stands in each of them.

openpyxl reads the parts. Its parser of sheets is used directly: the row iterator of its read-only mode knows no hidden
rows and makes up as many empty ones as a file claims to have.
"""

from __future__ import annotations

import warnings
import zipfile
from bisect import bisect_right
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import openpyxl
from lxml import etree
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import WorkSheetParser

from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.formats.cells import format_value
from compliance_bot.ingest.formats.package import repacked, xml_parts
from compliance_bot.ingest.formats.sheet import Cell, Row, sheet_parts
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FAULTS = (
    InvalidFileException,
    ParseError,
    etree.LxmlError,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    OSError,
)
_TRUE = frozenset({"1", "true"})
_MOST_COLUMNS = 16_384  # of Excel's


def read_xlsx(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in an Excel file. Raises UnreadableDocument."""
    parts = xml_parts(data, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on features that it would not write back
            # keep_links is about reading the cached values of other files, which are not this document's.
            book = openpyxl.load_workbook(repacked(parts), read_only=True, data_only=True, keep_links=False)
            # Which sheet a table with a filter stands on is left open: one too many row is better than one too few.
            is_filtered = any(name.startswith("xl/tables/") and b"filterColumn" in parts[name] for name in parts)
            found = list(_read(book, is_filtered=is_filtered, limits=limits))
            title = book.properties.title or ""
    except RecursionError as error:
        raise UnreadableDocument(Reason.TOO_DEEP) from error
    except _FAULTS as error:
        # The library meets a broken package with whatever its own code runs into.
        raise UnreadableDocument(Reason.CORRUPT) from error
    return assemble(title, found, limits)


def _read(book: Any, *, is_filtered: bool, limits: Limits) -> Iterator[Part]:
    room = limits.characters
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        rows = _Sheet(book, sheet, is_filtered=is_filtered, room=room).rows()
        room -= sum(len(cell.text) for row in rows for cell in row.cells)
        parts = sheet_parts(rows)
        if parts:
            yield Part(kind=BlockKind.HEADING, text=sheet.title, level=1)
            yield from parts


class _Sheet:
    """One sheet's visible rows."""

    def __init__(self, book: Any, sheet: Any, *, is_filtered: bool, room: int) -> None:
        self._sheet = sheet
        self._room = self._most = room
        self._is_filtered = is_filtered
        self._source = sheet._get_source()
        self._parser: Any = WorkSheetParser(
            self._source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        self._formats: dict[int, str] = {}

    def rows(self) -> list[Row]:
        """Return the rows that have text, in order."""
        found: dict[int, dict[int, Cell]] = {}
        with self._source:
            for number, cells in self._parser.parse():
                row = found.setdefault(number, {})
                for cell in cells:
                    made = self._cell(cell)
                    if made.text:
                        row[made.column] = made
        self._spread(found)
        hidden_rows, hidden_columns = self._hidden_rows(), self._hidden_columns()
        return [
            Row(number=number, cells=tuple(row[column] for column in sorted(row) if column not in hidden_columns))
            for number, row in sorted(found.items())
            if number not in hidden_rows
        ]

    def _cell(self, cell: Mapping[str, Any]) -> Cell:
        value = None if cell["data_type"] == "e" else cell["value"]
        text = "" if value is None else format_value(value, self._format(cell["style_id"])).strip()
        self._take(len(text))
        return Cell(column=cell["column"], text=text, is_value=not isinstance(value, str))

    def _take(self, length: int) -> None:
        """Count the characters: one long shared string may be named by every cell."""
        self._room -= length
        if self._room < 0:
            raise UnreadableDocument(Reason.TOO_MUCH_TEXT, self._most)

    def _format(self, style: int) -> str:
        if style not in self._formats:
            cell: Any = ReadOnlyCell(self._sheet, 1, 1, None, style_id=style)
            self._formats[style] = str(cell.number_format)
        return self._formats[style]

    def _spread(self, found: dict[int, dict[int, Cell]]) -> None:
        """Put the text of a cell that is merged downwards into each row that it stands beside."""
        numbers = sorted(found)
        merged = self._parser.merged_cells
        for area in merged.mergeCell if merged else ():
            column, top, _, bottom = area.bounds
            cell = found.get(top, {}).get(column)
            if cell is None or top == bottom:
                continue
            for number in numbers[bisect_right(numbers, top) : bisect_right(numbers, bottom)]:
                if found[number]:  # a row of nothing but the merged cell says nothing more
                    self._take(len(cell.text))
                    found[number].setdefault(column, cell)

    def _hidden_columns(self) -> frozenset[int]:
        hidden: set[int] = set()
        for column in self._parser.column_dimensions.values():
            if _is_hidden(column):
                hidden.update(range(int(column["min"]), min(int(column["max"]), _MOST_COLUMNS) + 1))
        return frozenset(hidden)

    def _hidden_rows(self) -> frozenset[int]:
        own = getattr(self._parser, "auto_filter", None)
        if self._is_filtered or (own is not None and own.filterColumn):
            return frozenset()
        return frozenset(int(number) for number, row in self._parser.row_dimensions.items() if _is_hidden(row))


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    """Tell whether somebody hid a row or column; a folded outline only folds it."""
    return attributes.get("hidden") in _TRUE and attributes.get("outlineLevel", "0") == "0"
