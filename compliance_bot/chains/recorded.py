"""What records say of sentences and citations: ids, hashes and places in the envelope, words in the sealed half."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.record import Json
    from compliance_bot.records import Citation, Hit, Sentence


def cited_spans(citations: Sequence[Citation], hits: Sequence[Hit]) -> list[Json]:
    """Return what a record's envelope says of citations: where they stand, and nothing of what they say."""
    by_chunk = {hit.passage.chunk: hit for hit in hits}
    return [
        {
            "n": c.n,
            "document": c.document,
            "version": c.version,
            "sha256": c.sha256,
            "chunk": c.chunk,
            "chunk_sha256": by_chunk[c.chunk].passage.sha256,
            "start": c.start,
            "end": c.end,
            "rank": by_chunk[c.chunk].rank,
            "score_millionths": round(by_chunk[c.chunk].score * 1_000_000),
        }
        for c in citations
    ]


def sentence_fields(sentence: Sentence) -> dict[str, Json]:
    """Return what a record's sealed half says of a sentence."""
    fields: dict[str, Json] = {"text": sentence.text, "citations": list(sentence.citations)}
    return fields if sentence.prose is None else {**fields, "prose": sentence.prose}


def quoted_fields(citations: Sequence[Citation]) -> list[Json]:
    """Return what a record's sealed half says of citations."""
    return [{"n": c.n, "title": c.title, "heading": c.heading, "quote": c.quote} for c in citations]
