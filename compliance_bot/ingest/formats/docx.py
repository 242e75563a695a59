"""Read Word files: the accepted text in document order, with headings by style, numbered lists, tables and footnotes.

In the text: tracked insertions, footnotes (after their paragraph or list), text boxes. Not in the text: tracked
deletions, comments, hidden text, page headers and footers, field codes. python-docx opens the package; the body is
walked here, since its own paragraph text leaves insertions out.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING
from xml.sax import SAXException

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from lxml import etree

from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.formats.asides import with_asides
from compliance_bot.ingest.formats.docx_styles import Styles, attribute, tag
from compliance_bot.ingest.formats.lines import Lists
from compliance_bot.ingest.formats.package import repacked, tree, xml_parts
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docx.document import Document

_SKIPPED = frozenset(
    {tag(name) for name in ("del", "moveFrom", "pPr", "rPr", "instrText", "delText", "rt", "tblPr", "tblGrid", "tcPr")}
    | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_WORDS = {tag("tab"): " ", tag("br"): " ", tag("cr"): " ", tag("noBreakHyphen"): "-"}
_BLOCKS = frozenset({tag("p"), tag("tbl")})


def read_docx(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in a Word file. Raises UnreadableDocument."""
    try:
        package = docx.Document(repacked(xml_parts(data, limits)))
        reader = _Reader(Styles(package), _footnotes(package))
        parts = list(reader.read(package.element.body))
        title = _title(package, parts)
    except RecursionError as error:
        raise UnreadableDocument(Reason.TOO_DEEP) from error
    except (OpcError, etree.LxmlError, zipfile.BadZipFile, SAXException, KeyError, ValueError, AttributeError) as error:
        # The library meets a broken package with whatever its own code runs into.
        raise UnreadableDocument(Reason.CORRUPT) from error
    return assemble(title, parts, limits)


def _title(package: Document, parts: Iterable[Part]) -> str:
    first = next((part.text for part in parts if part.kind is BlockKind.HEADING and part.level == 1), "")
    return first or package.core_properties.title or ""


def _footnotes(package: Document) -> dict[str, etree._Element]:
    """Return each footnote's and endnote's content by its kind and id ("footnote 2")."""
    found: dict[str, etree._Element] = {}
    for kind, relation in (("footnote", RELATIONSHIP_TYPE.FOOTNOTES), ("endnote", RELATIONSHIP_TYPE.ENDNOTES)):
        for relationship in package.part.rels.values():
            if relationship.reltype != relation or relationship.is_external:
                continue
            for note in tree(relationship.target_part.blob).iter(tag(kind)):
                found[f"{kind} {attribute(note, 'id')}"] = note
    return found


class _Reader:
    """Walks the body once; notes and text boxes met in a paragraph follow it."""

    def __init__(self, styles: Styles, notes: dict[str, etree._Element]) -> None:
        self._styles = styles
        self._notes = notes
        self._noted: list[str] = []  # keys of notes in the order of their references
        self._later: list[Part] = []
        self._lists = Lists()

    def read(self, container: etree._Element) -> Iterator[Part]:
        return with_asides(self._runs(container))

    def _runs(self, container: etree._Element) -> Iterator[tuple[list[Part], list[Part]]]:
        for element in _blocks(container):
            parts = list(self._paragraph(element) if element.tag == tag("p") else self._table(element))
            later, self._later = self._later, []
            yield parts, later

    def _paragraph(self, element: etree._Element) -> Iterator[Part]:
        text = self._text(element).strip()
        if not text:
            return
        level = self._styles.heading_level(element)
        label, depth = self._styles.label(element)
        if level:
            yield Part(kind=BlockKind.HEADING, text=f"{label} {text}" if label not in ("", "-") else text, level=level)
        elif label:
            yield Part(kind=BlockKind.LIST_ITEM, text=f"{label} {text}", level=depth)
        elif self._lists.place(text, apart=False):
            yield Part(kind=BlockKind.LIST_ITEM, text=text, level=self._lists.depth)
        else:
            self._lists.pause()
            yield Part(kind=BlockKind.PARAGRAPH, text=text)

    def _table(self, element: etree._Element) -> Iterator[Part]:
        rows = [row for row in _rows(element) if not _has(row, "del")]
        grid = [_cells(row) for row in rows]
        if max(map(len, grid), default=0) <= 1:
            for cells in grid:  # a frame around text, not a table
                for cell in cells:
                    yield from self.read(cell)
            return
        headers = next((index for index, row in enumerate(rows) if not _has(row, "tblHeader")), len(rows))
        yield from table([[self._cell(cell) for cell in cells] for cells in grid], headers=headers or None)

    def _cell(self, cell: etree._Element) -> str:
        """Return the words of a cell on one line, tables in it included."""
        words: list[str] = []
        for block in _blocks(cell):
            if block.tag == tag("p"):
                words.append(self._text(block))
            else:
                words += (self._cell(inner) for row in _rows(block) for inner in _cells(row))
        return " ".join(words)

    def _text(self, paragraph: etree._Element) -> str:
        """Return the paragraph's visible words; notes and boxes in it are put aside."""
        pieces: list[str] = []
        pending = list(reversed(paragraph))
        while pending:
            element = pending.pop()
            if element.tag in _SKIPPED or not isinstance(element.tag, str) or _is_vanished(element):
                continue
            if element.tag in (tag("t"), _MATH_TEXT):
                pieces.append(element.text or "")
            elif element.tag == tag("txbxContent"):
                self._later += list(_Reader(self._styles, self._notes).read(element))
            elif element.tag in (tag("footnoteReference"), tag("endnoteReference")):
                pieces.append(self._note(element))
            elif element.tag == tag("p"):
                continue  # of a nested table, read with its own cell
            else:
                pieces.append(_WORDS.get(element.tag, ""))
                pending += reversed(element)
        return "".join(pieces)

    def _note(self, reference: etree._Element) -> str:
        key = f"{'footnote' if reference.tag == tag('footnoteReference') else 'endnote'} {attribute(reference, 'id')}"
        note = self._notes.get(key)
        if note is None:
            return ""
        self._noted.append(key)
        mark = f"[{len(self._noted)}]"
        words = " ".join(self._text(paragraph).strip() for paragraph in note.iter(tag("p")))
        self._later.append(Part(kind=BlockKind.PARAGRAPH, text=f"{mark} {words}"))
        return mark


def _blocks(container: etree._Element) -> Iterator[etree._Element]:
    """Yield the paragraphs and tables of a container, looking into content controls and insertions."""
    pending = list(reversed(container))
    while pending:
        element = pending.pop()
        if element.tag in _BLOCKS:
            yield element
        elif element.tag not in _SKIPPED:
            pending += reversed(element)


def _rows(element: etree._Element) -> list[etree._Element]:
    return [row for row in element.iter(tag("tr")) if next(row.iterancestors(tag("tbl"))) is element]


def _cells(row: etree._Element) -> list[etree._Element]:
    return [cell for cell in row.iter(tag("tc")) if next(cell.iterancestors(tag("tr"))) is row]


def _has(row: etree._Element, name: str) -> bool:
    properties = row.find(tag("trPr"))
    return properties is not None and properties.find(tag(name)) is not None


def _is_vanished(element: etree._Element) -> bool:
    properties = element.find(tag("rPr")) if element.tag == tag("r") else None
    vanish = None if properties is None else properties.find(tag("vanish"))
    return vanish is not None and attribute(vanish, "val") not in ("0", "false", "off")
