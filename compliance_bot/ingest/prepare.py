"""Make a parsed document ready to be stored: mask personal data, cut into chunks, embed, and count index terms.

Chunks are cut after masking, so that neither lengths nor boundaries tell anything. What is embedded and indexed is a
chunk's context: title, headings and lead-ins with its text, since a rule's topic often stands only above it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from compliance_bot.ingest.chunk import ChunkDraft, Strategy, chunk
from compliance_bot.ingest.structure import rewrite
from compliance_bot.ingest.unreadable import Reason, UnreadableDocument
from compliance_bot.redaction.mask import mask
from compliance_bot.store.index import IndexedChunk
from compliance_bot.terms import index_terms, term_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.ingest.structure import ParsedDocument
    from compliance_bot.models.embed import Embedder
    from compliance_bot.redaction.spans import Detects

_EMBED_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """How documents are cut; part of what makes a document's stored form."""

    strategy: Strategy
    size_words: int
    overlap_words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document without personal data, in searchable chunks."""

    title: str
    text: str
    page_starts: tuple[int, ...]
    chunks: tuple[IndexedChunk, ...]


class Preparer:
    """Turns parsed documents into prepared ones, with one detector, embedder and way of cutting."""

    def __init__(self, detector: Detects, embedder: Embedder, cutting: Cutting, *, term_key: bytes) -> None:
        self._detector, self._embedder, self._cutting = detector, embedder, cutting
        self._hash = lru_cache(maxsize=200_000)(lambda term: term_hash(term, term_key))

    def prepare(self, document: ParsedDocument) -> Prepared:
        """Return the document as it is stored. Raises UnreadableDocument when there is nothing to find in it."""
        masked = mask(document.text, self._detector)
        title = mask(document.title, self._detector).text
        document = rewrite(document, masked.edits, title=title)
        cutting = self._cutting
        pieces = chunk(
            document,
            strategy=cutting.strategy,
            size_words=cutting.size_words,
            overlap_words=cutting.overlap_words,
        )
        if not pieces:
            raise UnreadableDocument(Reason.NO_TEXT)
        return self._prepared(document.title, document.text, document.pages, pieces)

    def prepare_passage(self, title: str, text: str) -> Prepared:
        """Return a ready passage as it is stored: one chunk, never cut. Raises UnreadableDocument for a blank one."""
        text = mask(text, self._detector).text
        if not text.strip():
            raise UnreadableDocument(Reason.NO_TEXT)
        whole = ChunkDraft(text=text, start=0, end=len(text), heading="", page=None, leads=())
        return self._prepared(mask(title, self._detector).text, text, (), [whole])

    def _prepared(self, title: str, text: str, page_starts: tuple[int, ...], pieces: Sequence[ChunkDraft]) -> Prepared:
        contexts = [_context(title, piece) for piece in pieces]
        vectors = [
            vector
            for at in range(0, len(contexts), _EMBED_AT_ONCE)
            for vector in self._embedder.embed(contexts[at : at + _EMBED_AT_ONCE])
        ]
        drafts = tuple(
            IndexedChunk(
                text=piece.text,
                start=piece.start,
                end=piece.end,
                page=piece.page,
                heading=piece.heading,
                leads=piece.leads,
                context=context,
                terms=Counter(map(self._hash, index_terms(context))),
                vector=vector,
            )
            for piece, context, vector in zip(pieces, contexts, vectors, strict=True)
        )
        return Prepared(title=title, text=text, page_starts=page_starts, chunks=drafts)


def _context(title: str, piece: ChunkDraft) -> str:
    heading = piece.heading if piece.heading.startswith(title) else f"{title} > {piece.heading}".strip(" >")
    return "\n".join(part for part in (heading, *(lead.text for lead in piece.leads), piece.text) if part)
