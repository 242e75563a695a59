"""Cut a document into what a chunk takes or leaves whole: paragraphs, list items, table rows, sentences of long ones.

A unit knows what must stand before it to be understood: its list's lead-in and the items above it, its table's header.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.ingest.structure import LISTED, TABULAR, Block, BlockKind, ParsedDocument
from compliance_bot.records import Lead
from compliance_bot.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A word; a character of a script without blanks; a stretch of a run too long to be a word.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\s{_CJK}]{{1,30}}")
_CLAUSE_ENDS = (";", ",", ":", "—", "–")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The text under one heading. `start` is where its own heading begins, or its text where it has none."""

    number: int
    path: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """text[start:end] with its size. A group (a list, a table, a paragraph) is kept together if it fits."""

    start: int
    end: int
    words: int
    section: Section
    group: int
    leads: tuple[Lead, ...] = ()


def count_words(text: str) -> int:
    """Return how many words a text has, as chunk sizes count them."""
    return sum(1 for _ in _WORD.finditer(text))


def units(document: ParsedDocument, size_words: int, *, headings: bool = False, single: bool = False) -> list[Unit]:
    """Return the units of the document in order, none larger than `size_words`; headings only where asked for.

    With `single`, every sentence is a unit of its own.
    """
    found: list[Unit] = []
    group = 0
    before: Block | None = None
    context = _Leads(document.text)
    for block, section in _sections(document):
        if block.kind is BlockKind.HEADING and not headings:
            before = None
            continue
        if not _belongs(document.text, before, block):
            group += 1
            context = _Leads(document.text)
        leads = context.take(block)
        for start, end in _pieces(document.text, block.start, block.end, size_words, single=single):
            words = count_words(document.text[start:end])
            found.append(Unit(start=start, end=end, words=words, section=section, group=group, leads=leads))
        before = block
    return found


def sentence_units(document: ParsedDocument, size_words: int) -> list[Unit]:
    """Return the sentences of the whole document, headings included, without regard to groups and leads."""
    return [
        Unit(start=begin, end=end, words=count_words(document.text[begin:end]), section=section, group=0)
        for block, section in _sections(document)
        for start, stop in sentences(document.text[block.start : block.end])
        for begin, end in _windows(document.text, block.start + start, block.start + stop, size_words)
    ]


def _sections(document: ParsedDocument) -> Iterator[tuple[Block, Section]]:
    """Yield each block with its section; the document's title is no part of a path."""
    above: list[tuple[int, str]] = []
    section = Section(number=0, path=(), start=0)
    numbers = itertools.count(1)
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            while above and above[-1][0] >= block.level:
                above.pop()
            above.append((block.level, document.text[block.start : block.end]))
            path = tuple(text for _, text in above)
            path = path[1:] if path[0] == document.title else path
            section = Section(number=next(numbers), path=path, start=block.start)
        yield block, section


def _belongs(text: str, before: Block | None, block: Block) -> bool:
    """Tell whether a block goes on with the list or table of the block before it."""
    if before is None:
        return False
    if block.kind is BlockKind.LIST_ITEM:
        return before.kind in LISTED
    if block.kind is BlockKind.TABLE_ROW:
        return before.kind in TABULAR
    if block.kind is BlockKind.TABLE_HEADER:
        return before.kind is BlockKind.TABLE_HEADER
    # "… (b) report it, / but only where asked": words that close a list are a condition of it.
    return block.kind is BlockKind.PARAGRAPH and before.kind is BlockKind.LIST_ITEM and text[block.start].islower()


class _Leads:
    """What stands before the next unit of a group and belongs to its meaning."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._headers: tuple[Lead, ...] = ()
        self._above: list[tuple[int, Lead]] = []

    def take(self, block: Block) -> tuple[Lead, ...]:
        """Return the leads of a block, then let it be one for those that follow."""
        if block.kind in TABULAR:
            leads = self._headers
            if block.kind is BlockKind.TABLE_HEADER:
                whole = Lead(start=block.start, text=self._text[block.start : block.end])
                self._headers = (*self._headers, whole)
            return leads
        if block.kind is BlockKind.LIST_ITEM:
            while self._above and self._above[-1][0] >= block.level:
                self._above.pop()
        leads = tuple(lead for level, lead in self._above if block.kind is BlockKind.LIST_ITEM or level == 0)
        if block.kind in LISTED:
            self._above.append((block.level, self._last_sentence(block)))
        return leads

    def _last_sentence(self, block: Block) -> Lead:
        """Return the words that lead in: of a long paragraph before a list only the end speaks of it."""
        start, end = (sentences(self._text[block.start : block.end]) or ((0, block.end - block.start),))[-1]
        return Lead(start=block.start + start, text=self._text[block.start + start : block.start + end])


def _pieces(text: str, start: int, end: int, size_words: int, *, single: bool) -> Iterator[tuple[int, int]]:
    """Yield the block's span whole, or its sentences where that is too long or asked for, or windows of a long one."""
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip())
    end -= len(inner) - len(inner.rstrip())
    if not single and count_words(text[start:end]) <= size_words:
        yield start, end
        return
    for begin, stop in sentences(text[start:end]):
        yield from _windows(text, start + begin, start + stop, size_words)


def _windows(text: str, start: int, end: int, size_words: int) -> Iterator[tuple[int, int]]:
    """Yield spans of at most `size_words`, each ending at a comma or semicolon where its second half has one."""
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    first = 0
    while first < len(words):
        last = min(first + size_words, len(words))
        if last < len(words):
            breaks = (i for i in range(last, first + size_words // 2, -1) if text[words[i - 1][1] - 1] in _CLAUSE_ENDS)
            last = next(breaks, last)
        yield words[first][0], words[last - 1][1]
        first = last


def regrouped(found: Iterable[Unit]) -> list[list[Unit]]:
    """Return the units by group, in order."""
    return [list(run) for _, run in itertools.groupby(found, key=lambda unit: (unit.section.number, unit.group))]
