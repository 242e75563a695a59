"""Our recognisers and entity model inside an `AnalyzerEngine`, for applications that are built on Presidio already.

    analyzer = analyzer_engine(open_tagger(threads=2))
    BatchAnalyzerEngine(analyzer).analyze_iterator(texts, language="en")

The entity model is the NLP engine, so that it looks at a batch of texts at a time; recognisers look at one. What the
Detector does besides is not in here: the normal form and its views, names once more elsewhere in a text, disjoint
spans, a time limit, and refusing where a recogniser fails. Presidio itself is at its defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from compliance_bot.redaction.detect.scanned import Scanned
from compliance_bot.redaction.detect.stock import stock
from compliance_bot.redaction.patterns.scans import SCANS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from compliance_bot.redaction.spans import Span, TagsEntities

LANGUAGE = "en"  # under this name; shapes have no language, and the rules read five


class EntityEngine(NlpEngine):
    """The entity model as Presidio's NLP engine, over spaCy's tokenizer alone; nothing is downloaded."""

    def __init__(self, tagger: TagsEntities) -> None:
        self._tagger = tagger
        self._blank = spacy.blank(LANGUAGE)

    def load(self) -> None:
        """Do nothing: the model was loaded before."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Return tokens and names of one text."""
        return self._artifacts(text, self._tagger.tag([text])[0], language)

    def process_batch(
        self, texts: Any, language: str, *_: Any, **__: Any
    ) -> Generator[tuple[str, NlpArtifacts], None, None]:
        """Yield each text with its tokens and names, all of them looked at together."""
        known: list[str] = list(texts)
        for text, spans in zip(known, self._tagger.tag(known), strict=True):
            yield text, self._artifacts(text, spans, language)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002  # Presidio's interface
        return bool(self._blank.vocab[word].is_stop)

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
        return bool(self._blank.vocab[word].is_punct)

    def get_supported_entities(self) -> list[str]:
        return list(self._tagger.types)

    def get_supported_languages(self) -> list[str]:
        return [LANGUAGE]

    def _artifacts(self, text: str, spans: Iterable[Span], language: str) -> NlpArtifacts:
        tokens = self._blank(text)
        named = [(tokens.char_span(s.start, s.end, s.type, alignment_mode="expand"), s.score) for s in spans]
        return NlpArtifacts(
            entities=[entity for entity, _ in named if entity is not None],
            tokens=tokens,
            tokens_indices=[token.idx for token in tokens],
            # Without lemmas no word around a value would ever count.
            lemmas=[token.text.lower() for token in tokens],
            nlp_engine=self,
            language=language,
            scores=[score for _, score in named],
        )


def analyzer_engine(tagger: TagsEntities) -> AnalyzerEngine:
    """Return Presidio's engine with every recogniser there is here, for the language "en"."""
    numbers: list[Any] = list(stock())
    for recognizer in numbers:
        recognizer.context = []  # these look at the words around a value themselves
    names = SpacyRecognizer(supported_entities=list(tagger.types), supported_language=LANGUAGE)
    registry = RecognizerRegistry(recognizers=[*numbers, *map(Scanned, SCANS), names])
    return AnalyzerEngine(registry=registry, nlp_engine=EntityEngine(tagger), supported_languages=[LANGUAGE])
