"""Cut a document into chunks, the passages that are searched and quoted.

`structure` follows the document: a chunk stays within its section, sentences and list items stay whole, a list or table
that does not fit in one chunk gives each further one its lead-in or header. `fixed` is the usual window of words, kept
for comparison; `sentence` slides a window of sentences over each section (`docs/discussions/chunking.md`). Sizes count
words; pure functions, the same for the same document.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from compliance_bot.ingest.units import Unit, regrouped, sentence_units, units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.ingest.structure import ParsedDocument
    from compliance_bot.records import Lead

PATH_SEPARATOR = " > "


class Strategy(StrEnum):
    """How a document is cut."""

    STRUCTURE = "structure"
    FIXED = "fixed"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkDraft:
    """document.text[start:end] == text. `heading` is the path of headings above it; `leads` stand before it."""

    text: str
    start: int
    end: int
    heading: str
    page: int | None
    leads: tuple[Lead, ...] = ()


def chunk(
    document: ParsedDocument,
    *,
    strategy: Strategy = Strategy.STRUCTURE,
    size_words: int = 160,
    overlap_words: int = 0,
    sentences: int = 6,
    overlap_sentences: int = 0,
) -> tuple[ChunkDraft, ...]:
    """Return the chunks in order; every word that is no heading is in one, at most `size_words` in each.

    `sentences` and `overlap_sentences` are for the strategy `sentence`, `overlap_words` for the others. A document of
    headings only is cut as if they were text. Raises ValueError for a size below 1 or an overlap that is not smaller
    than the size.
    """
    if size_words < 1 or not 0 <= overlap_words < size_words:
        raise ValueError("size_words must be at least 1, and overlap_words from 0 to below size_words")
    if sentences < 1 or not 0 <= overlap_sentences < sentences:
        raise ValueError("sentences must be at least 1, and overlap_sentences from 0 to below sentences")
    if strategy is Strategy.FIXED:
        return tuple(_draft(document, run) for run in _windows(document, size_words, overlap_words))
    single = strategy is Strategy.SENTENCE
    found = units(document, size_words, single=single) or units(document, size_words, headings=True, single=single)
    if single:
        slid = _slid(found, size_words, sentences, overlap_sentences)
        return tuple(_draft(document, run) for run in slid)
    packed = _packed(found, size_words, overlap_words)
    return tuple(_draft(document, run) for run in packed)


def _draft(document: ParsedDocument, run: Sequence[Unit]) -> ChunkDraft:
    start, end = run[0].start, run[-1].end
    # What leads a unit in and is not in the chunk itself goes with it, once each, in order.
    missing = {lead.start: lead for unit in run for lead in unit.leads if not start <= lead.start < end}
    return ChunkDraft(
        text=document.text[start:end],
        start=start,
        end=end,
        heading=PATH_SEPARATOR.join(run[0].section.path),
        page=document.page_at(start),
        leads=tuple(missing[key] for key in sorted(missing)),
    )


def _packed(found: Sequence[Unit], size_words: int, overlap_words: int) -> list[list[Unit]]:
    """Return runs of units that make a chunk each: within a section, groups whole where they fit."""
    runs: list[list[Unit]] = []
    current: list[Unit] = []
    for group in regrouped(found):
        total = sum(unit.words for unit in group)
        filled = sum(unit.words for unit in current)
        elsewhere = bool(current) and current[-1].section != group[0].section
        # A group that cannot be whole anyway fills up what is there, unless it is a list or table.
        apart = filled + total > size_words and (total <= size_words or bool(group[-1].leads))
        if current and (elsewhere or apart):
            runs.append(current)
            # What is repeated must leave room, or it would be a chunk of nothing new.
            needed = total if total <= size_words else group[0].words
            current = [] if elsewhere else _overlap(current, min(overlap_words, size_words - needed))
        for unit in group:
            if current and sum(member.words for member in current) + unit.words > size_words:
                runs.append(current)
                current = _overlap(current, min(overlap_words, size_words - unit.words))
            current.append(unit)
    return [*runs, current] if current else runs


def _overlap(run: Sequence[Unit], overlap_words: int) -> list[Unit]:
    """Return the last units of a run that together have at most `overlap_words`, but never the whole run."""
    kept: list[Unit] = []
    for unit in reversed(run[1:]):
        if sum(member.words for member in kept) + unit.words > overlap_words:
            break
        kept.insert(0, unit)
    return kept


def _windows(document: ParsedDocument, size_words: int, overlap_words: int) -> list[list[Unit]]:
    """Return windows of sentences over the whole document, headings included, whatever its structure."""
    runs: list[list[Unit]] = []
    current: list[Unit] = []
    for unit in sentence_units(document, size_words):
        if current and sum(member.words for member in current) + unit.words > size_words:
            runs.append(current)
            current = _overlap(current, min(overlap_words, size_words - unit.words))
        current.append(unit)
    return [*runs, current] if current else runs


def _slid(found: Sequence[Unit], size_words: int, sentences: int, overlap_sentences: int) -> list[list[Unit]]:
    """Return windows of sentences within each section; each has a sentence that the one before it has not."""
    runs: list[list[Unit]] = []
    for _, members in groupby(found, key=lambda unit: unit.section.number):
        section = list(members)
        first = last = 0  # of the window, end excluded
        while last < len(section):
            first = max(last - overlap_sentences, first + 1) if last else 0
            while sum(unit.words for unit in section[first : last + 1]) > size_words:
                first += 1  # what is repeated must leave room
            last += 1
            while (
                last < min(first + sentences, len(section))
                and sum(unit.words for unit in section[first : last + 1]) <= size_words
            ):
                last += 1
            runs.append(section[first:last])
    return runs
