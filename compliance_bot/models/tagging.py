"""What an entity tagger sees of a text, and what its scores mean: the same for training and for use.

The base model knows no capitals and no lines, so that each word's way of being written, and whether it begins a line,
go in beside it, as a class. A text is cut
into windows at the ends of sentences and lines; only a sentence longer than a window is cut inside, with an overlap.
No model here, and no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LABELS = ("O", "PERSON", "LOCATION", "ORGANIZATION")  # the columns of the scores
CASES = 16  # classes of a word: how it is written, and 8 more if it is the first of its line
WINDOW = 160  # tokens of a text that are looked at together, without [CLS] and [SEP]
OVERLAP = 24  # tokens that two windows of one sentence share on each side of a cut

_ENDS = frozenset(".!?")
_CLOSING = frozenset("\"')]”’»")


class Word(NamedTuple):
    """A word or a punctuation mark: text[start:end], its tokens, and how it is written."""

    start: int
    end: int
    first: int  # of its tokens
    last: int  # the one after them
    case: int


def case_of(word: str) -> int:
    """Return how a word is written: 1 small, 2 Title, 3 CAPITALS, 4 one capital, 5 mIxed, 6 digits, 0 and 7 other."""
    if not word[0].isalnum():
        return 0
    if any(map(str.isdigit, word)):
        return 6
    if word.islower():
        return 1
    if word.isupper():
        return 4 if len(word) == 1 else 3
    if word[0].isupper() and word[1:].islower():
        return 2
    return 5 if any(map(str.isupper, word)) else 7


def words_of(text: str, encoding: Any) -> list[Word]:
    """Return the words of a text that was encoded without special tokens."""
    words: list[Word] = []
    first, number, offsets = 0, None, encoding.offsets
    ids: list[int | None] = encoding.word_ids
    for position, word in enumerate([*ids, None]):
        if word != number or position == len(ids):
            if position > first:
                start, end = offsets[first][0], offsets[position - 1][1]
                before = words[-1].end if words else 0
                line = 8 if not words or "\n" in text[before:start] else 0
                words.append(Word(start, end, first, position, line + case_of(text[start:end])))
            first, number = position, word
    return words


def windows_of(text: str, words: Sequence[Word], size: int = WINDOW) -> Iterator[tuple[int, int, int, int]]:
    """Yield windows of words as (first, last, first to be judged, last to be judged); each word is judged once."""
    sentences = list(_sentences(text, words))
    n = 0
    while n < len(sentences):
        first, last = sentences[n]
        n += 1
        if words[last - 1].last - words[first].first > size:
            yield from _cut(words, first, last, size)
            continue
        while n < len(sentences) and words[sentences[n][1] - 1].last - words[first].first <= size:
            last = sentences[n][1]
            n += 1
        yield first, last, first, last


def _sentences(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    first = 0
    for n, word in enumerate(words):
        if n + 1 == len(words):
            yield first, n + 1
            return
        between = text[word.end : words[n + 1].start]
        ends = text[word.start] in _ENDS or (text[word.start] in _CLOSING and n and text[words[n - 1].start] in _ENDS)
        # An initial or an abbreviation does not end a sentence: "J. Smith", "Dr. Lee".
        is_short = bool(n) and words[n - 1].end - words[n - 1].start <= 2
        if "\n" in between or (ends and between and not is_short):
            yield first, n + 1
            first = n + 1


def _cut(words: Sequence[Word], first: int, last: int, size: int) -> Iterator[tuple[int, int, int, int]]:
    start = judged = first
    while True:
        end = start + 1
        while end < last and words[end].last - words[start].first <= size:
            end += 1
        if end >= last:
            yield start, last, judged, last
            return
        stop = end
        while stop - 1 > judged and words[end - 1].last - words[stop - 1].first < OVERLAP:
            stop -= 1
        yield start, end, judged, stop
        judged = start = stop
        while start - 1 > 0 and words[judged].first - words[start - 1].first <= OVERLAP and start > first:
            start -= 1
