"""Find tables on a PDF page: cells between ruled lines, and columns that keep their place over several lines."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pypdfium2.raw as pdfium_c

from compliance_bot.ingest.formats.markers import clause_depth, markers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pypdfium2 as pdfium

    from compliance_bot.ingest.formats.pdf_page import Fragment

_NEAR = 3.0  # points between lines that are meant as one
_SHORTEST = 5.0  # points; shorter strokes are drawings
_FRAME = 0.85  # share of the page's height; a longer upright line frames the page
_MOST_STROKES = 20_000  # per page; more is a drawing
_FEWEST_LINES = 3  # that an unruled table has
_ALIGNED = 4.0  # points


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The ruled lines of one table: column edges from the left, row edges from the bottom."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]

    def holds(self, fragment: Fragment) -> bool:
        middle = (fragment.x0 + fragment.x1) / 2
        return self.xs[0] <= middle <= self.xs[-1] and self.ys[0] <= fragment.y <= self.ys[-1]

    def rows(self, fragments: Sequence[Fragment]) -> list[list[str]]:
        """Return the words of the fragments by row, from the top, and column; columns without words are left out."""
        cells: dict[tuple[int, int], list[str]] = {}
        for fragment in fragments:
            row = len(self.ys) - bisect_right(self.ys, fragment.y)
            for word in fragment.words:
                column = bisect_right(self.xs, (word.x0 + word.x1) / 2)
                cells.setdefault((row, column), []).append(word.text)
        columns = sorted({column for _, column in cells})
        return [
            [" ".join(cells.get((row, column), ())) for column in columns] for row in sorted({row for row, _ in cells})
        ]


def grids(page: pdfium.PdfPage) -> list[Grid]:
    """Return the ruled tables of a page that have at least two columns and two rows."""
    height = page.get_height()
    strokes = [stroke for stroke in _strokes(page) if abs(stroke[3] - stroke[1]) < _FRAME * height]
    found: list[Grid] = []
    for band in _bands(strokes):
        xs = _merged(x0 for x0, _, x1, _ in band if abs(x1 - x0) < _NEAR)
        ys = _merged(y0 for _, y0, _, y1 in band if abs(y1 - y0) < _NEAR)
        if len(xs) > 2 and len(ys) > 2:
            found.append(Grid(xs=xs, ys=ys))
    return found


def _strokes(page: pdfium.PdfPage) -> Iterator[tuple[float, float, float, float]]:
    """Yield (x0, y0, x1, y1) of the level and upright lines drawn on the page, the edges of boxes among them."""
    count = 0
    x, y = ctypes.c_float(), ctypes.c_float()
    for shape in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_PATH]):
        matrix = shape.get_matrix()
        start = last = (0.0, 0.0)
        for index in range(pdfium_c.FPDFPath_CountSegments(shape)):
            count += 1
            if count > _MOST_STROKES:
                return
            segment = pdfium_c.FPDFPath_GetPathSegment(shape, index)
            pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
            point = matrix.on_point(x.value, y.value)
            kind = pdfium_c.FPDFPathSegment_GetType(segment)
            if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
                start = point
            elif kind == pdfium_c.FPDF_SEGMENT_LINETO:
                yield from _straight(last, point)
            last = point
            if pdfium_c.FPDFPathSegment_GetClose(segment):
                yield from _straight(point, start)


def _straight(start: tuple[float, float], end: tuple[float, float]) -> Iterator[tuple[float, float, float, float]]:
    wide, high = abs(start[0] - end[0]), abs(start[1] - end[1])
    if (wide < 1 and high > _SHORTEST) or (high < 1 and wide > _SHORTEST):
        yield min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1])


def _bands(
    strokes: Sequence[tuple[float, float, float, float]],
) -> Iterator[list[tuple[float, float, float, float]]]:
    """Yield groups of strokes that touch in height, which are tables below each other."""
    band: list[tuple[float, float, float, float]] = []
    top = 0.0
    for stroke in sorted(strokes, key=lambda stroke: stroke[1]):
        if band and stroke[1] > top + _NEAR:
            yield band
            band = []
        top = max(top, stroke[3]) if band else stroke[3]
        band.append(stroke)
    if band:
        yield band


def _merged(values: Iterator[float]) -> tuple[float, ...]:
    """Return the values in order, those near each other as one."""
    merged: list[float] = []
    for value in sorted(values):
        if not merged or value - merged[-1] > _NEAR:
            merged.append(value)
    return tuple(merged)


def aligned_rows(lines: Sequence[Sequence[Fragment]], start: int) -> int:
    """Return how many lines from `start` make an unruled table: equally many cells, each column in its place. Or 0."""
    first = lines[start]
    if len(first) < 2 or _is_label(first[0]):
        return 0
    end = start + 1
    while end < len(lines) and _matches(first, lines[end]) and lines[end][0].y < lines[end - 1][0].y:
        end += 1
    return end - start if end - start >= _FEWEST_LINES else 0


def _matches(first: Sequence[Fragment], line: Sequence[Fragment]) -> bool:
    if len(first) != len(line) or _is_label(line[0]):
        return False
    return all(
        min(abs(a.x0 - b.x0), abs(a.x1 - b.x1), abs(a.x0 + a.x1 - b.x0 - b.x1) / 2) < _ALIGNED
        for a, b in zip(first, line, strict=True)
    )


def _is_label(fragment: Fragment) -> bool:
    """Tell a list marker or clause number that stands apart from its words."""
    return bool(markers(f"{fragment.text} x") or clause_depth(f"{fragment.text} x"))
