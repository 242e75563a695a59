"""The two files of what quote mode learned."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from compliance_bot.models.coefficients import (
    COEFFICIENTS,
    WORDS,
    UnreadableWeights,
    format_coefficients,
    format_words,
    parse_lexicon,
    parse_selector,
)
from compliance_bot.models.registry import shipped

FOLDER = shipped("quote")


def _shipped() -> tuple[str, str]:
    return (FOLDER / COEFFICIENTS).read_text(encoding="utf-8"), (FOLDER / WORDS).read_text(encoding="utf-8")


def test_the_shipped_files_survive_the_trip_unchanged() -> None:
    coefficients, words = _shipped()
    selector = parse_selector(coefficients, words)
    assert format_coefficients(selector) == coefficients
    assert format_words(selector.lexicon, json.loads(words)["alike"]) == words


def test_words_that_mean_the_same_are_compared_as_stems_both_ways() -> None:
    lexicon = parse_lexicon('{"strength": 1, "alike": [["retain", "kept"], ["kept", "held"]], "shares": {}}')
    assert lexicon.alike == {
        "retain": frozenset({"kept"}),
        "kept": frozenset({"retain", "held"}),
        "held": frozenset({"kept"}),
    }


def test_a_format_of_other_words_is_read_back() -> None:
    lexicon = replace(parse_lexicon(_shipped()[1]), shares={"file": 0.5}, alike={})
    assert parse_lexicon(format_words(lexicon, [])) == lexicon


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": "high"}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"note": 1}, "note"),
        ({"answered": {"features": {"coverage": {"weight": 1, "mean": 0}}}}, "expected the features coverage, phrase"),
    ],
)
def test_a_file_of_another_form_is_refused_by_field(change: dict[str, object], message: str) -> None:
    coefficients, words = _shipped()
    with pytest.raises(UnreadableWeights, match=message):
        parse_selector(json.dumps(json.loads(coefficients) | change), words)


def test_a_signed_word_weight_cannot_be_negative() -> None:
    with pytest.raises(UnreadableWeights, match=r"words\.json: strength"):
        parse_lexicon('{"strength": -1, "alike": [], "shares": {}}')
