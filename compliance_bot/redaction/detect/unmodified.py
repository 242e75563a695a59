"""Stock Presidio, for comparison only: its patterns for English as they come, over a blank spaCy pipeline.

Nothing of the product looks for personal data with this. It is made to need no network: no language model is
downloaded, and e-mail domains are judged by the list of public suffixes that tldextract ships. Words around a value
count as Presidio means them to: a blank pipeline has no lemmas, so the words themselves stand in for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import EmailRecognizer

from compliance_bot.redaction.spans import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

LANGUAGE = "en"
THRESHOLD = 0.4  # what presidio-research evaluates with (PresidioAnalyzerWrapper)


class _BlankEngine(SpacyNlpEngine):
    def load(self) -> None:
        self.nlp = {LANGUAGE: spacy.blank(LANGUAGE)}  # type: ignore[assignment]  # None until this, says Presidio

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        tokens: Any = self.nlp[language](text)  # type: ignore[index]
        return NlpArtifacts(
            entities=[],
            tokens=tokens,
            tokens_indices=[token.idx for token in tokens],
            lemmas=[token.text.lower() for token in tokens],
            nlp_engine=self,
            language=language,
        )


class _OfflineEmail(EmailRecognizer):
    def __init__(self) -> None:
        super().__init__(supported_language=LANGUAGE, name="EmailRecognizer")
        self._suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    def validate_result(self, pattern_text: str) -> bool:
        return self._suffixes(pattern_text).fqdn != ""


class StockPresidio:
    """Finds what Presidio's patterns find at a score of THRESHOLD and more; no names, since it has no model."""

    def __init__(self) -> None:
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=[LANGUAGE])
        for name in ("SpacyRecognizer", "EmailRecognizer"):
            registry.remove_recognizer(name)
        registry.add_recognizer(_OfflineEmail())
        engine = _BlankEngine(models=[{"lang_code": LANGUAGE, "model_name": "blank"}])
        engine.load()
        self._analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE])

    def detect(self, text: str) -> tuple[Span, ...]:
        """Return what is found, sorted and disjoint: of overlapping results the surest stays, then the longest."""
        results = self._analyzer.analyze(text, language=LANGUAGE, score_threshold=THRESHOLD)
        kept: list[Any] = []
        for result in sorted(results, key=lambda one: (-one.score, one.start - one.end, one.start)):
            if all(result.end <= other.start or other.end <= result.start for other in kept):
                kept.append(result)
        return tuple(
            Span(start=one.start, end=one.end, type=one.entity_type, score=one.score, source="stock Presidio")
            for one in sorted(kept, key=lambda one: one.start)
        )

    def detect_each(self, texts: Sequence[str]) -> tuple[tuple[Span, ...], ...]:
        """Return for each text what `detect` does."""
        return tuple(map(self.detect, texts))
