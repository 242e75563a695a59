"""Read HTML: the main content as a reader sees it, without navigation, scripts and hidden elements.

libxml2 parses it without network, and HTML has no entities of a document's own. A tree deeper than libxml2 keeps is
refused: it would come back shortened, and a shortened rule is a different rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from compliance_bot.ingest.assemble import Part, assemble, one_line
from compliance_bot.ingest.formats.markers import markers
from compliance_bot.ingest.formats.tables import table
from compliance_bot.ingest.formats.text import decode
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_HEAD_BYTES = 4096  # where the standard allows a charset, and some
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
_DROPPED = frozenset(
    """head script style template noscript iframe object embed applet svg canvas audio video map nav aside button select
    option textarea input datalist""".split()
)
_PAGE_FURNITURE = frozenset({"header", "footer"})  # kept inside an article, where they hold its own title
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
_CONTENT = frozenset({"article", "main", "section"})
_BLOCKS = frozenset(
    """address article blockquote body caption center dd details div dl dt fieldset figcaption figure footer form header
    hr html legend main p section summary table tbody td tfoot th thead tr""".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def read_html(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in an HTML file. Raises UnreadableDocument."""
    root = _tree(_decoded(data))
    found = parts(root)
    title = next((part.text for part in found if part.kind is BlockKind.HEADING and part.level == 1), "")
    return assemble(title or _head_title(root), found, limits)


def fragment(markup: str) -> list[Part]:
    """Return the parts of a piece of HTML, as it occurs inside Markdown."""
    return parts(_tree(markup)) if markup.strip() else []


def parts(root: etree._Element) -> list[Part]:
    """Return the parts of the main content, in document order."""
    mains = [found for found in root.iter("main") if not _is_hidden(found) and _text(found).strip()]
    reader = _Reader()
    for region in mains or [root]:
        reader.read(region)
    return reader.parts


def _decoded(data: bytes) -> str:
    declared = _CHARSET.search(data[:_HEAD_BYTES])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return data.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeError):
            pass  # a wrong declaration is common; what the bytes are decides
    return decode(data)


def _tree(markup: str) -> etree._Element:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        # What libxml2 makes of a DTD's own declarations would come out as text.
        root = etree.fromstring(_DOCTYPE.sub("", markup, count=1).replace("\0", "").encode("utf-8", "ignore"), parser)
    except etree.LxmlError as error:
        raise UnreadableDocument(Reason.NO_TEXT) from error
    if len(parser.error_log.filter_from_fatals()):  # 2,048 levels, or a text of a gigabyte
        raise UnreadableDocument(Reason.TOO_DEEP)
    if root is None:
        raise UnreadableDocument(Reason.NO_TEXT)
    return root


def _head_title(root: etree._Element) -> str:
    found = root.find(".//head/title")
    return "" if found is None else one_line(found.text or "")


def _is_hidden(element: etree._Element) -> bool:
    tag, get = element.tag, element.get
    if not isinstance(tag, str) or tag in _DROPPED or get("role") in _ROLES:
        return True
    if tag in _PAGE_FURNITURE and not any(above.tag in _CONTENT for above in element.iterancestors()):
        return True
    if get("hidden") is not None or get("aria-hidden") == "true" or (tag == "dialog" and get("open") is None):
        return True
    return bool(_INVISIBLE.search(get("style") or ""))


