"""Read plain text: decode it, find headings, clauses and lists, join wrapped lines.

Headings are underlined, in capitals, named ("PART II") or numbered and short. Encodings are UTF-8, UTF-16 or UTF-32
with a byte order mark, else Windows-1252 where the result looks like a western language; anything else is refused,
since a wrong guess would hide every name from the search for personal data.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import Part, assemble, clean
from compliance_bot.ingest.formats.lines import Line, join
from compliance_bot.ingest.formats.markers import (
    clause_depth,
    is_shouted,
    markers,
    numbered_level,
    part_level,
)
from compliance_bot.ingest.structure import CELL_SEPARATOR, BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.005  # share of bytes; more is binary data
_MOST_FOREIGN = 0.25  # share of bytes above ASCII in Windows-1252; Cyrillic or Greek read as such has 0.7 and more
_MOST_BYTES = 4  # of a character, in every encoding that is read
_UNDERLINE = re.compile(r"\s*([=\-~_*])\1{2,}\s*$")
_RULE_LEVELS = {"=": 1}
_WIDEST_WRAP = 130  # columns; text with longer lines has one paragraph per line
_FULL = 0.7  # share of the width from which a line may be wrapped


def decode(data: bytes) -> str:
    """Return the text in `data`. Raises UnreadableDocument when it is binary or its encoding is unknown."""
    try:
        for mark, encoding in _MARKS:
            if data.startswith(mark):
                return data.decode(encoding)
        if len(_CONTROLS.findall(data)) > _MOST_CONTROLS * len(data) or b"\0" in data:
            raise UnreadableDocument(Reason.BINARY)
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        foreign = sum(byte >= 0x80 for byte in data)
        if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or foreign > _MOST_FOREIGN * len(data):
            raise UnreadableDocument(Reason.ENCODING) from error
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UnreadableDocument(Reason.ENCODING) from error


def read_text(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in a plain-text file. Raises UnreadableDocument."""
    if len(data) > limits.characters * _MOST_BYTES or len(text := clean(decode(data))) > limits.characters:
        raise UnreadableDocument(Reason.TOO_MUCH_TEXT, limits.characters)
    return assemble("", parts(text), limits)


def parts(text: str) -> list[Part]:
    """Return the parts of clean text, in order."""
    raw = text.split("\n")
    widths = sorted(len(line) for line in raw if line.strip())
    width = widths[int(len(widths) * 0.9)] if widths else 0
    lines: list[Line] = []
    gap = True
    for index, line in enumerate(raw):
        if not line.strip() or _UNDERLINE.match(line):
            gap = True
            continue
        level = _heading(raw, index, gap=gap)
        lines.append(_line(line, width=width, gap=gap, heading=level))
        gap = bool(level) and not _UNDERLINE.match(_at(raw, index + 1))
    return join(_with_tables(lines))


def _line(line: str, *, width: int, gap: bool, heading: int) -> Line:
    own = width > _WIDEST_WRAP or clause_depth(line.strip()) > 0
    indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
    full = width <= _WIDEST_WRAP and len(line) >= _FULL * width
    return Line(text=line.rstrip(), gap=gap or own, full=full, indent=indent, heading=heading)


def _at(raw: Sequence[str], index: int) -> str:
    return raw[index] if 0 <= index < len(raw) else ""


def _heading(raw: Sequence[str], index: int, *, gap: bool) -> int:
    """Return the level of a heading at this line, or 0."""
    line, following = raw[index].strip(), _at(raw, index + 1)
    rule = _UNDERLINE.match(following)
    if rule and len(line) <= 2 * len(following.strip()) and not markers(line):
        return _RULE_LEVELS.get(rule[1], 2)
    if not gap:
        return 0
    if is_shouted(line) and not markers(line) and not clause_depth(line):
        return part_level(line) or 1
    return part_level(line) or numbered_level(line, following.strip())


def _with_tables(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with runs of equally many tab-parted cells made into table rows."""
    found: list[Line] = []
    start = 0
    while start < len(lines):
        count = _cells(lines[start])
        end = start + 1
        while count and end < len(lines) and _cells(lines[end]) == count and not lines[end].gap:
            end += 1
        if count and end - start >= 3:
            for index in range(start, end):
                kind = BlockKind.TABLE_ROW if index > start else BlockKind.TABLE_HEADER
                cells = CELL_SEPARATOR.join(cell.strip() for cell in lines[index].text.split("\t"))
                found.append(Line(text=cells, kind=kind))
        else:
            found += lines[start:end]
        start = end
    return found


def _cells(line: Line) -> int:
    count = line.text.strip().count("\t")
    return count + 1 if count and not line.heading and not markers(line.text.strip()) else 0
