"""Read PDF with PDFium: paragraphs, headings by size and weight, lists, tables; page furniture is left out.

Every page must be readable: a document that came back shorter than it is would answer wrongly. Pages that hold pictures
of text only are refused together with the whole file when no page has any text.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.formats.lines import Line, join
from compliance_bot.ingest.formats.pdf_layout import PageLine, furniture, page_lines, to_lines
from compliance_bot.ingest.formats.pdf_page import Fragment, fragments
from compliance_bot.ingest.formats.pdf_tables import Grid, aligned_rows, grids
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCKED = frozenset({pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY})
_TITLE_PARTS = 4  # where a document's own title stands


def read_pdf(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in a PDF file. Raises UnreadableDocument."""
    try:
        file = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = pdfium_c.FPDF_GetLastError() in _LOCKED
        raise UnreadableDocument(Reason.ENCRYPTED if locked else Reason.CORRUPT) from error
    with contextlib.closing(file):
        count = len(file)
        if count > limits.pages:
            raise UnreadableDocument(Reason.TOO_MANY_PAGES, limits.pages)
        try:
            pages = list(_pages(file, limits))
            metadata = str(file.get_metadata_value("Title") or "")
        except pdfium.PdfiumError as error:
            raise UnreadableDocument(Reason.CORRUPT) from error
    parts = _parts(pages)
    opening = [part.text for part in parts[:_TITLE_PARTS] if part.kind is BlockKind.HEADING and part.level == 1]
    return assemble(opening[0] if opening else metadata, parts, limits, page_count=count)


def _pages(file: pdfium.PdfDocument, limits: Limits) -> Iterator[tuple[list[Fragment], list[Grid]]]:
    """Yield what stands on each page: its words, and the ruled lines of its tables."""
    characters = 0
    for page in file:
        with contextlib.closing(page), contextlib.closing(page.get_textpage()) as text:
            characters += text.count_chars()
            if characters > limits.characters:
                raise UnreadableDocument(Reason.TOO_MUCH_TEXT, limits.characters)
            yield fragments(text), grids(page)


def _parts(pages: list[tuple[list[Fragment], list[Grid]]]) -> list[Part]:
    """Return the parts of all pages in order: text is joined between tables, and across page ends."""
    loose = [
        page_lines((fragment for fragment in found if not any(grid.holds(fragment) for grid in ruled)), number)
        for number, (found, ruled) in enumerate(pages, start=1)
    ]
    dropped = {id(line) for line in furniture(loose)}
    kept = [[line for line in lines if id(line) not in dropped] for lines in loose]
    styled = iter(to_lines([line for lines in kept for line in lines]))
    parts: list[Part] = []
    pending: list[Line] = []
    for number, ((found, ruled), lines) in enumerate(zip(pages, kept, strict=True), start=1):
        tables = sorted(_ruled(found, ruled), key=lambda entry: -entry[0])
        for rows, line in _with_tables(lines, tables, styled):
            if line is not None:
                pending.append(line)
            elif rows:
                parts += join(pending)
                pending = []
                parts += table(rows, page=number)
    return [*parts, *join(pending)]


def _ruled(found: list[Fragment], ruled: list[Grid]) -> Iterator[tuple[float, list[list[str]]]]:
    """Yield (height of its top, rows) for each ruled table that has words."""
    for grid in ruled:
        inside = [fragment for fragment in found if grid.holds(fragment)]
        if inside:
            yield grid.ys[-1], grid.rows(inside)


def _with_tables(
    lines: list[PageLine], tables: list[tuple[float, list[list[str]]]], styled: Iterator[Line]
) -> Iterator[tuple[list[list[str]], Line | None]]:
    """Yield each line of a page, or a table's rows where the table stands. Consumes one styled line per line."""
    rest = list(tables)
    index = 0
    while index < len(lines):
        while rest and lines[index].y < rest[0][0]:
            yield rest.pop(0)[1], None
        count = aligned_rows([line.fragments for line in lines], index)
        if count:
            rows = [[fragment.text for fragment in line.fragments] for line in lines[index : index + count]]
            for _ in rows:
                next(styled)
            yield rows, None
            index += count
        else:
            yield [], next(styled)
            index += 1
    for _, rows in rest:
        yield rows, None
