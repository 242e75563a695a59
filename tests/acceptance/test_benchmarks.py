"""The benchmarks run on a small invented data set: what they measure is real, and the figures are where they belong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from compliance_bot.store.embedded import destroy
from tests.benchmarks import (
    absent,
    answers,
    askers,
    backup,
    classes,
    filtered,
    masked,
    policy,
    question,
    redaction,
    retrieval,
)
from tests.benchmarks.homes import Setup
from tests.benchmarks.page import render
from tests.benchmarks.pieces import SHARES
from tests.benchmarks.run import FIGURES, PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.benchmarks.pieces import Pieces

_SHIPS = "heron osprey plover curlew dunlin avocet gannet petrel fulmar skua".split()
_DUTIES = (
    ("logs its departure with the harbour office", "Where does the {} log its departure?"),
    ("carries forty barrels of tar", "How many barrels does the {} carry?"),
    ("is painted every second spring", "When is the {} painted?"),
)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    data = tmp_path_factory.mktemp("data")
    facts = [(f"The {ship} {duty}.", asked.format(ship)) for ship in _SHIPS for duty, asked in _DUTIES]
    (data / "obliqa" / "documents").mkdir(parents=True)
    passages = [
        {"ID": f"id-{n}", "DocumentID": 1, "PassageID": str(n), "Passage": text} for n, (text, _) in enumerate(facts)
    ]
    dump(data / "obliqa" / "documents" / "1.json", passages)
    keys = ("DocumentID", "PassageID", "Passage")
    asked = [
        {"QuestionID": f"q{n}", "Question": text, "Passages": [{key: passages[n][key] for key in keys}]}
        for n, (_, text) in enumerate(facts)
    ]
    dump(data / "obliqa" / "questions_dev.json", asked)
    articles = [{"title": ship, "paragraphs": [paragraph(ship)]} for ship in _SHIPS]
    (data / "xquad").mkdir()
    dump(data / "xquad" / "xquad.en.json", {"data": articles})
    (data / "pii").mkdir()
    dump(
        data / redaction.SETS["presidio-research"], [{"full_text": "Write to a.b@example.net.", "spans": [mail(9, 24)]}]
    )
    dump(data / redaction.SETS["ambientmeta"], {"text": "From a.b@example.net.", "annotations": [mail(5, 20)]})
    homes = tmp_path_factory.mktemp("homes")
    yield Setup(data=data, homes=homes, wide=60)
    for home in homes.glob("*/home"):
        destroy(home)


def dump(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value), encoding="utf-8")


def mail(start: int, end: int) -> dict[str, Any]:
    return {"start_position": start, "end_position": end, "entity_type": "EMAIL_ADDRESS"}


def paragraph(ship: str) -> dict[str, Any]:
    context = " ".join(f"The {ship} {duty}." for duty, _ in _DUTIES)
    return {
        "context": context,
        "qas": [
            {
                "id": f"{ship}-{n}",
                "question": asked.format(ship),
                "answers": [{"answer_start": context.index(duty), "text": duty}],
            }
            for n, (duty, asked) in enumerate(_DUTIES)
        ],
    }


def test_retrieval_finds_what_is_there_and_scores_as_bm25s_does(setup: Setup) -> None:
    figures = retrieval.run(setup)
    assert figures["questions"] == 30
    assert figures["metrics"]["recall@10"] == 1.0
    assert figures["equal_to_bm25s"] == dict.fromkeys(("1", "10", "50", "100"), 1.0)


def test_retrieval_in_masked_text_is_measured_beside_the_same_with_nothing_masked(setup: Setup) -> None:
    figures = masked.run(setup)
    assert figures["nothing"]["metrics"]["recall@10"] == 1.0
    assert figures["nothing"]["placeholders"] == 0 < figures["most"]["placeholders"]
    assert figures["most"]["passages"] == figures["most"]["questions"] == 30
    part = {"commit": "c", "date": "d", "machine": "m", "seconds": 1, "figures": figures}
    assert "| nothing masked | " in render({"masked": part})


def test_questions_are_timed_for_each_readable_share_of_both_corpora(setup: Setup) -> None:
    figures = question.run(setup)
    assert figures["obliqa"]["chunks"] == 30
    assert figures["wide"]["chunks"] > 50
    for one in figures.values():
        assert list(one["ms"]) == ["100", "50", "10", "1"]
        assert 0 < one["ms"]["100"]["compose"]["p50"] <= one["ms"]["100"]["everything"]["p95"]
        assert 50 < one["memory"]["process_peak_mb"] < 1500
        assert one["found_of_best"]["100"]["words"] > 0.9
        assert one["found_of_best"]["100"]["vectors"] > 0.9


def test_redaction_is_timed_beside_stock_presidio_and_judged_on_labelled_texts(setup: Setup) -> None:
    figures = redaction.run(replace(setup, limit=10))
    assert figures["speed"]["stock"]["stock_over_this"] == 1.0
    assert figures["speed"]["patterns"]["ms"] > 0
    assert figures["stream"]["token_us"] > 0
    assert set(figures["lines"]["seconds"]) == {"1", "2"}
    for name in redaction.SETS:
        assert (
            figures["found"][name]["ours"]["strict_recall"] == figures["found"][name]["stock"]["strict_recall"] == 1.0
        )
    part = {"commit": "c", "date": "d", "machine": "m", "seconds": 1, "figures": figures}
    assert "| ambientmeta | 1 | 1.000 / 1.000 |" in render({"redaction": part})


def test_the_filtered_search_is_judged_by_comparing_everything(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    def peer(_: Setup, given: Pieces, __: Path) -> dict[str, filtered.Found]:
        """Find nothing at all: the peer's packages are not here."""
        nothing: filtered.Found = ([[] for _ in given.questions], [1.0, 2.0])
        return {f"{way} {mark}": nothing for way in given.marks for mark in range(len(SHARES))}

    monkeypatch.setattr(filtered, "_theirs", peer)
    figures = filtered.run(setup)
    assert figures["chunks"] == 60
    for rows in figures["by"].values():
        assert {row["readable"] for row in rows.values()} == {0, 1, 6, 12, 30, 60}
        assert {row["ours"]["recall"] for row in rows.values()} == {1.0}
        assert {row["peer"]["recall"] for row in rows.values() if row["readable"]} == {0.0}
        assert all(0 < row["ours"]["p50"] <= row["ours"]["p95"] for row in rows.values())


