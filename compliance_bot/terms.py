"""Turn text into the index terms of the lexical search: one definition for ingest and for questions.

Tokens are runs of letters and digits (inner dots, hyphens and apostrophes split, section numbers such as `3.3.32` stay
whole), lower-cased after NFKC and stemmed (Snowball: Arabic in its script, else English). Scripts without blanks
between words give a token per character. Marks on a letter (accents of their own, Arabic vowel signs) belong to its
word; the vowel signs, which most writers leave out, are not compared. Terms are the stems without function words, plus
bigrams of neighbouring tokens. A stored term is a 64-bit hash keyed by the tenant, so that the index is no dictionary.
What stands for personal data (`<PERSON_1>`) is one token like no other word: it counts towards a passage's length, and
is no term of it.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import Stemmer

# Han, kana and Hangul. Korean sets blanks, but adds particles to its words; bigrams of characters find both.
_UNSPACED = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_VOWEL_SIGNS = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"  # and the tatweel
_MARKS = f"\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7{_VOWEL_SIGNS}\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e4e"
_LETTER = rf"[^\W\d_{_UNSPACED}]"
_PLACEHOLDER = r"<[A-Z][A-Z0-9_]*_Q?[0-9]+>"  # redaction/placeholders.py
_TOKEN = re.compile(rf"{_PLACEHOLDER}|\d+(?:[.,]\d+)*|{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*|[{_UNSPACED}]")
_NOT_COMPARED = re.compile(f"[{_VOWEL_SIGNS}]")

# Function words say nothing about the topic of a passage.
STOP_WORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being below between both but by
    can could did do does doing down during each few for from further had has have having he her here hers him his
    if in into is it its itself just me more most my no nor not of off on once only or other our out over own per
    same she should so some such than that the their them then there these they this those through to too under
    until up upon us very was we were will with would you your shall may must""".split()
)

# A question's own words ("what", "how") are rare in rules and would outweigh its topic.
QUESTION_WORDS = frozenset(
    """what when where which who whom whose why how please tell explain describe list give mean means
    according specific regarding""".split()
)

_local = threading.local()


class Token(NamedTuple):
    """A word with its place in the text; `stem` is what is compared. A tuple, since a question makes thousands."""

    start: int
    end: int
    stem: str
    is_stop: bool


def _stem(word: str) -> str:
    stemmers = getattr(_local, "stemmers", None)
    if stemmers is None:
        # A Snowball stemmer keeps state, so each thread has its own.
        stemmers = _local.stemmers = (Stemmer.Stemmer("english"), Stemmer.Stemmer("arabic"))
    english, arabic = stemmers
    if "\u0600" <= word[:1] <= "\u06ff":  # articles and prepositions are written onto the word
        return arabic.stemWord(word) or word
    stem: str = english.stemWord(word)
    return stem


@lru_cache(maxsize=2**16)
def _read(written: str) -> tuple[str, bool]:
    """Return the stem of a word as written, and whether it is a function word. Words come back: most are kept."""
    if written[0] == "<":
        return written, False
    word = _NOT_COMPARED.sub("", unicodedata.normalize("NFKC", written)).casefold()
    return (_stem(word) if word else "", word in STOP_WORDS)


def tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of `text` in order, with character offsets into `text` itself."""
    return tuple(
        Token(*match.span(), *found)
        for match in _TOKEN.finditer(text)
        if (found := _read(match.group()))[0]  # a stretch of nothing but marks that are not compared is no word
    )


def content_stems(text: str) -> list[str]:
    """Return the stems of the words of `text` in order, without function words."""
    return [stem for stem, is_stop in map(_read, _TOKEN.findall(text)) if stem and not is_stop]


def content_places(text: str) -> list[tuple[int, str]]:
    """Return where each word of `text` begins, and its stem, without function words."""
    found = ((match.start(), *_read(match.group())) for match in _TOKEN.finditer(text))
    return [(start, stem) for start, stem, is_stop in found if stem and not is_stop]


def index_terms(text: str) -> tuple[str, ...]:
    """Return the terms of a passage in order: content stems, and bigrams of neighbours written `a b`.

    Whom a placeholder stands for is no word of the text: it is in no term, and no bigram reaches across it.
    """
    stems = content_stems(text)
    pairs = itertools.pairwise(stems)
    words = (stem for stem in stems if stem[0] != "<")
    return (*words, *(f"{a} {b}" for a, b in pairs if a[0] != "<" and b[0] != "<"))


def query_terms(question: str) -> tuple[str, ...]:
    """Return the distinct terms of a question, in order. Empty when it has only function words."""
    content = content_stems(question)
    kept = [stem for stem in content if stem not in _QUESTION_STEMS] or content
    bigrams = (f"{a} {b}" for a, b in itertools.pairwise(kept))
    return tuple(dict.fromkeys((*kept, *bigrams)))


def term_hash(term: str, key: bytes) -> int:
    """Return the stored form of a term: a signed 64-bit integer, different for each key (RFC 7693, keyed BLAKE2b)."""
    digest = hashlib.blake2b(term.encode(), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)


_QUESTION_STEMS = frozenset(map(_stem, QUESTION_WORDS))
