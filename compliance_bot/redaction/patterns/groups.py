"""Nationality, religion and party as attributes of people: a list of words, and what stands around them.

A nationality beside a law, a bank or another capital is about a state ("Italian law", "the German Federal Bank") and
scores less than the threshold. Religion and party of one person are the special categories; of nobody in particular
they are NRP. Starts at a capital.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.demonyms import (
    IMPERSONAL,
    LANGUAGES,
    NATIONAL,
    PERSONAL,
    POLITICAL,
    RELIGIOUS,
)
from compliance_bot.redaction.patterns.outline import Words, capitalised, outline
from compliance_bot.redaction.patterns.scan import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = ("NRP", "RELIGION", "POLITICAL_OPINION")

ABOUT_STATE, UNSURE, BARE, PLURAL, ABOUT_PERSON = 0.3, 0.45, 0.5, 0.6, 0.85
_NAMES = frozenset({"Christian", "Christians", "Conservative", "Roma", "Georgian", "Republican", "Democrat"})

_LONGEST = 15
_COMPOUND = re.compile(r"[ -]([A-Z][a-z]+)(?![a-z])")
_REGION = re.compile(r"(?:South|North)[ ]\Z")
_NEXT = re.compile(r"[ -]+([^\W\d_][\w-]*)")
_PREDICATE = re.compile(
    r"(?i)(?:\b(?:he|she|i|who|it)(?:'s|'m)|\b(?:is|was|as|became|being|am|born|raised|devout|practi[sc]ing"
    r"|registered|lifelong|ist|war|est|était|es)) (?:an? |eine?r? |une? |born |raised |also |half-|devout "
    r"|practi[sc]ing |registered |lifelong |committed |orthodox |roman )*\Z"
)
_LANGUAGE = re.compile(r"(?i)\b(?:in|into|from|to|speaks?|spoken|fluent|language)(?: the)? \Z")


def _with_plurals(words: frozenset[str]) -> frozenset[str]:
    return words | {f"{word}s" for word in words if not word.endswith(("s", "sh", "ch", "ese"))}


_NATIONAL, _RELIGIOUS, _POLITICAL = map(_with_plurals, (NATIONAL, RELIGIOUS, POLITICAL))
_ALL = _NATIONAL | _RELIGIOUS | _POLITICAL
_SOUGHT = Words(word for word in _ALL if len(word) <= _LONGEST)


def groups(text: str) -> Iterator[Found]:
    """Yield words for nationalities, religions and parties."""
    done = 0
    for first, found in capitalised(text, outline(text), _SOUGHT):
        if first < done or _is_piece(text, first, first + len(found)):
            continue
        done, word = first + len(found), found
        compound = _COMPOUND.match(text, done)
        if compound and compound[1] in _ALL:
            done, word = compound.end(), compound[1]
        region = _REGION.search(text, max(0, first - 6), first)
        start = region.start() if region else first
        score = _score(text, start, done, word)
        yield Found(start, done, _type(word, score), score)


def _is_piece(text: str, start: int, end: int) -> bool:
    return text[end : end + 1].isalnum() or (start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"))


def _type(word: str, score: float) -> str:
    if score < ABOUT_PERSON or word in _NATIONAL:
        return "NRP"
    return "RELIGION" if word in _RELIGIOUS else "POLITICAL_OPINION"


def _score(text: str, start: int, end: int, word: str) -> float:
    """Return how sure it is that a word is about people, by the word after it and those before."""
    follows = _NEXT.match(text, end)
    after = follows[1] if follows else ""
    before = text[max(0, start - 40) : start]
    if after[:1].isupper() or after.lower() in IMPERSONAL:
        return ABOUT_STATE
    if after in PERSONAL or _PREDICATE.search(before):
        return ABOUT_PERSON
    if word in LANGUAGES and (_LANGUAGE.search(before) or after in {"and", "or"} or not after):
        return ABOUT_STATE
    if word in _NAMES:
        return UNSURE
    return PLURAL if word.endswith("s") and word not in NATIONAL else BARE
