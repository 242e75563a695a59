"""A parsed document: text, and blocks that say what each part of it is.

Every format ends here, so that chunking, masking and citing know one shape. The text is NFC with `\\n` line ends and
has no control or invisible characters (`assemble.clean`). No format is known here and nothing is read.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.records import Edit


class BlockKind(StrEnum):
    """What a stretch of text is in its document."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_LEAD = "list_lead"
    LIST_ITEM = "list_item"
    TABLE_HEADER = "table_header"
    TABLE_ROW = "table_row"
    CODE = "code"


LISTED = frozenset({BlockKind.LIST_LEAD, BlockKind.LIST_ITEM})
TABULAR = frozenset({BlockKind.TABLE_HEADER, BlockKind.TABLE_ROW})
CELL_SEPARATOR = " | "


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """text[start:end] and its kind. `level` counts from 1 for headings and list items, else 0; `page` from 1."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """Text with its blocks, in order and disjoint. `pages[i]` is where page i+1 begins; empty where there are none."""

    title: str
    text: str
    blocks: tuple[Block, ...]
    pages: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        # INVARIANT: whatever made this object, its offsets can be trusted. A parser that breaks it is wrong.
        if any(not 0 <= block.start < block.end <= len(self.text) for block in self.blocks):
            raise ValueError("a block is empty or outside the text")
        if any(before.end > after.start for before, after in pairwise(self.blocks)):
            raise ValueError("blocks overlap or are out of order")
        if any(before > after for before, after in pairwise((0, *self.pages, len(self.text)))):
            raise ValueError("pages are out of order or outside the text")

    def page_at(self, offset: int) -> int | None:
        """Return the page on which the character at `offset` stands, or None where the format has no pages."""
        return bisect_right(self.pages, offset) or 1 if self.pages else None


def rewrite(document: ParsedDocument, edits: Sequence[Edit], *, title: str | None = None) -> ParsedDocument:
    """Return the document with the edits applied and every offset mapped; the text outside them stays as it was.

    An edit that crosses into further blocks belongs to the first; what is left of the others begins after it. A block
    of which nothing is left goes. A title that is a block's text follows that block; any other title is in no edit's
    reach, so whoever masks must pass the masked one. Raises ValueError unless the edits are sorted and disjoint.
    """
    _check(edits, len(document.text))
    moves = _Moves(edits)
    text = moves.apply(document.text)
    blocks: list[Block] = []
    old_end = 0
    new_title = document.title
    for block in document.blocks:
        start = moves.start(block.start, inside_from=old_end)
        end = moves.end(block.end)
        if title is None and document.text[block.start : block.end] == document.title:
            new_title = text[start:end]
        if text[start:end].strip():
            blocks.append(replace(block, start=start, end=end))
        old_end = block.end
    pages = tuple(moves.end(page) for page in document.pages)
    return ParsedDocument(title=new_title if title is None else title, text=text, blocks=tuple(blocks), pages=pages)


def _check(edits: Sequence[Edit], length: int) -> None:
    if any(not 0 <= edit.start <= edit.end <= length for edit in edits):
        raise ValueError("an edit lies outside the text")
    if any(before.end > after.start for before, after in pairwise(edits)):
        raise ValueError("edits overlap or are out of order")


class _Moves:
    """Where each old offset comes to lie; looked up by bisection."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._starts = [edit.start for edit in edits]
        self._new_ends: list[int] = []
        shift = 0
        for edit in edits:
            self._new_ends.append(edit.start + shift + len(edit.replacement))
            shift += len(edit.replacement) - (edit.end - edit.start)

    def apply(self, text: str) -> str:
        pieces: list[str] = []
        position = 0
        for edit in self._edits:
            pieces += (text[position : edit.start], edit.replacement)
            position = edit.end
        return "".join((*pieces, text[position:]))

    def end(self, offset: int) -> int:
        """Return the new place of `offset` when what was replaced just before it is kept on its left."""
        index = bisect_right(self._starts, offset - 1) - 1
        if index < 0:
            return offset
        return self._new_ends[index] + max(0, offset - self._edits[index].end)

    def start(self, offset: int, *, inside_from: int) -> int:
        """Return the new place of a block's start; an edit that began in the gap before it is the block's own."""
        index = bisect_right(self._starts, offset - 1) - 1
        if index >= 0:
            edit = self._edits[index]
            if edit.start < offset < edit.end and edit.start >= inside_from:
                return self._new_ends[index] - len(edit.replacement)
        return self.end(offset)
