"""Check a model's reply against the passages it was given, and number the quotes. A pure function.

A sentence stands only if each of its quotes is verbatim in a passage that was offered, or in that passage's leads, and
if it says nothing that its quotes do not: its words are theirs, in their order. Everything else is dropped and counted.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.records import Citation, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compliance_bot.models.contract import Quote, Reply
    from compliance_bot.records import ChunkId, Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """What of a reply stands, and how many of its sentences did not."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    unsupported: int


@dataclass(frozen=True, slots=True)
class _Found:
    passage: Passage
    start: int
    end: int


def cite(reply: Reply, passages: Sequence[Passage]) -> Cited:
    """Return the sentences of a reply that stand on verbatim quotes, with numbered citations."""
    offered = {passage.chunk: passage for passage in passages}
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    sentences: list[Sentence] = []
    for sentence in reply.sentences:
        found = [_locate(quote, offered) for quote in sentence.quotes]
        places = [place for place in found if place is not None]
        if not found or len(places) < len(found) or not _says_only(sentence.text, sentence.quotes):
            continue
        for place in places:
            key = (place.passage.version_id, place.start, place.end)
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                citations.append(_citation(numbers[key], place))
        cited = dict.fromkeys(numbers[(p.passage.version_id, p.start, p.end)] for p in places)
        sentences.append(Sentence(text=sentence.text, citations=tuple(cited), prose=sentence.prose))
    return Cited(
        sentences=tuple(sentences),
        citations=tuple(citations),
        unsupported=len(reply.sentences) - len(sentences),
    )


def spoken(sentences: Sequence[Sentence]) -> str:
    """Return sentences as one text, with the numbers of their citations."""
    return " ".join(f"{s.text} {''.join(f'[{n}]' for n in s.citations)}" for s in sentences)


def _locate(quote: Quote, offered: Mapping[ChunkId, Passage]) -> _Found | None:
    """Return where a quote stands, word for word; None where it does not."""
    passage = offered.get(quote.id)
    if passage is None or not quote.quote.strip():
        return None
    for start, text in _texts(passage):
        at = text.find(quote.quote) if quote.start is None else quote.start - start
        if at >= 0 and text[at : at + len(quote.quote)] == quote.quote:
            return _Found(passage, start + at, start + at + len(quote.quote))
    return None


def _texts(passage: Passage) -> Iterator[tuple[int, str]]:
    yield passage.start, passage.text
    for lead in passage.leads:
        yield lead.start, lead.text


def _says_only(text: str, quotes: Sequence[Quote]) -> bool:
    return text.split() == [word for quote in quotes for word in quote.quote.split()]


def _citation(number: int, place: _Found) -> Citation:
    passage = place.passage
    quote = next(
        text[place.start - start : place.end - start]
        for start, text in _texts(passage)
        if start <= place.start and place.end <= start + len(text)
    )
    return Citation(
        n=number,
        document=passage.document,
        title=passage.title,
        version=passage.version,
        version_date=passage.valid_from,
        sha256=passage.version_sha256,
        page=bisect_right(passage.page_starts, place.start) or 1 if passage.page_starts else None,
        heading=passage.heading,
        start=place.start,
        end=place.end,
        quote=quote,
        ref=passage.ref,
        chunk=passage.chunk,
    )
