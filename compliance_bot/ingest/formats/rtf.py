"""Read RTF files: paragraphs, headings by style or outline level, lists, tables and footnotes.

In the text: tracked insertions, footnotes (after their paragraph), text boxes. Not in the text: tracked deletions,
comments, hidden text, page headers and footers, field codes with their addresses, pictures, objects, templates.
What a group is for comes from striprtf's tables of destinations and character sets; its text is walked here, since
striprtf gives deleted and hidden words, shows the addresses of links and drops footnotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from striprtf.striprtf import charset_map, destinations

from compliance_bot.ingest.assemble import assemble, one_line
from compliance_bot.ingest.formats.rtf_blocks import Blocks, joined
from compliance_bot.ingest.formats.rtf_tokens import Kind, Token, tokens
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

_MOST_GROUPS = 5_000  # inside each other
_CHARACTERS = {
    "tab": " ", "line": " ", "page": " ", "column": " ", "~": " ", "_": "-", "emdash": "—", "endash": "–",
    "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "{": "{", "}": "}", "\\": "\\",
}  # fmt: skip
_CHARSETS = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850", "ansi": "cp1252"}
# What a group becomes by a word, by what it was: all that is not here and is a destination is left out.
_PURPOSES = {
    ("body", "fonttbl"): "fonts",
    ("body", "stylesheet"): "styles",
    ("body", "info"): "info",
    ("info", "title"): "title",
    ("body", "listtext"): "label",
    ("body", "pntext"): "label",
    ("body", "footnote"): "note",
    ("body", "shp"): "shape",
    ("shape", "shpinst"): "shape",
    ("shape", "shptxt"): "box",
}
_READ = frozenset({"body", "note", "box"})
_HIDING = frozenset({"deleted", "v"})
_BODY_LEVEL = 9  # outline level of ordinary text
_BREAKS = frozenset({"par", "sect", "\n", "\r"})
_STYLED = re.compile(r"heading ([1-9])", re.IGNORECASE)
_UNDECLARED = "cp1252"


@dataclass(slots=True, kw_only=True)
class _Group:
    """What holds inside a pair of braces."""

    purpose: str = "body"  # one of `_PURPOSES`, or empty for what is not read
    hides: frozenset[str] = frozenset()  # "deleted", "v" (hidden): why its words are not read
    skip: int = 1  # bytes that stand for a \\u in older readers
    font: int | None = None
    is_optional: bool = False  # \\* came: an unknown destination is to be left out
    style: int = 0  # the style or font that is being defined
    level: int = 0
    words: list[str] = field(default_factory=list)


def read_rtf(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the document in an RTF file. Raises UnreadableDocument."""
    reader = _Reader(limits)
    for token in tokens(data):
        reader.take(token)
        if reader.is_done:
            break
    else:
        raise UnreadableDocument(Reason.CORRUPT)  # a group that is never closed: the file was cut off
    parts = reader.blocks.parts()
    title = next((part.text for part in parts if part.kind is BlockKind.HEADING and part.level == 1), "")
    return assemble(title or reader.title, parts, limits)


