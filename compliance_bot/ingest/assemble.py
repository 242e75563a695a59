"""Make a `ParsedDocument` from the parts that a format's reader found: clean them, mark lead-ins, place them.

Control characters other than `\\n` and `\\t`, bidirectional overrides and invisible formatting characters are removed,
because they hide words from readers and from the search for personal data.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from compliance_bot.ingest.structure import LISTED, TABULAR, Block, BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Unicode's Cc (but tab and line feed), Cf, surrogates, variation selectors, fillers and non-characters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SPACE = re.compile("[ \t\n]+")
_PAGE_BREAK = "\ue00c"  # stands for a form feed while blanks are cleaned: private use, so no text loses by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A block before it has a place. With a page, a form feed in `text` marks where the next page begins."""

    kind: BlockKind
    text: str
    level: int = 0
    page: int | None = None


def clean(text: str) -> str:
    """Return `text` in NFC with `\\n` line ends and plain blanks, without control and invisible characters."""
    return unicodedata.normalize("NFC", _HIDDEN.sub("", _BLANKS.sub(" ", _LINE_ENDS.sub("\n", text))))


def one_line(text: str) -> str:
    """Return clean text on one line, words parted by one blank."""
    return _SPACE.sub(" ", clean(text)).strip()


def assemble(title: str, parts: Iterable[Part], limits: Limits | None = None, page_count: int = 0) -> ParsedDocument:
    """Return the document that the parts make, in their order; blank parts are left out.

    A paragraph before a list that it does not end with a stop becomes the list's lead-in. Parts are told apart by a
    blank line, list items and table rows by a line end. Raises UnreadableDocument when nothing remains, or too much.
    """
    limits = limits or Limits()
    pieces: list[str] = []
    blocks: list[Block] = []
    starts: dict[int, int] = {}
    length = 0
    for part in _with_leads(parts):
        text, breaks = _pages_in(part)
        start = length + (len(_separator(blocks[-1].kind, part.kind)) if blocks else 0)
        pieces += ("\n" * (start - length), text)
        length = start + len(text)
        blocks.append(Block(kind=part.kind, start=start, end=length, level=part.level, page=part.page))
        for page, offset in breaks:
            starts.setdefault(page, start + offset)
        if length > limits.characters:
            raise UnreadableDocument(Reason.TOO_MUCH_TEXT, limits.characters)
    if not any(character.isalnum() for piece in pieces for character in piece):
        raise UnreadableDocument(Reason.NO_TEXT_IN_PAGES if page_count else Reason.NO_TEXT, page_count)
    pages = _page_starts(starts, page_count, length)
    return ParsedDocument(title=one_line(title), text="".join(pieces), blocks=tuple(blocks), pages=pages)


def _with_leads(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that have text, cleaned, with lead-ins marked."""
    found: list[Part] = []
    for part in parts:
        text = part.text.replace(_PAGE_BREAK, "")
        text = clean(text if part.page is None else text.replace("\f", _PAGE_BREAK))
        text = text.strip("\n") if part.kind is BlockKind.CODE else _SPACE.sub(" ", text).strip()
        if not text.strip(" \t\n" + _PAGE_BREAK):
            continue
        opens_list = part.kind is BlockKind.LIST_ITEM and found and found[-1].kind is BlockKind.PARAGRAPH
        if opens_list and found[-1].text.rstrip(_PAGE_BREAK + " ")[-1] not in ".!?":
            found[-1] = replace(found[-1], kind=BlockKind.LIST_LEAD)
        found.append(replace(part, text=text))
    return found


def _pages_in(part: Part) -> tuple[str, list[tuple[int, int]]]:
    """Return the part's text without page marks, and (page, offset in it) for each page met in it, its own first."""
    if part.page is None:
        return part.text, []
    pieces = part.text.split(_PAGE_BREAK)
    offsets = accumulate((len(piece) for piece in pieces[:-1]), initial=0)
    return "".join(pieces), list(enumerate(offsets, start=part.page))


def _separator(before: BlockKind, after: BlockKind) -> str:
    together = (before in LISTED and after is BlockKind.LIST_ITEM) or (
        before in TABULAR and after is BlockKind.TABLE_ROW
    )
    return "\n" if together else "\n\n"


def _page_starts(starts: dict[int, int], page_count: int, length: int) -> tuple[int, ...]:
    """Return the start of each page in order; a page without text begins where the next one does."""
    offsets: list[int] = []
    following = length
    for page in range(page_count, 0, -1):
        following = min(following, starts.get(page, following))
        offsets.append(following)
    return tuple(reversed(offsets))
