from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_bot.models.tagging import Word, case_of, windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    ("word", "case"),
    [
        ("maria", 1), ("Maria", 2), ("MARIA", 3), ("M", 4), ("McDonald", 5), ("iPhone", 5), ("3rd", 6), ("2024", 6),
        (",", 0), ("東京", 7), ("Özil", 2), ("ÖZIL", 3),
    ],
)  # fmt: skip
def test_the_way_a_word_is_written_has_a_class(word: str, case: int) -> None:
    assert case_of(word) == case


def _words(text: str) -> list[Word]:
    """Return the words and marks of a text, each of one token."""
    words: list[Word] = []
    at = 0
    for n, piece in enumerate(text.replace(".", " .").replace("!", " !").split()):
        at = text.index(piece, at)
        words.append(Word(at, at + len(piece), n, n + 1, 1))
        at += len(piece)
    return words


def _judged(windows: Sequence[tuple[int, int, int, int]]) -> list[int]:
    return [word for _, _, judged, stop in windows for word in range(judged, stop)]


@settings(deadline=None)
@given(text=st.text("ab .!\n", max_size=400), size=st.integers(60, 90))
def test_each_word_is_judged_once_inside_a_window_that_is_not_too_long(text: str, size: int) -> None:
    words = _words(text)
    windows = list(windows_of(text, words, size))
    assert _judged(windows) == list(range(len(words)))
    assert all(first <= judged < stop <= last and last - first <= size for first, last, judged, stop in windows)


def test_windows_end_where_sentences_do() -> None:
    text = "one two three. four five six. seven eight nine."
    assert list(windows_of(text, _words(text), 9)) == [(0, 8, 0, 8), (8, 12, 8, 12)]


def test_an_initial_ends_no_sentence() -> None:
    """What follows it would fit into no window with it: it is in one all the same."""
    text = "one two three. by J. Smith of Bonn"
    assert [window[:2] for window in windows_of(text, _words(text), 6)] == [(0, 4), (4, 10)]


def test_a_long_sentence_is_cut_with_words_in_common() -> None:
    text = "a " * 300
    windows = list(windows_of(text, _words(text), 160))
    assert _judged(windows) == list(range(300))
    (_, last, _, stop), (first, *_) = windows[:2]
    assert stop < last
    assert first < stop
