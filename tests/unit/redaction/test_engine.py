from __future__ import annotations

import pytest
from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, Pattern, PatternRecognizer

from compliance_bot.models.tagger import open_tagger
from compliance_bot.redaction.detect.engine import analyzer_engine

TEXT = "Maria Lopez of Deutsche Bank flew to Madrid and left her card 4111 1111 1111 1111 there."


@pytest.fixture(scope="module")
def analyzer() -> AnalyzerEngine:
    return analyzer_engine(open_tagger(threads=1))


def test_presidios_engine_finds_names_and_numbers(analyzer: AnalyzerEngine) -> None:
    results = analyzer.analyze(TEXT, language="en", score_threshold=0.5)
    found = {(one.entity_type, TEXT[one.start : one.end]) for one in results}
    assert found >= {
        ("PERSON", "Maria Lopez"),
        ("ORGANIZATION", "Deutsche Bank"),
        ("LOCATION", "Madrid"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
    }


def test_a_batch_gives_what_each_text_gives_alone(analyzer: AnalyzerEngine) -> None:
    texts = [TEXT, "nothing here", "Ask Peter Novak."]
    batch = list(BatchAnalyzerEngine(analyzer).analyze_iterator(texts, language="en"))
    assert [[r.to_dict() for r in each] for each in batch] == [
        [r.to_dict() for r in analyzer.analyze(text, language="en")] for text in texts
    ]


def test_a_recogniser_of_ones_own_hears_the_words_around_a_value(analyzer: AnalyzerEngine) -> None:
    """With empty lemmas Presidio's context never fires, and nobody is told."""
    badge = PatternRecognizer("BADGE", patterns=[Pattern("badge", r"\bB\d{4}\b", 0.3)], context=["badge"])
    analyzer.registry.add_recognizer(badge)
    (alone,) = analyzer.analyze("it is B1234", language="en", entities=["BADGE"])
    (named,) = analyzer.analyze("the badge is B1234", language="en", entities=["BADGE"])
    assert named.score > alone.score
