"""Turn what a generative model quotes into what may be quoted: whole sentences and items, with what belongs to them.

A model quotes fragments, and a fragment can lose its exception or its lead-in. So each quote is found in the passage
that it names, and the smallest unit around it (`models.units`) takes its place; the words shown are the document's, and
the model's own stand beside them as prose. Blanks and typographic marks may differ, nothing else. A quote that stands
nowhere, or in several places that say different things, makes its sentence unsupported.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from compliance_bot.models.contract import Quote, Reply, ReplySentence
from compliance_bot.models.units import units

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compliance_bot.models.units import Unit
    from compliance_bot.records import Passage

_MOST_PROSE_CHARS = 2000
_LEAST_QUOTE_CHARS = 3  # fewer say nothing of where they stand
_MARKS = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'", "–": "-", "—": "-", "‑": "-", "\u00a0": " "}
# What a page could turn into a link, an image or markup of its own. Markers of masked values are none of these.
_STEERS = re.compile(r"!\[|\]\s*[(\[:]|://|\b(?i:www)\.|<(?![A-Z_]+(?:_\d+)?>)[A-Za-z/!?]")
_CLASSES = {'"': '["“”„]', "'": "['‘’‚]", "-": "[-–—‑]"}


def widen(reply: Reply, passages: Mapping[str, Passage]) -> Reply:
    """Return the reply with each quote widened; `passages` are those sent, by the ids that the model was given.

    A sentence that cannot be supported keeps no quotes, so that it is counted and not shown.
    """
    return Reply(sentences=tuple(widen_sentence(sentence, passages) for sentence in reply.sentences))


def widen_sentence(sentence: ReplySentence, passages: Mapping[str, Passage]) -> ReplySentence:
    """Return one sentence in the words of its sources, what the model said as prose."""
    found: list[Quote] = []
    for quote in sentence.quotes:
        widened = _around(quote, passages)
        if not widened:
            return ReplySentence(text=sentence.text, quotes=())
        found += [one for one in widened if one not in found]
    text = " ".join(quote.quote for quote in found)
    said = plain(sentence.text)
    is_shown = said != plain(text) and not _STEERS.search(said)
    return ReplySentence(text=text, quotes=tuple(found), prose=said if is_shown else None)


def plain(text: str) -> str:
    """Return a model's words on one line, without anything that steers a terminal or hides."""
    kept = (c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(kept).split())[:_MOST_PROSE_CHARS]


def _around(quote: Quote, passages: Mapping[str, Passage]) -> tuple[Quote, ...]:
    """Return the spans of the one unit that a quote stands in; nothing where there is none, or more than one."""
    passage = passages.get(quote.id)
    if passage is None or len(quote.quote.strip()) < _LEAST_QUOTE_CHARS:
        return ()
    texts = [(passage.start, passage.text), *((lead.start, lead.text) for lead in passage.leads)]
    places = [(start + at, start + end) for start, text in texts for at, end in _places(quote.quote, text)]
    candidates = units(passage.text, start=passage.start, leads=passage.leads)
    chosen = list(dict.fromkeys(spans for place in places for spans in _covering(place, candidates)[:1]))
    if len(chosen) != 1:
        return ()
    return tuple(Quote(id=passage.chunk, quote=text, start=start) for start, text in chosen[0])


def _places(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a quote stands in a text, on whole words, blanks and typographic marks aside."""
    quote = quote.strip()
    pattern = r"\s+".join("".join(map(_pattern, word)) for word in quote.split())
    before = r"(?<!\w)" if quote[0].isalnum() else ""
    after = r"(?!\w)" if quote[-1].isalnum() else ""
    for match in re.finditer(before + pattern + after, text):
        yield match.span()


def _pattern(character: str) -> str:
    mark = _MARKS.get(character, character)
    return _CLASSES.get(mark) or re.escape(mark)


def _covering(place: tuple[int, int], candidates: Sequence[Unit]) -> list[tuple[tuple[int, str], ...]]:
    """Return the units that hold a place, the smallest first; where none holds it all, those it touches as one."""
    start, end = place
    whole = [unit for unit in candidates if any(s.start <= start and end <= s.end for s in unit.spans)]
    if whole:
        found = sorted(whole, key=lambda unit: sum(len(span.text) for span in unit.spans))
        return [tuple((span.start, span.text) for span in unit.spans) for unit in found]
    touched = sorted(
        {(s.start, s.text) for unit in candidates for s in unit.spans if s.start < end and start < s.end},
        key=lambda span: (span[0], -len(span[1])),
    )
    apart: list[tuple[int, str]] = []
    for at, text in touched:
        if not apart or at >= apart[-1][0] + len(apart[-1][1]):
            apart.append((at, text))
    return [tuple(apart)] if apart else []