def _visible(region: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield ("start" or "end", element) of what can be seen, and ("tail", element) for each element but the region.

    A loop, not a recursion: the depth of a page is the page's choice.
    """
    walker = etree.iterwalk(region, events=("start", "end"))
    skipped: etree._Element | None = None
    for event, element in walker:
        if event == "start":
            if skipped is None and _is_hidden(element):
                skipped = element
                walker.skip_subtree()
            if skipped is None:
                yield "start", element
            continue
        if skipped is None:
            yield "end", element
        elif element is skipped:
            skipped = None
        if skipped is None and element is not region:
            yield "tail", element


def _text(region: etree._Element) -> str:
    pieces: list[str] = []
    for event, element in _visible(region):
        pieces.append((element.text if event == "start" else element.tail if event == "tail" else "") or "")
        if element.tag in _BLOCKS or element.tag in ("br", "li"):
            pieces.append(" ")
    return "".join(pieces)


class _Reader:
    """Collects parts while the page is walked."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._buffer: list[str] = []
        self._kind, self._level, self._prefix = BlockKind.PARAGRAPH, 0, ""
        self._counters: list[int | None] = []  # per open list: the next number, None for bullets
        self._table: etree._Element | None = None

    def read(self, region: etree._Element) -> None:
        for event, element in _visible(region):
            if self._table is not None:
                if event == "end" and element is self._table:
                    self._table = None
                continue
            if event == "tail":
                self._add(element.tail or "")
            elif event == "start":
                self._open(str(element.tag), element)
            else:
                self._close(str(element.tag))
        self._flush()

    def _open(self, tag: str, element: etree._Element) -> None:
        if tag == "table" and _is_grid(element):
            self._flush()
            self.parts += _table(element)
            self._table = element
            return
        if tag == "br":
            if self._buffer and self._buffer[-1] == "\n" and self._kind is not BlockKind.CODE:
                self._flush()
            self._buffer.append("\n")
        elif tag in _HEADINGS:
            self._begin(BlockKind.HEADING, _HEADINGS[tag])
        elif tag == "pre":
            self._begin(BlockKind.CODE)
        elif tag in ("ul", "ol", "menu"):
            self._flush()
            self._counters.append(_first_number(element) if tag == "ol" else None)
        elif tag == "li":
            self._begin(BlockKind.LIST_ITEM, max(1, len(self._counters)), self._next_prefix())
        elif tag in _BLOCKS:
            self._flush()
        self._add(element.text or "")

    def _close(self, tag: str) -> None:
        if tag in ("ul", "ol", "menu"):
            self._flush()
            self._counters = self._counters[:-1]
        if tag in _HEADINGS or tag in ("pre", "li"):
            self._flush()
            self._kind, self._level, self._prefix = BlockKind.PARAGRAPH, 0, ""
        elif tag in _BLOCKS:
            self._flush()

    def _add(self, text: str) -> None:
        after_break = bool(self._buffer) and self._buffer[-1] == "\n" and self._kind is not BlockKind.CODE
        if text and not (after_break and text.isspace()):
            self._buffer.append(text)

    def _begin(self, kind: BlockKind, level: int = 0, prefix: str = "") -> None:
        self._flush()
        self._kind, self._level, self._prefix = kind, level, prefix

    def _next_prefix(self) -> str:
        if not self._counters or self._counters[-1] is None:
            return "- "
        number = self._counters[-1]
        self._counters[-1] = number + 1
        return f"{number}. "

    def _flush(self) -> None:
        text, self._buffer = "".join(self._buffer), []
        if not text.strip():
            return
        if self._prefix and not markers(text.strip()):
            text = self._prefix + text.strip()
        self.parts.append(Part(kind=self._kind, text=text, level=self._level))
        if self._kind is BlockKind.LIST_ITEM:
            self._kind, self._level, self._prefix = BlockKind.PARAGRAPH, 0, ""


def _first_number(element: etree._Element) -> int:
    start = element.get("start") or ""
    return int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1


def _is_grid(element: etree._Element) -> bool:
    """Tell a table of data from one that only lays out a page: no table inside, and a row of several cells."""
    if next(element.iterdescendants("table"), None) is not None:
        return False
    return any(sum(cell.tag in ("td", "th") for cell in row) > 1 for row in element.iter("tr"))


def _table(element: etree._Element) -> list[Part]:
    rows: list[list[str]] = []
    headers = 0
    for row in element.iter("tr"):
        if _is_hidden(row):
            continue
        cells = [cell for cell in row if cell.tag in ("td", "th") and not _is_hidden(cell)]
        parent = row.getparent()
        in_head = parent is not None and parent.tag == "thead"
        if headers == len(rows) and cells and (in_head or all(cell.tag == "th" for cell in cells)):
            headers += 1
        rows.append([_text(cell) for cell in cells])
    caption = element.find("caption")
    lead = [] if caption is None else [Part(kind=BlockKind.PARAGRAPH, text=_text(caption))]
    return [*lead, *table(rows, headers=headers or None)]
