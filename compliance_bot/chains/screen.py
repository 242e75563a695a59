"""Screen the output: nothing in which personal data are found is shown, neither quoted nor said in a model's own words.

What a model says beside quotes, sentence after sentence, is screened as a whole too: no value may be put together from
its parts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compliance_bot.chains.cite import Cited
from compliance_bot.redaction.mask import is_clean
from compliance_bot.redaction.stream import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.records import Passage, Sentence
    from compliance_bot.redaction.masking import Redaction
    from compliance_bot.redaction.spans import Detects


def screen(cited: Cited, redaction: Redaction, passages: Sequence[Passage]) -> Cited:
    """Return what of an answer holds no personal data.

    A sentence in which some is found is dropped, not altered; a model's own words with some are. The sentence is
    verbatim from texts that were masked when they were stored, so only what is certain by its shape counts in it, by
    the profiles of the collections that it is quoted from; in a model's own words everything does that any profile of
    the home masks.
    """
    collections = {passage.chunk: passage.collection for passage in passages}
    lies_in = {citation.n: collections[citation.chunk] for citation in cited.citations}
    words = redaction.strict.detector
    clean: list[Sentence] = []
    for sentence in cited.sentences:
        quoted_from = sorted({lies_in[n] for n in sentence.citations})
        if all(is_clean(sentence.text, redaction.quotes_of(collection).detector) for collection in quoted_from):
            clean.append(without_straddling(clean, without_prose(sentence, words), words))
    used = {number for sentence in clean for number in sentence.citations}
    citations = tuple(citation for citation in cited.citations if citation.n in used)
    numbers = {citation.n: number for number, citation in enumerate(citations, 1)}
    return Cited(
        sentences=tuple(replace(s, citations=tuple(numbers[n] for n in s.citations)) for s in clean),
        citations=tuple(replace(citation, n=numbers[citation.n]) for citation in citations),
        unsupported=cited.unsupported + len(cited.sentences) - len(clean),
    )


def without_prose(sentence: Sentence, detector: Detects) -> Sentence:
    """Return a sentence without the model's own words where these hold personal data."""
    if sentence.prose is None or is_clean(sentence.prose, detector):
        return sentence
    return replace(sentence, prose=None)


def without_straddling(said: Sequence[Sentence], sentence: Sentence, detector: Detects) -> Sentence:
    """Return a sentence without the model's own words where these go on with a value that the words before began.

    Each is clean by itself; "Her card is 4111 1111." and "1111 1111 it ends." are not. Raises DetectionFailed.
    """
    before = " ".join(one.prose for one in said if one.prose)[-CONTEXT:]
    if sentence.prose is None or not before:
        return sentence
    bare = before.rstrip(" .,;:!?")  # what ends a sentence parts a value
    joined = (f"{before} {sentence.prose}", f"{bare} {sentence.prose}", f"{bare}{sentence.prose}")
    return sentence if all(is_clean(text, detector) for text in joined) else replace(sentence, prose=None)
