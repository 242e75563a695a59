"""Set a source as a PDF: A4, core fonts (Latin-1 only), ruled tables, a footer with reference and page number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace
from markup import Heading, Item, Paragraph, Source, Table, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from markup import Block

MARGIN_MM = 24
LINE_MM = 5.9
BODY_PT = 11
HEADING_PT = {1: 20, 2: 14, 3: 11.5}
BULLET = "\x95"  # the bullet of the core fonts' encoding
INK = (38, 52, 76)


def write_pdf(source: Source, path: Path, *, created: datetime) -> None:
    """Write the same bytes for the same source and date."""
    sheet = _Sheet(source)
    sheet.set_creation_date(created)
    sheet.add_page()
    sheet.opening()
    for block in source.blocks:
        sheet.place(block)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.output(str(path))


class _Sheet(FPDF):
    def __init__(self, source: Source) -> None:
        super().__init__(format="A4")
        self.source = source
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM)
        self.set_title(source.title)
        self.set_author("Larkmoor Bank")
        self.set_font("Helvetica", size=BODY_PT)

    def footer(self) -> None:
        reference = dict(self.source.control).get("Reference", "")
        self.set_y(-16)
        self.set_font("Helvetica", size=8)
        self.set_text_color(110)
        self.cell(0, 5, f"Larkmoor Bank   {reference}   Page {self.page_no()} of {{nb}}", align="C")
        self.set_text_color(0)

    def opening(self) -> None:
        """Set the title and the document control table."""
        self._line(self.source.title, size=HEADING_PT[1], style="B", after=3)
        if self.source.control:
            self._rows(self.source.control, header=False, widths=(28, 72))

    def place(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._heading(block)
        elif isinstance(block, Table):
            self._rows(block.rows, header=True, widths=_widths(block.rows))
        elif isinstance(block, Item):
            self._item(block)
        else:
            self._paragraph(block)

    def _heading(self, heading: Heading) -> None:
        if self.get_y() > self.h - MARGIN_MM - 30:  # no heading at the foot of a page
            self.add_page()
        self.ln(3)
        self._line(heading.text, size=HEADING_PT[heading.level], style="B", after=1.5)

    def _line(self, text: str, *, size: float, style: str, after: float) -> None:
        self.set_font("Helvetica", style=style, size=size)
        self.set_text_color(*INK)
        self.multi_cell(0, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(0)
        self.set_font("Helvetica", size=BODY_PT)
        self.ln(after)

    def _paragraph(self, paragraph: Paragraph) -> None:
        indent = 6 if paragraph.is_note else 0
        if paragraph.is_note:
            self.set_font("Helvetica", style="I", size=BODY_PT)
        self._body(paragraph.text, indent)
        self.set_font("Helvetica", size=BODY_PT)
        self.ln(2.2)

    def _item(self, item: Item) -> None:
        indent = 5 + 6 * item.level
        mark = BULLET if item.kind == "bullet" else f"{item.number}."
        self.set_x(self.l_margin + indent)
        self.cell(7, LINE_MM, mark)
        self._body(item.text, indent + 7)
        self.ln(1)

    def _body(self, text: str, indent: float) -> None:
        self.set_left_margin(MARGIN_MM + indent)
        self.set_x(MARGIN_MM + indent)
        for line in self._lines(plain(text), self.epw):
            self.cell(0, LINE_MM, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_left_margin(MARGIN_MM)
        self.set_x(MARGIN_MM)

    def _lines(self, text: str, width: float) -> Iterator[str]:
        """Break at blanks. The library's own breaking adds up the line again for each character: 10 s for all."""
        blank = self.get_string_width(" ")
        words: list[str] = []
        used = 2 * self.c_margin
        for word in text.split():
            needed = self.get_string_width(word)
            if words and used + needed > width:
                yield " ".join(words)
                words, used = [], 2 * self.c_margin
            words.append(word)
            used += needed + blank
        yield " ".join(words)

    def _rows(self, rows: tuple[tuple[str, ...], ...], *, header: bool, widths: tuple[int, ...]) -> None:
        self.ln(1)
        self.set_font("Helvetica", size=9.5)
        style = FontFace(emphasis="BOLD", fill_color=(226, 231, 240))
        with self.table(
            col_widths=widths,
            first_row_as_headings=header,
            headings_style=style,
            line_height=5.2,
            padding=1,
            text_align="LEFT",
        ) as table:
            for cells in rows:
                row = table.row()
                for cell in cells:
                    row.cell(plain(cell))
        self.set_font("Helvetica", size=BODY_PT)
        self.ln(3)


def _widths(rows: tuple[tuple[str, ...], ...]) -> tuple[int, ...]:
    """Share the width by the longest cell of each column, within bounds that keep narrow columns readable."""
    return tuple(sorted((12, max(map(len, column)), 48))[1] for column in zip(*rows, strict=True))
