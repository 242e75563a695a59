"""Turn a grid of cells into blocks: a header row, which each chunk of a long table repeats, and the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import Part, one_line
from compliance_bot.ingest.structure import CELL_SEPARATOR, BlockKind

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_HEADER_CELL = 60  # characters


def table(rows: Sequence[Sequence[str]], *, headers: int | None = None, page: int | None = None) -> list[Part]:
    """Return one part per row that has text. `headers` is how many rows are headers, None where it is not marked.

    Where it is not, the first row is one if each of its cells is short and none is a number.
    """
    cleaned = [[one_line(cell.replace("\f", " ")) for cell in row] for row in rows]
    cleaned = [row for row in cleaned if any(row)]
    if headers is None:
        headers = int(len(cleaned) > 1 and _looks_like_header(cleaned[0]))
    return [
        Part(
            kind=BlockKind.TABLE_HEADER if index < headers else BlockKind.TABLE_ROW,
            text=CELL_SEPARATOR.join(row),
            page=page,
        )
        for index, row in enumerate(cleaned)
    ]


def _looks_like_header(row: Sequence[str]) -> bool:
    return all(len(cell) <= _LONGEST_HEADER_CELL and not cell[:1].isdigit() for cell in row)
