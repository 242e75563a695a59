"""Walk the text of an OpenDocument file: paragraphs, headings, lists, tables, boxes, in order, and notes after them.

In the text: tracked insertions; not in the text: tracked deletions, comments, hidden text and sections, generated
indexes such as a table of contents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import Part, one_line
from compliance_bot.ingest.formats.asides import with_asides
from compliance_bot.ingest.formats.lines import Lists
from compliance_bot.ingest.formats.odf_styles import Styles, attribute, count, name
from compliance_bot.ingest.formats.odf_table import cell_elements, header_rows, read_rows
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.structure import BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from compliance_bot.ingest.unreadable import Limits

_SKIPPED = frozenset(
    name(tag)
    for tag in """office:annotation office:annotation-end text:tracked-changes text:hidden-text text:ruby-text
    text:number text:script text:table-of-content text:alphabetical-index text:illustration-index text:table-index
    text:user-index text:object-index text:bibliography office:forms presentation:notes text:note-citation""".split()
)
_WORDS = {name("text:s"): " ", name("text:tab"): " ", name("text:line-break"): " "}
_PARAGRAPHS = frozenset({name("text:p"), name("text:h")})
_DEEPEST_HEADING = 10
_DRAWN = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"


class TextReader:
    """Reads one document from its beginning to its end: lists go on, and notes are counted."""

    def __init__(self, styles: Styles, limits: Limits) -> None:
        self._styles = styles
        self._limits = limits
        self._later: list[Part] = []  # notes and boxes, which follow their paragraph
        self._notes = 0
        self._reached: dict[tuple[str, int], int] = {}  # list style and depth: the last number
        self._lists = Lists()

    def read(self, container: etree._Element) -> Iterator[Part]:
        """Yield the parts of what stands in an element."""
        return with_asides(self._runs(container))

    def _runs(self, container: etree._Element) -> Iterator[tuple[list[Part], list[Part]]]:
        for element in container:
            parts = list(self.read_shape(element))
            later, self._later = self._later, []
            yield parts, later

    def read_shape(self, element: etree._Element) -> Iterator[Part]:
        """Yield the parts of one element: a paragraph, a list, a table, or anything that holds some."""
        tag = element.tag
        if not isinstance(tag, str) or tag in _SKIPPED:
            return
        if tag in _PARAGRAPHS:
            yield from self._paragraph(element)
        elif tag == name("text:list"):
            yield from self._list(element, "", ())
        elif tag == name("table:table"):
            yield from self._table(element)
        elif not (tag == name("text:section") and self._is_hidden_section(element)):
            yield from self.read(element)

    def cell(self, element: etree._Element) -> str:
        """Return the words of a cell on one line, whatever stands in it."""
        return one_line(" ".join(part.text for part in self._apart(element)))

    def _apart(self, element: etree._Element) -> list[Part]:
        """Return the parts of an element with what follows them, while a paragraph around it is being read."""
        outer, self._later = self._later, []
        parts = [*self.read_shape(element), *self._later]
        self._later = outer
        return parts

    def _is_hidden_section(self, section: etree._Element) -> bool:
        return attribute(section, "text:display") == "none" or self._styles.is_hidden(
            "section", attribute(section, "text:style-name")
        )

    def _paragraph(self, element: etree._Element, label: str = "", depth: int = 0) -> Iterator[Part]:
        text = one_line(self._text(element))
        if not text or self._styles.is_hidden("paragraph", attribute(element, "text:style-name")):
            return
        written = element.find(name("text:number"))
        label = label if written is None or not written.text else one_line(written.text)
        if element.tag == name("text:h"):
            level = min(count(element, "text:outline-level"), _DEEPEST_HEADING)
            self._lists.close()
            heading = f"{label} {text}" if label not in ("", "-") else text
            yield Part(kind=BlockKind.HEADING, text=heading, level=level)
        elif self._styles.is_title(attribute(element, "text:style-name")):
            yield Part(kind=BlockKind.HEADING, text=text, level=1)
        elif label:
            yield Part(kind=BlockKind.LIST_ITEM, text=f"{label} {text}", level=depth)
        elif self._lists.place(text, apart=False):
            yield Part(kind=BlockKind.LIST_ITEM, text=text, level=self._lists.depth)
        else:
            self._lists.pause()
            yield Part(kind=BlockKind.PARAGRAPH, text=text)

    def _list(self, element: etree._Element, style: str, outer: tuple[int, ...]) -> Iterator[Part]:
        style = attribute(element, "text:style-name") or style
        depth = len(outer) + 1
        goes_on = attribute(element, "text:continue-numbering") == "true" or attribute(element, "text:continue-list")
        start = self._styles.start(style, depth)
        number = self._reached.get((style, depth), start - 1) if goes_on else start - 1
        for item in element:
            labelled = item.tag != name("text:list-item")
            for child in item:
                if child.tag == name("text:list"):
                    yield from self._list(child, style, (*outer, max(number, start)))
                elif child.tag in _PARAGRAPHS and not labelled:
                    number = count(item, "text:start-value", number + 1)
                    labelled = True
                    yield from self._paragraph(child, self._styles.label(style, (*outer, number)), depth)
                else:
                    yield from self.read_shape(child)
            self._reached[style, depth] = number

    def _table(self, element: etree._Element) -> Iterator[Part]:
        grid = cell_elements(element)
        if max(map(len, grid), default=0) <= 1:
            for cells in grid:  # a frame around text, not a table
                for cell in cells:
                    yield from self.read(cell)
            return
        rows = read_rows(element, self.cell, self._limits.characters)
        columns = sorted({cell.column for row in rows for cell in row.cells})
        texts = [{cell.column: cell.text for cell in row.cells} for row in rows]
        marked = header_rows(element)
        headers = sum(row.number <= marked for row in rows)
        yield from table([[row.get(column, "") for column in columns] for row in texts], headers=headers or None)

    def _text(self, paragraph: etree._Element) -> str:
        """Return the paragraph's visible words; notes and boxes in it are put aside."""
        pieces: list[str] = []
        pending: list[etree._Element | str] = [*reversed(paragraph), paragraph.text or ""]
        while pending:
            element = pending.pop()
            if isinstance(element, str):
                pieces.append(element)
                continue
            pending.append(element.tail or "")
            if not isinstance(element.tag, str) or element.tag in _SKIPPED:
                continue
            if element.tag == name("text:note"):
                pieces.append(self._note(element))
            elif element.tag.startswith(_DRAWN):
                self._later += self._apart(element)
            elif not self._styles.is_hidden("text", attribute(element, "text:style-name")):
                pieces.append(_WORDS.get(element.tag, ""))
                pending += (*reversed(element), element.text or "")
        return "".join(pieces)

    def _note(self, note: etree._Element) -> str:
        self._notes += 1
        mark = f"[{self._notes}]"
        body = note.find(name("text:note-body"))
        words = [] if body is None else [self._text(paragraph) for paragraph in body.iter(*_PARAGRAPHS)]
        self._later.append(Part(kind=BlockKind.PARAGRAPH, text=f"{mark} {' '.join(words)}"))
        return mark
