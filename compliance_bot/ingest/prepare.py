"""Make a parsed document ready to be stored: put placeholders for personal data, cut, embed, and count index terms.

The title is masked as the beginning of its text: a name in it may be one only by what the text says. Headings and
lead-ins are stretches of the text. Chunks are cut after that, so that neither lengths nor boundaries tell anything of a
value. What is embedded and indexed is a chunk's context: title, headings and lead-ins with its text, since a rule's
topic often stands only above it. For a placeholder its type's words are embedded, and nothing is indexed: what finds a
value by name is added when it is stored (`vault`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from compliance_bot.ingest.beir import ReadyPassage
from compliance_bot.ingest.chunk import ChunkDraft, Strategy, chunk
from compliance_bot.ingest.structure import rewrite
from compliance_bot.ingest.unreadable import Reason, UnreadableDocument
from compliance_bot.redaction.corrections import none
from compliance_bot.redaction.mask import Masked, apply_edits, mask_each, mask_or_refuse
from compliance_bot.redaction.placeholders import Field, Held, Numbering, held, in_words, placeholders_in
from compliance_bot.redaction.spans import DetectionFailed
from compliance_bot.store.index import IndexedChunk
from compliance_bot.terms import index_terms, term_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from compliance_bot.ingest.structure import ParsedDocument
    from compliance_bot.models.embed import Embedder
    from compliance_bot.records import ClassId, Edit
    from compliance_bot.redaction.corrections import Corrections
    from compliance_bot.redaction.placeholders import Replacement
    from compliance_bot.redaction.spans import Detects, Span

_BETWEEN = "\n\n"  # title and text: as between the blocks of a text
UNTOLD = "(a name in which personal data could not be looked for)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """How documents are cut; part of what makes a document's stored form."""

    strategy: Strategy
    size_words: int
    overlap_words: int
    sentences: int = 6
    overlap_sentences: int = 0

    @property
    def fingerprint(self) -> dict[str, str | int]:
        """What of it changes chunks: a limit that the strategy does not use makes no document a changed one."""
        if self.strategy is not Strategy.SENTENCE:
            return {"strategy": self.strategy, "size_words": self.size_words, "overlap_words": self.overlap_words}
        return {
            "strategy": self.strategy,
            "size_words": self.size_words,
            "sentences": self.sentences,
            "overlap_sentences": self.overlap_sentences,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A document without personal data, in pieces; `contexts` is what of each piece is indexed.

    `values` is what was taken out. A document without a title of its own is shown by its file's `name`.
    """

    title: str
    text: str
    page_starts: tuple[int, ...]
    pieces: tuple[ChunkDraft, ...]
    name: str = ""
    values: tuple[Held, ...] = field(default=(), repr=False)

    @property
    def contexts(self) -> tuple[str, ...]:
        return tuple(
            context_of(self.title, piece.heading, [lead.text for lead in piece.leads], piece.text)
            for piece in self.pieces
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document without personal data, in searchable chunks, and what was taken out of it for the vault."""

    title: str
    text: str
    page_starts: tuple[int, ...]
    chunks: tuple[IndexedChunk, ...]
    values: tuple[Held, ...] = field(default=(), repr=False)


class Preparer:
    """Turns parsed documents into prepared ones, with one detector, embedder and way of cutting."""

    def __init__(
        self,
        detector: Detects,
        embedder: Embedder,
        cutting: Cutting,
        *,
        term_key: bytes,
        corrections: Callable[[], Corrections] = none,
    ) -> None:
        self._detector, self._embedder, self._cutting = detector, embedder, cutting
        self._corrections = corrections
        self._hash = lru_cache(maxsize=200_000)(lambda term: term_hash(term, term_key))

    def cut_each(
        self,
        parsed: Sequence[tuple[str, ParsedDocument | ReadyPassage]],
        classes: Sequence[ClassId | None] = (),
    ) -> tuple[Cut | UnreadableDocument | DetectionFailed, ...]:
        """Return each named document masked and cut, each ready passage masked and in one piece, or why it is neither.

        `classes` are theirs, where they are known: what somebody said to be no personal data there stays. Many at once
        keep all threads of the entity model busy.
        """
        texts = [_seen_with_title(one.title, one.text) for _, one in parsed]
        named = [name for name, one in parsed if not one.title]
        found = mask_or_refuse([*texts, *named], self._detector)
        of_names = [class_id for (_, one), class_id in zip_longest(parsed, classes) if not one.title]
        masked = self._spared([*texts, *named], found, [*(classes or [None] * len(texts)), *of_names])
        names = iter(masked[len(texts) :])
        return tuple(
            self._cut(name, one, found, None if one.title else next(names))
            for (name, one), found in zip(parsed, masked, strict=False)
        )

    def _spared(
        self,
        sources: Sequence[str],
        masked: Sequence[Masked | DetectionFailed],
        classes: Sequence[ClassId | None],
    ) -> list[Masked | DetectionFailed]:
        """Return what was found without what is no personal data in the class of its document."""
        corrections = self._corrections()
        return [
            one
            if isinstance(one, DetectionFailed)
            else one.without(source, [s for s in one.spans if class_id in corrections.spares(source, s)])
            for source, one, class_id in zip(sources, masked, classes, strict=True)
        ]

    def _cut(
        self,
        name: str,
        one: ParsedDocument | ReadyPassage,
        found: Masked | DetectionFailed,
        found_in_name: Masked | DetectionFailed | None,
    ) -> Cut | UnreadableDocument | DetectionFailed:
        if isinstance(found, DetectionFailed):
            return found
        numbering = Numbering()
        of_name = numbering.replacements(name, found_in_name.spans) if isinstance(found_in_name, Masked) else ()
        replaced = numbering.replacements(_seen_with_title(one.title, one.text), found.spans)
        of_title, of_text = _divided(one.title, one.text, replaced)
        title, edits = apply_edits(one.title, [each.edit for each in of_title]), [each.edit for each in of_text]
        cut = self._passage(one, title, edits) if isinstance(one, ReadyPassage) else self._document(one, title, edits)
        if not cut.pieces:
            return UnreadableDocument(Reason.NO_TEXT)
        shown = UNTOLD if isinstance(found_in_name, DetectionFailed) else apply_edits(name, [r.edit for r in of_name])
        in_title = held(one.title, of_title, Field.TITLE) if one.title else held(name, of_name, Field.TITLE)
        return replace(
            cut, name=title if one.title else shown, values=(*in_title, *held(one.text, of_text, Field.TEXT))
        )

    def _document(self, document: ParsedDocument, title: str, edits: Sequence[Edit]) -> Cut:
        document = rewrite(document, edits, title=title)
        pieces = chunk(
            document,
            strategy=self._cutting.strategy,
            size_words=self._cutting.size_words,
            overlap_words=self._cutting.overlap_words,
            sentences=self._cutting.sentences,
            overlap_sentences=self._cutting.overlap_sentences,
        )
        # A chunk of rules and ornaments has nothing to find or to embed; it stays in the document's text.
        worded = tuple(piece for piece in pieces if _has_word(piece.text))
        return Cut(title=document.title, text=document.text, page_starts=document.pages, pieces=worded)

    def _passage(self, passage: ReadyPassage, title: str, edits: Sequence[Edit]) -> Cut:
        text = apply_edits(passage.text, edits)
        whole = ChunkDraft(text=text, start=0, end=len(text), heading="", page=None)
        return Cut(title=title, text=text, page_starts=(), pieces=(whole,) if _has_word(text) else ())

    def prepare(self, cuts: Sequence[Cut]) -> tuple[Prepared, ...]:
        """Return documents ready to be stored. Many at once keep all threads of the embedder busy."""
        contexts = [context for cut in cuts for context in cut.contexts]
        vectors = iter(self._embedder.embed([in_words(context) for context in contexts])) if contexts else iter(())
        return tuple(
            Prepared(
                title=cut.name,
                text=cut.text,
                values=cut.values,
                page_starts=cut.page_starts,
                chunks=tuple(
                    self._indexed(piece, context, vector)
                    for piece, context, vector in zip(cut.pieces, cut.contexts, vectors, strict=False)
                ),
            )
            for cut in cuts
        )

    def _indexed(self, piece: ChunkDraft, context: str, vector: np.ndarray) -> IndexedChunk:
        return IndexedChunk(
            text=piece.text,
            start=piece.start,
            end=piece.end,
            page=piece.page,
            heading=piece.heading,
            leads=piece.leads,
            context=context,
            terms=Counter(map(self._hash, index_terms(context))),
            placeholders=sum(1 for _ in placeholders_in(context)),
            vector=vector,
        )


def detected(title: str, text: str, detector: Detects) -> tuple[Span, ...]:
    """Return what a detector finds in a text when it is ingested below its title. Raises DetectionFailed.

    What it finds in both is told as far as it is in the text.
    """
    (found,) = mask_each((_seen_with_title(title, text),), detector)
    border = _border(title, text)
    return tuple(
        replace(one, start=max(one.start, border) - border, end=one.end - border)
        for one in found.spans
        if one.end > border
    )


def _seen_with_title(title: str, text: str) -> str:
    """Return the text as it is masked: below its title, unless it begins with that, as with a heading.

    Twice in a row a heading would look like a name.
    """
    return text if _begins_with_title(title, text) else f"{title}{_BETWEEN}{text}"


def _begins_with_title(title: str, text: str) -> bool:
    return bool(title) and f"{text}\n".startswith(f"{title}\n")


def _border(title: str, text: str) -> int:
    """Return where the text begins in what is masked."""
    return 0 if _begins_with_title(title, text) else len(title) + len(_BETWEEN)


def _divided(
    title: str, text: str, replaced: Sequence[Replacement]
) -> tuple[tuple[Replacement, ...], tuple[Replacement, ...]]:
    """Return what is to be replaced in the title, and what in the text; a value across both is replaced in each."""
    in_title = (replace(one, end=min(one.end, len(title))) for one in replaced if one.start < len(title))
    border = _border(title, text)
    in_text = (
        replace(one, start=max(one.start, border) - border, end=one.end - border)
        for one in replaced
        if one.end > border
    )
    return tuple(in_title), tuple(in_text)


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in text)


def context_of(title: str, heading: str, leads: Sequence[str], text: str) -> str:
    """Return what of a chunk is embedded and indexed: where it stands, what leads in to it, and its text."""
    above = heading if heading.startswith(title) else f"{title} > {heading}".strip(" >")
    return "\n".join(part for part in (above, *leads, text) if part)
