"""Read the layout of a PDF: which lines are furniture, headings, wrapped or apart. Works on places and sizes only."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from compliance_bot.ingest.formats.lines import Line
from compliance_bot.ingest.formats.markers import is_shouted, is_title_like, markers, numbered_level, part_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compliance_bot.ingest.formats.pdf_page import Fragment

_EDGE_LINES = 3  # at a page's top and bottom, among which furniture is looked for
_SAME_PLACE = 6.0  # points
_REPEATED = 0.4  # share of the pages: left and right pages may differ
_NUMBERED_FURNITURE = 60  # characters; a longer line whose numbers change is text
_PAGE_NUMBER = re.compile(r"\W*page\s+\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?\W*", re.IGNORECASE)
_LARGER = 1.12  # times the body's size, from which a line is a heading
_LONGEST_HEADING = 200  # characters
_APART = 1.3  # times the usual distance of lines
_WINDOW = 5  # lines before and after, which tell where a column ends
_COLUMN = 60.0  # points between the left edges of lines in one column
_MARGIN = 0.12  # share of a line's width that may be missing from a full one


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """The fragments on one baseline of a page, in stored order; `text`, `x0` and `x1` are theirs together."""

    fragments: tuple[Fragment, ...]
    page: int
    text: str
    x0: float
    x1: float

    @property
    def y(self) -> float:
        return self.fragments[0].y

    @property
    def size(self) -> float:
        return max(fragment.size for fragment in self.fragments)

    @property
    def is_bold(self) -> bool:
        return all(fragment.is_bold for fragment in self.fragments)


def page_lines(fragments: Iterable[Fragment], page: int) -> list[PageLine]:
    """Return a page's lines: fragments that follow each other on the same baseline, from left to right."""
    lines: list[list[Fragment]] = []
    for fragment in fragments:
        last = lines[-1][-1] if lines else None
        if last and abs(last.y - fragment.y) < 0.4 * fragment.size and fragment.x0 >= last.x1 - fragment.size:
            lines[-1].append(fragment)
        else:
            lines.append([fragment])
    return [_page_line(line, page) for line in lines]


def _page_line(fragments: Sequence[Fragment], page: int) -> PageLine:
    return PageLine(
        fragments=tuple(fragments),
        page=page,
        text=" ".join(fragment.text for fragment in fragments),
        x0=min(fragment.x0 for fragment in fragments),
        x1=max(fragment.x1 for fragment in fragments),
    )


def furniture(pages: Sequence[Sequence[PageLine]]) -> set[PageLine]:
    """Return the running headers, footers and page numbers: what stands in the same place of many pages."""
    seen: Counter[tuple[str, int]] = Counter()
    keyed: list[tuple[PageLine, tuple[str, int]]] = []
    for lines in pages:
        by_height = sorted(lines, key=lambda line: line.y)
        edges = {id(line): line for line in (*by_height[:_EDGE_LINES], *by_height[-_EDGE_LINES:])}
        keys = {id(line): _furniture_key(line) for line in edges.values()}
        seen.update(set(keys.values()))
        keyed += ((line, keys[identity]) for identity, line in edges.items())
    needed = max(2, _REPEATED * len(pages))
    return {line for line, key in keyed if seen[key] >= needed or _PAGE_NUMBER.fullmatch(line.text)}


def _furniture_key(line: PageLine) -> tuple[str, int]:
    text = line.text
    if len(text) <= _NUMBERED_FURNITURE:
        text = re.sub(r"\d+|\b[ivxlc]+\b", "#", text)
    return text, round(line.y / _SAME_PLACE)


def to_lines(lines: Sequence[PageLine]) -> list[Line]:
    """Return the lines with what their looks say: heading level, gap above, whether they fill their column."""
    if not lines:
        return []
    weights: Counter[tuple[float, bool]] = Counter()
    for line in lines:
        weights[line.size, line.is_bold] += len(line.text)
    body_size, body_bold = weights.most_common(1)[0][0]
    pitch = _pitch(lines)
    gaps = [True, *(_is_apart(before, line, pitch) for before, line in pairwise(lines))]
    looks = [
        _looks_heading(line, body_size, body_bold=body_bold, gap=gap, following=_text_at(lines, index + 1))
        for index, (line, gap) in enumerate(zip(lines, gaps, strict=True))
    ]
    styles = sorted({(line.size, line.is_bold) for line, looks_so in zip(lines, looks, strict=True) if looks_so})
    ranks = {style: rank for rank, style in enumerate(reversed(styles), start=1)}
    found: list[Line] = []
    for index, line in enumerate(lines):
        level = 0
        if looks[index]:
            deeper = numbered_level(line.text, "") - 2 if ranks[line.size, line.is_bold] == len(ranks) else 0
            level = ranks[line.size, line.is_bold] + max(0, deeper)
        # The line below a heading begins anew, however close it stands.
        gap = gaps[index] or bool(found and found[-1].heading and not level)
        found.append(
            Line(text=line.text, gap=gap, full=_is_full(lines, index), indent=line.x0, heading=level, page=line.page)
        )
    return found


def _text_at(lines: Sequence[PageLine], index: int) -> str:
    return lines[index].text if index < len(lines) else ""


def _pitch(lines: Sequence[PageLine]) -> float:
    """Return the usual distance between baselines, in points."""
    distances = Counter(
        round((before.y - line.y) * 2) / 2
        for before, line in pairwise(lines)
        if before.page == line.page and 0 < before.y - line.y < 4 * line.size
    )
    return distances.most_common(1)[0][0] if distances else 0.0


def _is_apart(before: PageLine, line: PageLine, pitch: float) -> bool:
    """Tell whether more than the usual space, or another style, stands between two lines of a page."""
    if before.page != line.page:
        return False
    distance = before.y - line.y
    if distance <= 0:  # the next column: what goes on in it is told by its words
        return line.text[:1].isupper() or bool(markers(line.text))
    if before.is_bold != line.is_bold or before.size != line.size:
        return distance > 1.6 * max(before.size, line.size)
    return distance > _APART * max(pitch, line.size)


def _looks_heading(line: PageLine, body_size: float, *, body_bold: bool, gap: bool, following: str) -> bool:
    text = line.text
    if len(text) > _LONGEST_HEADING or not any(character.isalpha() for character in text):
        return False
    if line.size >= _LARGER * body_size:
        return True
    if line.size < body_size or len(line.fragments) > 2:
        return False
    if line.is_bold and not body_bold and (is_title_like(text) or numbered_level(text, "")):
        return True
    if not gap:
        return False
    return (is_shouted(text) and not markers(text)) or bool(part_level(text) or numbered_level(text, following))


def _is_full(lines: Sequence[PageLine], index: int) -> bool:
    line = lines[index]
    window = lines[max(0, index - _WINDOW) : index + _WINDOW + 1]
    right = max(other.x1 for other in window if abs(other.x0 - line.x0) < _COLUMN)
    return line.x1 >= right - _MARGIN * (right - line.x0)
