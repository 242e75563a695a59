"""Read the rows of an OpenDocument table, in a text or as a sheet: spans filled downwards, repetition bounded.

A file may say that a row or cell repeats a million times; empty ones only move the count, and of others no more are
made than there is room for. Rows and columns hidden by hand are left out, not rows that a filter hides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.ingest.formats.odf_styles import attribute, count, name
from compliance_bot.ingest.formats.sheet import Cell, Row
from compliance_bot.ingest.unreadable import Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml import etree

_MOST_COLUMNS = 16_384  # of LibreOffice's
_ROW, _HEADERS = name("table:table-row"), name("table:table-header-rows")
_ROW_GROUPS = frozenset({_HEADERS, name("table:table-rows"), name("table:table-row-group")})
_COLUMN = name("table:table-column")
_COLUMN_GROUPS = frozenset(
    name(tag) for tag in ("table:table-columns", "table:table-column-group", "table:table-header-columns")
)
_CELLS = frozenset({name("table:table-cell"), name("table:covered-table-cell")})
_VALUES = frozenset({"float", "percentage", "currency", "date", "time", "boolean"})
_TYPE_OF_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A cell that reaches down to the row `last`."""

    cell: Cell
    last: int


def read_rows(table: etree._Element, words: Callable[[etree._Element], str], most: int) -> list[Row]:
    """Return the visible rows of a table that have text. `words` reads a cell; `most` is the room in characters."""
    hidden = _hidden_columns(table)
    rows: list[Row] = []
    spans: dict[int, _Span] = {}
    number, room = 0, most
    for element in _inside(table, _ROW, _ROW_GROUPS):
        repeated = count(element, "table:number-rows-repeated")
        first, number = number + 1, number + repeated
        cells = {cell.column: cell for cell in _cells(element, first, words, spans, most) if cell.column not in hidden}
        spanned = {column: span.cell for column, span in spans.items() if span.last >= first}
        if not cells or attribute(element, "table:visibility") == "collapse":
            continue
        cells = {**spanned, **cells}
        made = tuple(cells[column] for column in sorted(cells) if column not in hidden)
        for copy in range(repeated):
            room -= 1 + sum(len(cell.text) for cell in made)
            if room < 0:
                raise UnreadableDocument(Reason.TOO_MUCH_TEXT, most)
            rows.append(Row(number=first + copy, cells=made))
    return rows


def header_rows(table: etree._Element) -> int:
    """Return how many rows at the top of a table are marked as its header."""
    found = next(table.iterchildren(_HEADERS), None)
    return 0 if found is None else sum(count(row, "table:number-rows-repeated") for row in found.iterchildren(_ROW))


def cell_elements(table: etree._Element) -> list[list[etree._Element]]:
    """Return the cells of each row as they stand in the file."""
    return [[cell for cell in row if cell.tag in _CELLS] for row in _inside(table, _ROW, _ROW_GROUPS)]


def _inside(container: etree._Element, wanted: str, groups: frozenset[str]) -> Iterator[etree._Element]:
    pending = list(reversed(container))
    while pending:
        element = pending.pop()
        if element.tag == wanted:
            yield element
        elif element.tag in groups:
            pending += reversed(element)


def _cells(
    row: etree._Element, number: int, words: Callable[[etree._Element], str], spans: dict[int, _Span], most: int
) -> Iterator[Cell]:
    """Yield the cells of a row that have text, and take in the spans that begin here."""
    column, room = 0, most
    for element in row:
        if element.tag not in _CELLS:
            continue
        first = column + 1
        column += count(element, "table:number-columns-repeated")
        text = "" if element.get(_TYPE_OF_CALC) == "error" else _text(element, words)
        if not text:
            continue
        is_value = attribute(element, "office:value-type") in _VALUES
        for place in range(first, min(column, _MOST_COLUMNS) + 1):
            cell = Cell(column=place, text=text, is_value=is_value)
            room -= len(text)
            if room < 0:
                raise UnreadableDocument(Reason.TOO_MUCH_TEXT, most)
            last = number + count(element, "table:number-rows-spanned") - 1
            if last > number:
                spans[place] = _Span(cell=cell, last=last)
            yield cell


def _text(cell: etree._Element, words: Callable[[etree._Element], str]) -> str:
    """Return what a cell shows; a date in ISO 8601, since its display depends on where it is read."""
    if attribute(cell, "office:value-type") == "date":
        day, _, time = attribute(cell, "office:date-value").partition("T")
        return f"{day} {time}".removesuffix(" 00:00:00").strip()
    return words(cell)


def _hidden_columns(table: etree._Element) -> frozenset[int]:
    hidden: set[int] = set()
    column = 0
    for element in _inside(table, _COLUMN, _COLUMN_GROUPS):
        first, column = column + 1, column + count(element, "table:number-columns-repeated")
        if attribute(element, "table:visibility") == "collapse":
            hidden.update(range(first, min(column, _MOST_COLUMNS) + 1))
    return frozenset(hidden)
