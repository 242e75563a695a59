"""Read OpenDocument files: texts (.odt), spreadsheets (.ods) and presentations (.odp), which share a package and words.

The same is read and left out as in Word, Excel and PowerPoint files (`docs/discussions/formats.md`). lxml reads the
parts without entities and network; a picture or object that a document links to is not in the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.formats.odf_styles import Styles, attribute, name
from compliance_bot.ingest.formats.odf_table import read_rows
from compliance_bot.ingest.formats.odf_text import TextReader
from compliance_bot.ingest.formats.package import tree, xml_parts
from compliance_bot.ingest.formats.sheet import sheet_parts
from compliance_bot.ingest.formats.slides import Slide, slide_parts
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

_MANIFEST = "META-INF/manifest.xml"
_FURNITURE = frozenset({"date-time", "footer", "header", "page-number", "page"})
_TITLES = frozenset({"title"})


def read_odf(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in an OpenDocument file. Raises UnreadableDocument."""
    parts = xml_parts(data, limits)
    if parts.get(_MANIFEST) and _is_encrypted(tree(parts[_MANIFEST])):
        raise UnreadableDocument(Reason.ENCRYPTED)
    if not parts.get("content.xml"):
        raise UnreadableDocument(Reason.CORRUPT)
    content = tree(parts["content.xml"])
    body = content.find(name("office:body"))
    kinds = [] if body is None else [child for child in body if isinstance(child.tag, str)]
    if not kinds:
        raise UnreadableDocument(Reason.CORRUPT)
    shared = [tree(parts["styles.xml"])] if parts.get("styles.xml") else []
    styles = Styles([*shared, content])
    own = _own_title(parts.get("meta.xml", b""))
    try:
        return _document(kinds[0], styles, own, limits)
    except RecursionError as error:
        raise UnreadableDocument(Reason.TOO_DEEP) from error


def read_ods(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in an OpenDocument spreadsheet, whose headings name its sheets."""
    return read_odf(data, limits)


def _document(kind: etree._Element, styles: Styles, own: str, limits: Limits) -> ParsedDocument:
    if kind.tag == name("office:text"):
        found = list(TextReader(styles, limits).read(kind))
        title = next((part.text for part in found if part.kind is BlockKind.HEADING and part.level == 1), own)
        return assemble(title, found, limits)
    if kind.tag == name("office:spreadsheet"):
        return assemble(own, _sheets(kind, styles, limits), limits)
    if kind.tag == name("office:presentation"):
        pages = list(kind.iterchildren(name("draw:page")))
        if len(pages) > limits.pages:
            raise UnreadableDocument(Reason.TOO_MANY_PAGES, limits.pages)
        slides = [_slide(page, number, styles, limits) for number, page in enumerate(pages, start=1)]
        found = slide_parts(slide for slide in slides if slide)
        return assemble(found[0].text if found else own, found, limits, page_count=len(pages))
    raise UnreadableDocument(Reason.OTHER_OFFICE)


def _is_encrypted(manifest: etree._Element) -> bool:
    return next(manifest.iter(name("manifest:encryption-data")), None) is not None


def _own_title(meta: bytes) -> str:
    found = next(tree(meta).iter(name("dc:title")), None) if meta else None
    return "" if found is None else found.text or ""


def _sheets(spreadsheet: etree._Element, styles: Styles, limits: Limits) -> Iterator[Part]:
    reader = TextReader(styles, limits)
    for table in spreadsheet.iterchildren(name("table:table")):
        if not styles.shows("table", attribute(table, "table:style-name"), "table:display"):
            continue
        parts = sheet_parts(read_rows(table, reader.cell, limits.characters))
        if parts:
            yield Part(kind=BlockKind.HEADING, text=attribute(table, "table:name"), level=1)
            yield from parts


def _slide(page: etree._Element, number: int, styles: Styles, limits: Limits) -> Slide | None:
    """Return a slide, or None for a hidden one."""
    if not styles.shows("drawing-page", attribute(page, "draw:style-name"), "presentation:visibility"):
        return None
    title: list[str] = []
    parts: list[Part] = []
    notes: list[Part] = []
    reader = TextReader(styles, limits)
    for shape in page.iterchildren():
        kind = attribute(shape, "presentation:class") if isinstance(shape.tag, str) else ""
        if kind in _FURNITURE or not isinstance(shape.tag, str):
            continue
        if shape.tag == name("presentation:notes"):
            frames = (frame for frame in shape if attribute(frame, "presentation:class") == "notes")
            notes += (part for frame in frames for part in reader.read(frame))
        elif kind in _TITLES and not title:
            title += (part.text for part in reader.read(shape))
        else:
            parts += reader.read_shape(shape)
    return Slide(number=number, title=" ".join(title), parts=tuple(parts), notes=tuple(notes))
