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
_GET_BOX = pdfium_c.FPDFText_GetCharBox  # called twice per word: the look-up in the module counts
_FLAGS = ctypes.c_int()


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A run without blanks between x0 and x1."""

    text: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Words of one line that stand close together, on the baseline `y`, in a font of `size` points."""

    words: tuple[Word, ...]
    y: float
    size: float
    is_bold: bool

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
    glyphs = _Glyphs(page)
    found: list[Fragment] = []
    position = 0
    for line in _LINE_END.split(glyphs.text):
        words = [
            (match.group(), position + match.start(), position + match.end() - 1) for match in _WORD.finditer(line)
        ]
        if words:
            found += _split(glyphs, words)
        position += len(line)
    return found


def _split(glyphs: _Glyphs, words: list[tuple[str, int, int]]) -> list[Fragment]:
    """Return the line's fragments: it is parted where its words stand far apart. Words are (text, first, last)."""
    quarters = glyphs.quarters(words[0][1])
    if quarters is None:
        return []
    size = glyphs.size(words[0][1])
    found: list[Fragment] = []
    run: list[Word] = []
    first = before = words[0][1]
    for text, begin, end in words:
        x0, x1 = glyphs.span(begin, end, quarters)
        if run and not -_CELL_GAP * size < x0 - run[-1].x1 < _CELL_GAP * size:
            found.append(_fragment(glyphs, run, first, before, quarters, size))
            run, first = [], begin
        run.append(Word(text=text if text.isalnum() else text.translate(_MENDED), x0=x0, x1=x1))
        before = end
    return [*found, _fragment(glyphs, run, first, before, quarters, size)]


def _fragment(glyphs: _Glyphs, run: list[Word], first: int, last: int, quarters: int, size: float) -> Fragment:
    bold = glyphs.is_bold(first) and glyphs.is_bold(last)
    return Fragment(words=tuple(run), y=glyphs.baseline(first, quarters), size=size, is_bold=bold)


class _Glyphs:
    """The characters of a page by their index, as PDFium knows them. Its answers go into buffers that are reused."""

    def __init__(self, page: pdfium.PdfTextPage) -> None:
        self._page = page.raw
        self._buffers = tuple(ctypes.c_double() for _ in range(4))
        self._name = ctypes.create_string_buffer(_NAME_BYTES)
        self._matrix = pdfium_c.FS_MATRIX()
        self.text = _characters(page)

    def _box(self, index: int) -> tuple[float, float, float, float]:
        """Return left, right, bottom and top."""
        left, right, bottom, top = self._buffers
        _GET_BOX(self._page, index, left, right, bottom, top)
        return left.value, right.value, bottom.value, top.value

    def span(self, begin: int, end: int, quarters: int) -> tuple[float, float]:
        """Return where the characters from `begin` to `end` lie in the direction in which they run."""
        left, _, bottom, _ = self._box(begin)
        _, right, _, top = self._box(end)
        if quarters:
            left, right = _turned(left, bottom, quarters)[0], _turned(right, top, quarters)[0]
        return min(left, right), max(left, right)

    def baseline(self, index: int, quarters: int) -> float:
        x, y, *_ = self._buffers
        pdfium_c.FPDFText_GetCharOrigin(self._page, index, x, y)
        return _turned(x.value, y.value, quarters)[1]

    def quarters(self, index: int) -> int | None:
        """Return the text's direction in quarter turns, or None when it runs aslant."""
        turns = float(pdfium_c.FPDFText_GetCharAngle(self._page, index)) / (math.pi / 2)
        if turns < 0:  # unknown
            return 0
        return round(turns) % 4 if abs(turns - round(turns)) <= _UPRIGHT else None

    def size(self, index: int) -> float:
        """Return the font size as drawn, to half a point: the nominal one times the text matrix's scale."""
        scale = 1.0
        if pdfium_c.FPDFText_GetMatrix(self._page, index, self._matrix):
            scale = math.hypot(self._matrix.c, self._matrix.d) or 1.0
        return round(float(pdfium_c.FPDFText_GetFontSize(self._page, index)) * scale * 2) / 2 or 1.0

    def is_bold(self, index: int) -> bool:
        if pdfium_c.FPDFText_GetFontWeight(self._page, index) >= _BOLD_WEIGHT:
            return True
        pdfium_c.FPDFText_GetFontInfo(self._page, index, self._name, _NAME_BYTES, _FLAGS)
        return bool(_BOLD_NAME.search(self._name.value))


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


def _turned(x: float, y: float, quarters: int) -> tuple[float, float]:
    """Return the point in coordinates in which text at this angle runs to the right."""
    return ((x, y), (y, -x), (-x, -y), (-y, x))[quarters]
