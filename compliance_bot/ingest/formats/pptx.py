"""Read PowerPoint files: each slide as a page under its title, with its lists, tables, chart values and speaker notes.

In the text: grouped shapes, the words of diagrams (SmartArt), the speaker notes under a heading of their own. Not in
the text: hidden slides, comments, masters and layouts, dates, footers and slide numbers, pictures. python-pptx opens
the package and follows the placeholders; a picture or file that a slide links to is not opened.
"""

from __future__ import annotations

import contextlib
import zipfile
from typing import TYPE_CHECKING, Any

import pptx
from lxml import etree
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PythonPptxError

from compliance_bot.ingest.assemble import Part, assemble, one_line
from compliance_bot.ingest.formats.ordinals import ordinal
from compliance_bot.ingest.formats.package import repacked, tree, xml_parts
from compliance_bot.ingest.formats.slides import Slide, slide_parts
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_DATA = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_MARKUP = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_FALSE = frozenset({"0", "false"})
_FURNITURE = frozenset({PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER, PP_PLACEHOLDER.SLIDE_NUMBER})
_LISTS = frozenset({PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY})
_FORMS = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "arabic": "decimal",
}
_FAULTS = (
    PythonPptxError,
    etree.LxmlError,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    NotImplementedError,
)


def read_pptx(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in a PowerPoint file. Raises UnreadableDocument."""
    parts = xml_parts(data, limits)
    try:
        deck = pptx.Presentation(repacked(parts))
        slides = list(deck.slides)
        if len(slides) > limits.pages:
            raise UnreadableDocument(Reason.TOO_MANY_PAGES, limits.pages)
        shown = (_slide(slide, number) for number, slide in enumerate(slides, start=1) if _is_shown(slide))
        found = slide_parts(shown)
        title = next((part.text for part in found), deck.core_properties.title or "")
    except RecursionError as error:
        raise UnreadableDocument(Reason.TOO_DEEP) from error
    except _FAULTS as error:
        # The library meets a broken package with whatever its own code runs into.
        raise UnreadableDocument(Reason.CORRUPT) from error
    return assemble(title, found, limits, page_count=len(slides))


def _is_shown(slide: Any) -> bool:
    return slide._element.get("show") not in _FALSE


def _slide(slide: Any, number: int) -> Slide:
    title = slide.shapes.title
    parts = [part for shape in _shapes(slide.shapes) if not _is(shape, title) for part in _shape(shape, slide.part)]
    parts += _alternatives(slide.shapes)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    return Slide(
        number=number,
        title=_words(title._element) if title is not None else "",
        parts=tuple(parts),
        notes=tuple(_text(notes._txBody, is_list=False)) if notes is not None else (),
    )


def _shapes(shapes: Iterable[Any]) -> Iterator[Any]:
    """Yield the shapes in order, those of groups in the place of their group."""
    pending = list(reversed(list(shapes)))
    while pending:
        shape = pending.pop()
        if shape._element.tag == f"{_P}grpSp":
            pending += reversed(list(shape.shapes))
        elif not _is_hidden(shape):
            yield shape


def _alternatives(shapes: Any) -> Iterator[Part]:
    """Yield the words of shapes that newer programs draw in their own way, which python-pptx passes over."""
    for choice in shapes._element.iter(f"{_MARKUP}Choice"):
        yield from _text(choice, is_list=False)


def _is(shape: Any, other: Any) -> bool:
    return other is not None and shape._element is other._element


def _is_hidden(shape: Any) -> bool:
    return any(properties.get("hidden") in ("1", "true") for properties in shape._element.iter(f"{_P}cNvPr"))


def _shape(shape: Any, part: Any) -> Iterator[Part]:
    kind = shape.placeholder_format.type if shape.is_placeholder else None
    if kind in _FURNITURE:
        return
    if getattr(shape, "has_table", False):
        yield from _table(shape.table)
    elif getattr(shape, "has_chart", False):
        with contextlib.suppress(*_FAULTS):  # a kind of chart that the library does not know
            yield from list(_chart(shape.chart))
    elif shape.has_text_frame:
        yield from _text(shape.text_frame._txBody, is_list=kind in _LISTS)
    else:
        yield from _diagram(shape, part)


def _text(body: Any, *, is_list: bool) -> Iterator[Part]:
    """Yield the paragraphs of a text body; in a list placeholder they are items unless they say otherwise."""
    counters: dict[int, int] = {}
    paragraphs = [paragraph for paragraph in body.iter(f"{_A}p") if _words(paragraph)]
    for paragraph in paragraphs:
        properties = paragraph.find(f"{_A}pPr")
        depth = int(properties.get("lvl", "0")) if properties is not None else 0
        label = _label(properties, depth, counters, is_list=is_list and len(paragraphs) > 1)
        if label:
            yield Part(kind=BlockKind.LIST_ITEM, text=f"{label} {_words(paragraph)}", level=depth + 1)
        else:
            yield Part(kind=BlockKind.PARAGRAPH, text=_words(paragraph))


def _label(properties: Any, depth: int, counters: dict[int, int], *, is_list: bool) -> str:
    """Return "-", a number as it is displayed, or an empty string for what is no list item."""
    numbered = None if properties is None else properties.find(f"{_A}buAutoNum")
    for deeper in [level for level in counters if level > depth]:
        del counters[deeper]
    if numbered is None:
        counters.pop(depth, None)
        if properties is not None and properties.find(f"{_A}buNone") is not None:
            return ""
        bullet = properties is not None and properties.find(f"{_A}buChar") is not None
        return "-" if bullet or is_list else ""
    counters[depth] = counters.get(depth, int(numbered.get("startAt", "1")) - 1) + 1
    scheme = str(numbered.get("type", "arabicPeriod"))
    form = next((form for prefix, form in _FORMS.items() if scheme.startswith(prefix)), "decimal")
    before = "(" if scheme.endswith("ParenBoth") else ""
    after = ")" if "Paren" in scheme else "." if scheme.endswith("Period") else ""
    return f"{before}{ordinal(counters[depth], form)}{after}"


def _words(element: Any) -> str:
    """Return the words in an element on one line."""
    pieces: list[str] = []
    for paragraph in element.iter(f"{_A}p"):
        runs = paragraph.iter(f"{_A}t", f"{_A}br", f"{_A}tab")
        pieces += (piece.text or "" if piece.tag == f"{_A}t" else " " for piece in runs)
        pieces.append(" ")
    return one_line("".join(pieces))


def _table(grid: Any) -> list[Part]:
    rows = [[_words(cell._tc) for cell in row.cells] for row in grid.rows]
    return table(rows, headers=1 if grid.first_row and len(rows) > 1 else None)


def _chart(chart: Any) -> Iterator[Part]:
    """Yield a chart's title and the values it was drawn from, which stand in the slide's own package."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield Part(kind=BlockKind.PARAGRAPH, text=_words(chart.chart_title.text_frame._txBody))
    for plot in chart.plots:
        series = list(plot.series)
        rows = [["", *(one.name for one in series)]]
        for index, category in enumerate(plot.categories):
            values = (one.values[index] if index < len(one.values) else None for one in series)
            rows.append([str(category), *("" if value is None else f"{value:.15g}" for value in values)])
        yield from table(rows, headers=1)


def _diagram(shape: Any, part: Any) -> Iterator[Part]:
    """Yield the words of a diagram, one item for each of its nodes."""
    for reference in shape._element.iter(f"{_DIAGRAM}relIds"):
        identifier = reference.get(_DATA)
        if identifier is None or part.rels[identifier].is_external:
            continue
        for text in tree(part.related_part(identifier).blob).iter(f"{_DIAGRAM}t"):
            words = _words(text)
            if words:
                yield Part(kind=BlockKind.LIST_ITEM, text=f"- {words}", level=1)
