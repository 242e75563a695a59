"""Join lines into paragraphs, list items and headings: shared by plain text and PDF, which have lines and nothing else.

A reader says of each line what it sees (a gap above, a line that ends early, a heading's look); the joining is the
same. Words parted by a hyphen at a line's end are joined only where the document itself shows that it is one word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import Part
from compliance_bot.ingest.formats.markers import Marker, markers
from compliance_bot.ingest.structure import BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BROKEN = re.compile(r"([^\W\d_]{2,})-$")
_FIRST_WORD = re.compile(r"[^\W\d_]{2,}")
_ENDING = re.compile(
    r"(?:[aei]nces?|[aei]ncy|[aei]nts?|tions?|sions?|ments?|ing|[ai]bl[ey]|[ai]bility|ity|ities|ness|ally|ated?|ative|tory"
    r"|ers?|ors?|ed|ly|als?|ous|ies|ism|ist|ful|ship)$"
)
_PREFIXES = frozenset(
    """well self non anti co re pre post cross high low long short third first second full part semi multi inter ex so
    on off in out up over under counter e know""".split()
)
_STOPS = (".", "!", "?", ":", ";", "”", ")")
_LONGEST_HALF = 40  # characters
_INDENT_TOLERANCE = 1.5  # points or columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a page. `kind` is set where the reader knows it is a table's row or code; `heading` is a level or 0."""

    text: str
    gap: bool = False  # stands apart from the line above
    full: bool = True  # reaches the right margin, so its paragraph may go on
    indent: float = 0.0
    heading: int = 0
    kind: BlockKind | None = None
    page: int | None = None


@dataclass(slots=True, kw_only=True)
class _Open:
    """The part being joined."""

    part: Part
    last: Line
    indent: float
    pieces: list[str] = field(default_factory=list)


def join(lines: Iterable[Line]) -> list[Part]:
    """Return the parts that the lines make, in order."""
    lines = [line for line in lines if line.text.strip()]
    words = _Words(lines)
    parts: list[Part] = []
    lists = Lists()
    opened: _Open | None = None
    for line in lines:
        text = line.text.strip()
        marker = None if line.heading or line.kind else lists.place(text, apart=_is_apart(line, opened))
        if opened and not marker and _continues(opened, line, text):
            opened.pieces.append(words.seam(opened.pieces[-1], text, new_page=line.page != opened.last.page))
            if words.is_broken(opened.pieces[-2], text):
                opened.pieces[-2] = opened.pieces[-2][:-1]
            opened.pieces.append(text)
            opened.last = line
            continue
        if opened:
            parts.append(_closed(opened))
        opened = _Open(part=_begin(line, marker, lists), last=line, indent=line.indent, pieces=[text])
    return [*parts, _closed(opened)] if opened else parts


def _begin(line: Line, marker: Marker | None, lists: Lists) -> Part:
    if line.kind:
        return Part(kind=line.kind, text="", page=line.page)
    if line.heading:
        lists.close()
        return Part(kind=BlockKind.HEADING, text="", level=line.heading, page=line.page)
    if marker:
        return Part(kind=BlockKind.LIST_ITEM, text="", level=lists.depth, page=line.page)
    lists.pause()
    return Part(kind=BlockKind.PARAGRAPH, text="", page=line.page)


def _closed(opened: _Open) -> Part:
    part = opened.part
    return Part(kind=part.kind, text="".join(opened.pieces), level=part.level, page=part.page)


def _is_apart(line: Line, opened: _Open | None) -> bool:
    """Tell whether a number that begins the line can be a marker: not in a wrapped line ("… rule / 4. The …")."""
    if opened is None or line.gap or not opened.last.full:
        return True
    return opened.last.text.rstrip().endswith((*_STOPS, ",", "—", "–"))


def _continues(opened: _Open, line: Line, text: str) -> bool:
    """Tell whether a line without a marker goes on with the part before it."""
    last, before = opened.last, opened.pieces[-1]
    if line.kind or last.kind:
        return False
    if line.heading or last.heading:
        return line.heading == last.heading and not line.gap and line.page == last.page
    if line.page != last.page:
        return not before.endswith(_STOPS) and (text[0].islower() or before.endswith((",", "-")))
    if line.gap:
        return False
    if opened.part.kind is BlockKind.LIST_ITEM:
        # A line that stands left of the item's words, though the one before had room, belongs to the whole list.
        tolerance = -_INDENT_TOLERANCE if last.full else _INDENT_TOLERANCE
        if line.indent < opened.indent + tolerance:
            return False
    return last.full or not (before.endswith(_STOPS) or text[0].isupper())


class Lists:
    """The lists open at this point, outermost first, each with the ordinal it has reached."""

    def __init__(self) -> None:
        self._open: list[tuple[str, int]] = []
        self._paused = False

    @property
    def depth(self) -> int:
        return len(self._open)

    def place(self, text: str, *, apart: bool) -> Marker | None:
        """Return the marker of an item that fits the open lists, or begins one, and take it in.

        Only a line that stands apart may begin a list with another number than the first.
        """
        readings = markers(text)
        for level in range(len(self._open) - 1, -1, -1):
            style, reached = self._open[level]
            for marker in readings:
                if marker.style == style and marker.ordinal in (reached + 1, 0):
                    return self._take(marker, level)
        for marker in sorted(readings, key=lambda reading: reading.ordinal > 1):
            if marker.ordinal <= 1 or apart:
                same = [level for level, (style, _) in enumerate(self._open) if style == marker.style]
                return self._take(marker, 0 if self._paused else same[-1] if same else len(self._open))
        return None

    def _take(self, marker: Marker, level: int) -> Marker:
        self._open[level:] = [(marker.style, marker.ordinal)]
        self._paused = False
        return marker

    def pause(self) -> None:
        """A paragraph came: the lists may go on after it, but a new one begins at the outermost level."""
        self._paused = True

    def close(self) -> None:
        self._open.clear()


class _Words:
    """The words of the document, to tell a broken word from one written with a hyphen."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._known: set[str] = set()
        broken = False
        for line in lines:
            words = [word.casefold() for word in _WORD.findall(line.text)]
            # The two halves of a word broken at a line's end are no words of the document.
            begins, broken = int(broken), _half(line.text.rstrip()) is not None
            self._known.update(words[begins : len(words) - int(broken)])

    def is_broken(self, before: str, text: str) -> bool:
        """Tell whether the hyphen that ends `before` only breaks a word.

        It does where the document has the word whole, or where neither half is a word of it and the second is an
        ending; a word that the document hyphenates elsewhere keeps its hyphen.
        """
        left, right = _half(before), _FIRST_WORD.match(text)
        if not left or not right or not right.group().islower():
            return False
        first, second = left.casefold(), right.group()
        if f"{first}-{second}" in self._known or first in _PREFIXES:
            return False
        halves = first in self._known or second in self._known
        return first + second in self._known or (not halves and bool(_ENDING.search(second)))

    def seam(self, before: str, text: str, *, new_page: bool) -> str:
        """Return what stands between two lines of one part."""
        hyphenated = _half(before) and text[:1].isalpha()
        return ("" if hyphenated else " ") + ("\f" if new_page else "")


def _half(line: str) -> str | None:
    """Return the letters before a hyphen that ends the line, if any."""
    found = _BROKEN.search(line, max(0, len(line) - _LONGEST_HALF)) if line.endswith("-") else None
    return found[1] if found else None
