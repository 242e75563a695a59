"""Get the words of a PDF page with their places: all that is known of a page before its layout is read.

Coordinates are points from the page's lower left corner, turned so that text runs from left to right. Character boxes
are asked for at the ends of words only, since each question crosses into C.
"""

from __future__ import annotations

import ctypes
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pypdfium2.raw as pdfium_c

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pypdfium2 as pdfium

_WORD = re.compile(r"\S+")
_LINE_END = re.compile(r"(\r\n|\r|\n|(?<=[\x02\ufffe]))")  # after a hyphen that breaks a word PDFium has no line end
_CELL_GAP = 1.5  # times the font size; wider than any blank between words of a justified line
_UPRIGHT = 0.01  # radians
_BOLD_WEIGHT = 600
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi", re.IGNORECASE)
_LIGATURES = {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}
_MENDED = str.maketrans(
    _LIGATURES | {"\x02": "-", "\ufffe": "-", "\u00ad": "-"}
)  # PDFium's marks for a breaking hyphen
_NAME_BYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A run without blanks between x0 and x1."""

    text: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Words of one line that stand close together, on the baseline `y`. `breaks`: the line before it ended there."""

    words: tuple[Word, ...]
    y: float
    size: float
    is_bold: bool
    breaks: bool

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return self.words[-1].x1


def fragments(page: pdfium.PdfTextPage) -> list[Fragment]:
    """Return the fragments of a page in stored order. Slanted text is left out: it is a watermark."""
    found: list[Fragment] = []
    for start, end, text in _lines(page):
        words = [(match.group(), start + match.start(), start + match.end() - 1) for match in _WORD.finditer(text)]
        if words and end > start:
            found += _split(page, words)
    return found


def _lines(page: pdfium.PdfTextPage) -> Iterator[tuple[int, int, str]]:
    """Yield (first index, end, text) of each line; indices are PDFium's, one per character."""
    text = _characters(page)
    position = 0
    for line in _LINE_END.split(text):
        if line.strip("\r\n"):
            yield position, position + len(line), line
        position += len(line)


def _characters(page: pdfium.PdfTextPage) -> str:
    """Return one character per index of PDFium."""
    count = page.count_chars()
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(page, 0, count, buffer)
    units = bytes(buffer)[: max(0, written - 1) * 2]
    text = units.decode("utf-16-le", "surrogatepass")
    if len(text) == count and len(units) == 2 * count:
        return text
    # Text without a Unicode value, or beyond the basic plane: indices and units differ, so ask one by one.
    codes = (pdfium_c.FPDFText_GetUnicode(page, index) for index in range(count))
    return "".join(chr(code) if 0 < code < 0x110000 else " " for code in codes)


def _split(page: pdfium.PdfTextPage, words: list[tuple[str, int, int]]) -> list[Fragment]:
    """Return the line's fragments: it is parted where its words stand far apart."""
    angle = pdfium_c.FPDFText_GetCharAngle(page, words[0][1])
    quarter = angle / (math.pi / 2)
    if angle >= 0 and abs(quarter - round(quarter)) > _UPRIGHT:
        return []
    size = _size(page, words[0][1])
    found: list[Fragment] = []
    run: list[Word] = []
    first = words[0][1]
    for text, begin, end in words:
        word = _placed(page, text, begin, end, round(quarter) % 4)
        if run and not -_CELL_GAP * size < word.x0 - run[-1].x1 < _CELL_GAP * size:
            found.append(_fragment(page, run, first, quarter, size, breaks=not found))
            run, first = [], begin
        run.append(word)
    return [*found, _fragment(page, run, first, quarter, size, breaks=not found)]


def _fragment(
    page: pdfium.PdfTextPage, run: list[Word], first: int, quarter: float, size: float, *, breaks: bool
) -> Fragment:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium_c.FPDFText_GetCharOrigin(page, first, x, y)
    baseline = _turned(x.value, y.value, round(quarter) % 4)[1]
    last = first + sum(len(word.text) + 1 for word in run) - 2
    bold = _is_bold(page, first) and _is_bold(page, last)
    return Fragment(words=tuple(run), y=baseline, size=size, is_bold=bold, breaks=breaks)


def _placed(page: pdfium.PdfTextPage, text: str, begin: int, end: int, quarters: int) -> Word:
    text = text if text.isalnum() else text.translate(_MENDED)
    left, _, bottom, _ = _box(page, begin)
    _, right, _, top = _box(page, end)
    if quarters:
        ends = (_turned(left, bottom, quarters)[0], _turned(right, top, quarters)[0])
        return Word(text=text, x0=min(ends), x1=max(ends))
    return Word(text=text, x0=left, x1=max(left, right))


def _box(page: pdfium.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    """Return a character's left, right, bottom and top."""
    left, right, bottom, top = ctypes.c_double(), ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
    pdfium_c.FPDFText_GetCharBox(page, index, left, right, bottom, top)
    return left.value, right.value, bottom.value, top.value


def _turned(x: float, y: float, quarters: int) -> tuple[float, float]:
    """Return the point in coordinates in which text at this angle runs to the right."""
    return ((x, y), (y, -x), (-x, -y), (-y, x))[quarters]


def _size(page: pdfium.PdfTextPage, index: int) -> float:
    """Return the font size as drawn: the nominal one times the text matrix's scale."""
    matrix = pdfium_c.FS_MATRIX()
    scale = 1.0
    if pdfium_c.FPDFText_GetMatrix(page, index, matrix):
        scale = math.hypot(matrix.c, matrix.d) or 1.0
    return round(float(pdfium_c.FPDFText_GetFontSize(page, index)) * scale * 2) / 2 or 1.0


def _is_bold(page: pdfium.PdfTextPage, index: int) -> bool:
    if pdfium_c.FPDFText_GetFontWeight(page, index) >= _BOLD_WEIGHT:
        return True
    name = ctypes.create_string_buffer(_NAME_BYTES)
    pdfium_c.FPDFText_GetFontInfo(page, index, name, _NAME_BYTES, ctypes.c_int())
    return bool(_BOLD_NAME.search(name.value))
