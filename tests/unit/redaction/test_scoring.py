"""Scores of redaction, each counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.scoring import Counts, Gold, Judged, by_type, count, score
from compliance_bot.redaction.spans import Span

#       0         1         2         3
#       0123456789012345678901234567890
TEXT = "Anna Berg called Bo on Monday."


def gold(start: int, end: int, type_: str = "PERSON", *also: str, is_required: bool = True) -> Gold:
    return Gold(start=start, end=end, type=type_, types=frozenset({type_, *also}), is_required=is_required)


def found(start: int, end: int, type_: str = "PERSON") -> Span:
    return Span(start=start, end=end, type=type_, score=1.0)


def judged(golds: list[Gold], spans: list[Span], text: str = TEXT) -> Judged:
    return Judged(where="here", text=text, gold=tuple(golds), found=tuple(spans))


def test_everything_is_counted() -> None:
    one = judged([gold(0, 9), gold(17, 19)], [found(0, 9), found(23, 29, "DATE_TIME")])
    assert count(one) == Counts(
        gold=2,
        strict=1,
        covered=1,
        gold_characters=11,
        covered_characters=9,
        found=2,
        right=1,
        found_characters=15,
        right_characters=9,
        gold_tokens=3,  # Anna, Berg, Bo
        found_tokens=3,  # Anna, Berg, Monday
        both_tokens=2,
    )
    scores = score([one])
    values = {name: measure.value for name, measure in scores.measures.items()}
    assert values == pytest.approx(
        {
            "covering_recall": 1 / 2,
            "strict_recall": 1 / 2,
            "precision": 1 / 2,
            "character_recall": 9 / 11,
            "character_precision": 9 / 15,
            "token_recall": 2 / 3,
            "token_precision": 2 / 3,
            "token_f1": 2 / 3,
            "token_f2": 5 * 2 / (4 * 3 + 3),
        }
    )


@pytest.mark.parametrize(
    ("spans", "strict", "covered", "right"),
    [
        ([found(0, 9)], 1, 1, 1),
        ([found(0, 9, "LOCATION")], 0, 1, 0),  # right borders, wrong type
        ([found(0, 16)], 0, 1, 0),  # wider
        ([found(0, 4), found(5, 9)], 0, 1, 0),  # in two pieces: only the blank between is left
        ([found(0, 4)], 0, 0, 0),
        ([found(0, 8)], 0, 0, 0),  # the last letter is left
        ([], 0, 0, 0),
    ],
)
def test_strict_is_the_same_span_and_covered_is_no_letter_left(
    spans: list[Span], strict: int, covered: int, right: int
) -> None:
    counts = count(judged([gold(0, 9)], spans))
    assert (counts.strict, counts.covered, counts.right) == (strict, covered, right)


def test_any_type_that_the_label_stands_for_is_right() -> None:
    one = judged([gold(23, 29, "DATE_TIME", "DATE_OF_BIRTH")], [found(23, 29, "DATE_OF_BIRTH")])
    assert (count(one).strict, count(one).right) == (1, 1)


def test_punctuation_around_letters_need_not_be_masked_and_a_span_without_letters_must_be() -> None:
    text = "(Bo) ***"
    assert count(judged([gold(0, 4)], [found(1, 3)], text)).covered == 1
    assert count(judged([gold(5, 8)], [found(5, 7)], text)).covered == 0
    assert count(judged([gold(5, 8)], [found(5, 8)], text)).covered == 1


def test_what_need_not_be_masked_counts_neither_way() -> None:
    free = gold(23, 29, "DATE_TIME", is_required=False)
    assert count(judged([free], [found(23, 29, "DATE_TIME")])) == Counts()
    assert count(judged([free], [])) == Counts()
    counts = count(judged([free], [found(20, 29, "DATE_TIME")]))  # "on" besides is wrong
    assert (counts.found, counts.found_characters, counts.found_tokens) == (0, 3, 1)


def test_a_required_span_prevails_over_one_that_need_not_be() -> None:
    one = judged([gold(0, 4), gold(0, 9, is_required=False)], [found(0, 9)])
    counts = count(one)
    assert (counts.gold, counts.covered, counts.found, counts.right) == (1, 1, 1, 0)
    assert (counts.found_characters, counts.right_characters) == (4, 4)


def test_recall_goes_by_the_labelled_type_and_precision_by_the_type_found() -> None:
    one = judged([gold(0, 9), gold(17, 19, "LOCATION")], [found(0, 9), found(17, 19), found(23, 29)])
    types = by_type([one])
    assert list(types) == ["LOCATION", "PERSON"]
    assert (types["LOCATION"].gold, types["LOCATION"].strict, types["LOCATION"].covered) == (1, 0, 1)
    assert types["LOCATION"].measures["precision"].value is None
    assert (types["PERSON"].gold, types["PERSON"].found, types["PERSON"].right) == (1, 3, 1)
    assert types["PERSON"].measures["character_precision"].value == pytest.approx(11 / 17)


def test_the_intervals_are_the_same_each_time_and_hold_the_figure() -> None:
    texts = [
        judged([gold(0, 9), gold(17, 19)], [found(0, n % 9 + 1), found(17, 17 + n % 12)][n % 2 :]) for n in range(50)
    ]
    f2 = score(texts).measures["token_f2"]
    assert (f2.low, f2.value, f2.high) == pytest.approx((0.484094, 0.546448, 0.615797), abs=1e-6)
    assert score(texts) == score(texts)


def test_no_texts_and_no_labels_are_no_figures() -> None:
    for texts in ([], [judged([], [])]):
        assert {measure.value for measure in score(texts).measures.values()} == {None}


borders = st.tuples(st.integers(0, 28), st.integers(1, 12)).map(lambda pair: (pair[0], min(30, sum(pair))))


@given(golds=st.lists(borders, max_size=4), start=st.integers(0, 28), size=st.integers(1, 12))
def test_counts_agree_with_each_other(golds: list[tuple[int, int]], start: int, size: int) -> None:
    counts = count(judged([gold(*one) for one in golds], [found(start, min(30, start + size))]))
    assert counts.strict <= counts.covered <= counts.gold
    assert counts.covered_characters == counts.right_characters <= min(counts.gold_characters, counts.found_characters)
    assert counts.both_tokens <= min(counts.gold_tokens, counts.found_tokens)
    assert counts.right <= counts.found == 1
