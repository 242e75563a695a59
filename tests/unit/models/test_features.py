"""The numbers by which units are compared with a question."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.models.contract import Source
from compliance_bot.models.features import (
    QUESTION_FEATURES,
    UNIT_FEATURES,
    Comparison,
    Evidence,
    Lexicon,
    ScoredPassage,
    compare,
    question_features,
)
from compliance_bot.records import ChunkId

PLAIN = Lexicon(shares={}, alike={}, strength=0.0)


def _source(text: str, n: int = 0, title: str = "") -> Source:
    return Source(id=ChunkId(f"{n:016x}"), title=title, text=text)


def _feature(found: Comparison, name: str, unit: int = 0) -> float:
    return float(found.features[unit, UNIT_FEATURES.index(name)])


def _coverage(question: str, text: str, lexicon: Lexicon = PLAIN) -> float:
    idf = {"bonus": 2.0, "record": 2.0, "kept": 2.0, "retain": 2.0}
    return _feature(compare(question, [_source(text)], lexicon, Evidence(idf=idf, passages=20)), "coverage")


def test_coverage_is_the_share_of_the_question_that_the_unit_has() -> None:
    assert _coverage("Bonus records kept?", "Bonus records are kept.") == pytest.approx(1.0)
    assert _coverage("Bonus records kept?", "Fees are due.") == 0.0
    assert _coverage("Bonus records kept?", "Records are kept.") == pytest.approx(2 / 3)


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    evidence = Evidence(idf={"bonus": 6.0, "record": 0.5}, passages=1000)
    found = compare("Bonus records?", [_source("Records stay. A bonus is paid.")], PLAIN, evidence)
    assert _feature(found, "coverage", 1) > 0.9
    assert _feature(found, "coverage", 0) < 0.1


def test_a_word_that_the_scope_lacks_is_the_rarest() -> None:
    found = compare("Bonus records?", [_source("Records stay.")], PLAIN, Evidence(idf={"record": 1.0}, passages=50))
    assert found.shares[0] > 0.7


def test_the_size_of_the_scope_is_estimated_from_its_rarest_word() -> None:
    idf = {"bonus": math.log(101 / 0.5), "record": math.log(101 / 30.5)}
    told = compare("Bonus records?", [_source("Records stay.")], PLAIN, Evidence(idf=idf, passages=100))
    guessed = compare("Bonus records?", [_source("Records stay.")], PLAIN, Evidence(idf=idf))
    assert guessed.shares == pytest.approx(told.shares, rel=1e-6)


def test_a_common_word_says_little_even_where_the_scope_is_too_small_to_know() -> None:
    words = Lexicon(shares={"period": 0.3}, alike={}, strength=200.0)
    source = _source("Client files are kept for six years.")
    assert compare("Client period?", [source], words).shares[1] < 0.25
    assert compare("Client period?", [source], PLAIN).shares[1] > 0.7


def test_synonyms_and_like_beginnings_count_a_little_less_than_the_word() -> None:
    alike = Lexicon(shares={}, alike={"retain": frozenset({"kept"})}, strength=0.0)
    assert _coverage("Retain?", "It is kept.", alike) == pytest.approx(0.9)
    assert _coverage("Disclosed?", "The disclosure is full.") == pytest.approx(0.8 * 7 / 9)
    assert _coverage("Disclosed?", "The discussion is full.") == 0.0


def test_a_phrase_counts_where_its_words_stand_close() -> None:
    near = compare("Bonus records?", [_source("The bonus record is complete.")], PLAIN)
    far = compare("Bonus records?", [_source("A bonus needs leave of many boards; none writes any record.")], PLAIN)
    assert (_feature(near, "phrase"), _feature(far, "phrase")) == (1.0, 0.0)


def test_what_only_title_and_neighbours_cover_is_told_apart() -> None:
    found = compare("Bonus records kept?", [_source("A bonus is paid. Files are kept.", title="Records")], PLAIN)
    assert _feature(found, "before", 1) == pytest.approx(1 / 3, abs=0.02)
    assert _feature(found, "after", 0) == pytest.approx(1 / 3, abs=0.02)
    assert _feature(found, "context", 1) == pytest.approx(2 / 3, abs=0.04)


def test_scores_of_retrieval_are_taken_from_the_evidence_and_unknown_without() -> None:
    sources = [_source("Files are kept.", 1), _source("Fees are due.", 2)]
    scores = {
        sources[0].id: ScoredPassage(lexical=4.0, cosine=0.6, fused=1.0),
        sources[1].id: ScoredPassage(lexical=2.0, cosine=0.3, fused=0.5),
    }
    found = compare("Files?", sources, PLAIN, Evidence(idf={}, scores=scores))
    assert [_feature(found, "lexical", n) for n in (0, 1)] == [1.0, 0.5]
    assert [_feature(found, "cosine", n) for n in (0, 1)] == [0.6, 0.3]
    assert math.isnan(_feature(compare("Files?", sources, PLAIN), "cosine"))


def test_the_features_of_a_question_are_those_of_its_best_unit() -> None:
    found = compare("Who keeps files?", [_source("Fees are due. Files are kept.")], PLAIN)
    row = dict(zip(QUESTION_FEATURES, question_features(found, 1), strict=True))
    assert row["coverage"] == _feature(found, "coverage", 1)
    assert row["words"] == math.log(3)


@given(st.text(max_size=60), st.lists(st.text(max_size=80), max_size=3))
def test_any_text_gives_bounded_features(question: str, texts: list[str]) -> None:
    sources = [_source(text, n) for n, text in enumerate(texts) if text.strip()]
    found = compare(question, sources, PLAIN)
    assert found.features.shape == (len(found.candidates), len(UNIT_FEATURES))
    assert not found.shares or sum(found.shares) == pytest.approx(1.0)
    shares = found.features[:, : UNIT_FEATURES.index("lexical")]
    assert np.all((shares >= 0) & (shares <= 1 + 1e-9))


def test_other_passages_change_nothing_when_the_evidence_is_given() -> None:
    evidence = Evidence(idf={"file": 1.0, "kept": 2.0}, passages=40)
    alone = compare("Files kept?", [_source("Files are kept.")], PLAIN, evidence)
    beside = compare("Files kept?", [_source("Files are kept."), _source("Keeping files, kept.", 1)], PLAIN, evidence)
    np.testing.assert_array_equal(alone.features[0], beside.features[0])
