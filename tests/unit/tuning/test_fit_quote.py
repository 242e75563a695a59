"""The fit runs from data to weights that load, on a small invented corpus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from compliance_bot.models.coefficients import COEFFICIENTS, WORDS
from compliance_bot.models.quote import QuoteChatModel
from compliance_bot.tuning import fit_quote
from compliance_bot.tuning.fit_quote import Judged, auroc, balanced_threshold
from compliance_bot.tuning.quote_corpora import CorpusMissing, Retriever, read_obliqa, read_xquad

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TOPICS = "ledger harbour violin glacier orchard lantern compass saddle anchor quarry".split()


def _judged(score: float, *, is_answerable: bool) -> Judged:
    return Judged(first=True, three=True, score=score, is_about=True, is_answerable=is_answerable)


def _write(path: Path, body: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body), encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    articles = []
    for topic in TOPICS:
        context = f"The {topic} is old. A {topic} weighs nine pounds. Nobody sells it."
        answer = {"answer_start": context.index("nine"), "text": "nine pounds"}
        qas = [{"question": f"How much does the {topic} weigh?", "answers": [answer]}]
        articles.append({"paragraphs": [{"context": context, "qas": qas}]})
    _write(tmp_path / "xquad" / "xquad.en.json", {"data": articles})
    questions = []
    for n, topic in enumerate(TOPICS, 1):
        row = {"DocumentID": n, "PassageID": "1", "Passage": f"A firm must insure each {topic} that it keeps in store."}
        _write(tmp_path / "obliqa" / "documents" / f"{n}.json", [row, {**row, "PassageID": "2", "Passage": " "}])
        questions.append({"Question": f"What must a firm do with a {topic}?", "Passages": [row]})
    _write(tmp_path / "obliqa" / "questions_dev.json", questions)
    _write(tmp_path / "nist80053" / "a_HIGH.json", {"groups": [{"prose": "The firm must keep records."}]})
    return tmp_path


def _vectors(texts: Sequence[str], cache: Path | None) -> np.ndarray:
    found = np.array([[topic in text for topic in TOPICS] for text in texts], dtype=np.float32)
    return found + np.float32(0.1)


def test_the_fit_writes_weights_that_load_and_answer(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fit_quote, "embed_texts", _vectors)
    out = data / "weights"
    _write(out / WORDS, {"strength": 10, "alike": [["heavy", "weight"]], "shares": {}})
    fit_quote.main(["--data", str(data), "--out", str(out)])
    assert "xquad 10 questions: first 1.0" in capsys.readouterr().out
    learned = json.loads((out / COEFFICIENTS).read_text(encoding="utf-8"))
    assert learned["ranked"]["features"]["coverage"]["weight"] > 0
    assert json.loads((out / WORDS).read_text(encoding="utf-8"))["shares"]["firm"] > 0.5
    assert QuoteChatModel(folder=out).manifest_hash


def test_the_corpora_are_read_with_their_gold(data: Path) -> None:
    xquad, obliqa = read_xquad(data), read_obliqa(data, 3)
    question = xquad.asked[4]
    start, end = question.answers[0]
    (gold,) = question.gold
    assert xquad.sources[gold].text[start:end] == "nine pounds"
    assert [asked.gold for asked in obliqa.asked] == [{0}, {1}, {2}]
    assert len(obliqa.sources) == len(TOPICS)


def test_what_is_left_out_of_a_search_is_not_found(data: Path) -> None:
    corpus = read_xquad(data)
    retriever = Retriever(corpus, _vectors([source.text for source in corpus.sources], None))
    vector = _vectors(["violin"], None)[0]
    found, evidence = retriever.search("violin", vector, 3, frozenset())
    assert found[0].id == corpus.sources[2].id
    assert evidence.scores[found[0].id].fused == pytest.approx(1.0)
    without, _ = retriever.search("violin", vector, 3, frozenset({2}))
    assert corpus.sources[2].id not in [source.id for source in without]


def test_absent_data_is_said_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(CorpusMissing, match=r"xquad\.en\.json is not there"):
        read_xquad(tmp_path)


def test_the_figures_of_abstention_are_the_textbook_ones() -> None:
    judged = [_judged(score, is_answerable=True) for score in (0.5, 1.0, 2.0, -0.5)]
    judged += [_judged(score, is_answerable=False) for score in (-2.0, -1.0, 0.75, -0.5)]
    assert auroc(judged) == pytest.approx(13.5 / 16)
    threshold = balanced_threshold(judged)
    refused = sum(one.score < threshold for one in judged if one.is_answerable)
    assert refused == sum(one.score >= threshold for one in judged if not one.is_answerable) == 1