def test_the_sentence_that_answers_is_found_and_its_absence_too(setup: Setup) -> None:
    figures = answers.run(setup)
    assert figures["questions"] == 30
    assert figures["three"] >= 0.9
    assert figures["auroc"] >= 0.8


def test_policies_cost_what_they_cost_and_both_ways_of_deciding_agree(setup: Setup) -> None:
    figures = policy.run(replace(setup, limit=20))
    assert figures["scope_ms"].keys() == {"10", "20"}
    assert figures["scope_ms"]["20"]["100"]["permitted"] > 0
    assert figures["agreement"]["pairs"] >= 2000
    assert figures["agreement"]["permitted"] > 0
    assert figures["agreement"]["mismatches"] == 0


def test_backups_are_timed_beside_the_plain_tools(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "TURNS", 1)
    figures = backup.run(setup)
    assert figures["passages"] == 30
    assert all(seconds > 0 for seconds in figures["s"].values())
    assert figures["s"].keys() == {"create", "verify", "restore", "pg_dump", "pg_restore"}
    assert 0.9 < figures["mb"]["backup"] / figures["mb"]["dump"] < 2
    part = {"commit": "c", "date": "d", "machine": "m", "seconds": 1, "figures": figures}
    assert "| restore it |" in render({"backup": part})


def test_very_many_classes_are_searched(setup: Setup) -> None:
    figures = classes.run(replace(setup, limit=50))
    assert figures["classes"] == 5000
    assert {name: one["readable"] for name, one in figures["by"].items()} == {
        "one class": 2, "0.1 %": 6, "10 %": 501, "all": 5001, "none": 0
    }  # fmt: skip


def test_forbidden_and_absent_are_compared_act_by_act(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absent, "WARM", 2)
    figures = absent.run(replace(setup, limit=4))
    assert {name: one["pairs"] for name, one in figures.items()} == {
        "show": 4, "history": 4, "delete": 4, "ask": 2, "search": 2
    }  # fmt: skip
    assert all(one["low"] <= one["median"] <= one["high"] for one in figures.values())


def test_several_ask_at_once_and_each_is_shown_their_own(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(askers, "WARM", 4)
    figures = askers.run(setup)
    assert figures["asked"] == 26
    assert all(one["per_second"] > 0 for one in figures["by"].values())
    monkeypatch.setattr(askers, "_readable", lambda *_: frozenset())
    with pytest.raises(AssertionError, match="shown to the wrong person"):
        askers.run(setup)


def test_the_page_is_what_the_figures_say() -> None:
    results = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == render(results)