class _Reader:
    """Follows the groups of a file and hands its words to `Blocks`."""

    def __init__(self, limits: Limits) -> None:
        self.blocks = Blocks(limits.characters)
        self.title = ""
        self._groups: list[_Group] = []
        self._charset = _UNDECLARED
        self._fonts: dict[int, str] = {}
        self._default_font: int | None = None
        self._levels: dict[int, int] = {}  # heading levels by style
        self._left_out = 0  # bytes still to skip after a \\u
        self._bytes = bytearray()  # text not decoded yet: a character may have two bytes
        self.is_done = False

    def take(self, token: Token) -> None:
        if token.kind is Kind.TEXT:
            self._text(token.raw)
            return
        self._flush()
        if token.kind is Kind.OPEN:
            self._open()
        elif token.kind is Kind.CLOSE:
            self._close()
        elif self._groups:
            self._word(token.word, token.number)

    def _open(self) -> None:
        self._left_out = 0
        if len(self._groups) >= _MOST_GROUPS:
            raise UnreadableDocument(Reason.TOO_DEEP)
        outer = self._groups[-1] if self._groups else _Group()
        self._groups.append(replace(outer, is_optional=False, style=0, level=0, words=[]))

    def _close(self) -> None:
        self._left_out = 0
        if not self._groups:
            raise UnreadableDocument(Reason.CORRUPT)
        group = self._groups.pop()
        outer = self._groups[-1].purpose if self._groups else ""
        words = joined(group.words)
        if group.purpose == "styles" and group.style:
            named = _STYLED.match(words)
            level = int(named[1]) if named else int(words.rstrip(";").casefold() == "title")
            self._levels[group.style] = group.level or level
        elif group.purpose == "title":
            self.title = one_line(words)
        elif group.purpose == "label" and outer != "label":
            self.blocks.label(words)
        elif group.purpose in _READ - {"body", outer}:
            self.blocks.end_aside()
        self.is_done = not self._groups

    def _text(self, raw: bytes) -> None:
        if self._left_out:
            skipped = min(self._left_out, len(raw))
            self._left_out -= skipped
            raw = raw[skipped:]
        self._bytes += raw

    def _flush(self) -> None:
        """Decode what came since the last word: fonts and with them character sets change only at words."""
        if self._bytes and self._groups:
            group = self._groups[-1]
            charset = self._charset if group.font is None else self._fonts.get(group.font, self._charset)
            if group.purpose and not group.hides:
                self._say(_decoded(bytes(self._bytes), charset))
        self._bytes.clear()

    def _say(self, text: str) -> None:
        group = self._groups[-1]
        if group.purpose in _READ:
            self.blocks.say(text)
        elif group.purpose:
            group.words.append(text)

    def _word(self, word: str, number: int | None) -> None:
        group = self._groups[-1]
        if self._left_out:
            self._left_out -= 1
            return
        if word == "*":
            group.is_optional = True
        elif self._destination(group, word):
            group.is_optional = False
        elif word == "u" and number is not None:
            if group.purpose and not group.hides:
                self._say(chr(number % 0x10000))
            self._left_out = group.skip
        elif word in _CHARACTERS:
            if group.purpose and not group.hides:
                self._say(_CHARACTERS[word])
        else:
            self._format(group, word, number)

    def _destination(self, group: _Group, word: str) -> bool:
        """Take in what a group is for; tell whether the word says that."""
        purpose = _PURPOSES.get((group.purpose, word))
        if purpose is None and word not in destinations and not group.is_optional:
            return False
        group.purpose = "" if group.hides else purpose or ""
        if group.purpose == "note":
            self.blocks.begin_note()
        elif group.purpose == "box":
            self.blocks.begin_box()
        return True

    def _format(self, group: _Group, word: str, number: int | None) -> None:
        if word == "uc":
            group.skip = max(0, number or 0)
        elif word in _CHARSETS:
            self._charset = _CHARSETS[word]
        elif word == "ansicpg":
            self._charset = f"cp{number}"
        elif word == "deff":
            self._default_font = group.font = number
        elif group.purpose == "fonts":
            self._define_font(group, word, number)
        elif group.purpose == "styles":
            group.style = number or 0 if word == "s" else group.style
            group.level = (number or 0) + 1 if word == "outlinelevel" else group.level
        elif word == "f":
            group.font = number
        elif word in _HIDING:
            group.hides = group.hides - {word} if number == 0 else group.hides | {word}
        elif word == "plain":
            group.font, group.hides = self._default_font, frozenset()
        elif group.purpose in _READ:
            self._place(group, word, number)

    def _define_font(self, group: _Group, word: str, number: int | None) -> None:
        if word == "f":
            group.style = number or 0
        elif word == "fcharset" and number in charset_map:
            self._fonts[group.style] = charset_map[number]
        elif word == "cpg":
            self._fonts[group.style] = f"cp{number}"

    def _place(self, group: _Group, word: str, number: int | None) -> None:
        """Take in what says where words stand: paragraphs, lists, tables."""
        blocks = self.blocks
        if word in _BREAKS:
            blocks.end_paragraph()
        elif group.purpose != "body":
            return
        elif word == "pard":
            blocks.reset()
        elif word == "s":
            blocks.heading = self._levels.get(number or 0, 0)
        elif word == "outlinelevel":
            blocks.heading = (number or 0) + 1 if (number or 0) < _BODY_LEVEL else 0
        elif word == "ilvl":
            blocks.depth = max(0, number or 0)
        elif word == "intbl":
            blocks.is_in_table = True
        elif word == "trowd":
            blocks.begin_row()
        elif word == "trhdr":
            blocks.is_header_row = True
        elif word == "cell":
            blocks.end_cell()
        elif word == "nestcell":
            blocks.say(" ")
        elif word == "row":
            blocks.end_row()


def _decoded(raw: bytes, charset: str) -> str:
    """Return the text in `raw`. Raises UnreadableDocument when the file names a character set that nobody knows."""
    if raw.isascii():
        return raw.decode("ascii")
    try:
        return raw.decode(charset, "replace")
    except LookupError as error:
        raise UnreadableDocument(Reason.ENCODING) from error
