"""Turn the rows of a spreadsheet into parts: a sheet holds titles, notes and several tables with blank rows between.

Rows without a blank row between them belong together. In such a run, single cells above the wider rows are
paragraphs, and the first wide row is a header where it is all text. A run that goes on in the columns of the table
above it, without a header of its own, belongs to that table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import Part
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.structure import BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LONGEST_HEADER_CELL = 60  # characters
_FEWEST_NAMED = 0.5  # share of a header's columns that have a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell that has text. `is_value` is true for numbers, dates and the like, which name no column."""

    column: int
    text: str
    is_value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The cells of a row that have text, by column."""

    number: int
    cells: tuple[Cell, ...]


def sheet_parts(rows: Iterable[Row]) -> list[Part]:
    """Return the parts of a sheet whose rows come in order; rows without cells are blank."""
    parts: list[Part] = []
    above: tuple[int, ...] = ()  # columns of the table above
    for run in _runs(rows):
        first = next((index for index, row in enumerate(run) if len(row.cells) > 1), len(run))
        parts += (_paragraph(row) for row in run[:first])
        body = run[first:]
        if not body:
            above = ()
        else:
            columns = tuple(sorted({cell.column for row in body for cell in row.cells}))
            named = _is_header(body, columns)
            if not named and not first and set(columns) <= set(above):
                columns = above
            above = columns
            parts += table([_texts(row, columns) for row in body], headers=int(named))
    return parts


def _runs(rows: Iterable[Row]) -> Iterator[list[Row]]:
    run: list[Row] = []
    for row in rows:
        if not row.cells:
            continue
        if run and row.number != run[-1].number + 1:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _is_header(body: Sequence[Row], columns: Sequence[int]) -> bool:
    """Tell whether the first row names the columns: short texts, no two alike, and something below them."""
    cells = body[0].cells
    if len(body) < 2 or len(cells) < max(2, _FEWEST_NAMED * len(columns)):
        return False
    short = all(not cell.is_value and len(cell.text) <= _LONGEST_HEADER_CELL for cell in cells)
    return short and len({cell.text.casefold() for cell in cells}) == len(cells)


def _texts(row: Row, columns: Sequence[int]) -> list[str]:
    by_column = {cell.column: cell.text for cell in row.cells}
    return [by_column.get(column, "") for column in columns]


def _paragraph(row: Row) -> Part:
    return Part(kind=BlockKind.PARAGRAPH, text=" ".join(cell.text for cell in row.cells))
