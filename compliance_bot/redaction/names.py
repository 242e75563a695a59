"""Complete what was found: the honorific before a name, an address's numbers, and the same name elsewhere in the text.

A person who is named once in full is known by a part of the name afterwards: "Maria Lopez … Ms Lopez … Maria". So each
part of a found name is looked for in the whole text, unless the text also uses it as an ordinary word. Places and
organisations are looked for as they were found.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.people import HONORIFIC, INITIAL, NO_NAME, UPPER, begins_word
from compliance_bot.redaction.places import with_numbers
from compliance_bot.redaction.spans import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

PROPAGATED = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
SURE = 0.6  # the least score of a name that is looked for elsewhere
_SHORTEST = 3  # letters of a part of a name that is looked for by itself
_REACH = 40

_HONOURED = re.compile(rf"(?:(?<!\w){HONORIFIC}[ ]{{1,2}}\n?){{1,2}}\Z")
_INITIALS = re.compile(rf"(?<![\w.])(?:{INITIAL}[ ]?)\Z")
# What somebody is in a case, and no part of the name after it.
_PARTY = r"""(?:plaintiff|defendant|appellant|appellee|respondent|petitioner|claimant|applicant|complainant|witness
    |patient|customer|borrower|lender|guarantor|tenant|landlord|employee|employer|juror|accused)(?:e?s)?"""
_PARTIES = re.compile(rf"(?ix) (?:{_PARTY} (?![\w'’-]) [ \n]{{0,2}})+")
# What is nobody's name by itself; before a name it may be meant as a part of it.
_OFFICE = r"(?:judge|justice|lord|lady|chief|counsel|congress|parliament|prosecutor|director|manager|your[ ]honou?r)s?"
_NOBODY = re.compile(rf"(?ix) (?:(?:{_PARTY} | {_OFFICE}) (?![\w'’-]) [ \n]{{0,2}})+")
_SUFFIX = re.compile(r",?[ ](?:Jr|Sr)\b\.?|,?[ ](?:II|III|IV)\b")
_WORD = re.compile(r"[^\W\d_]+")
_SMALL = re.compile("[a-zà-ÿ]{3,}")
_FEW = 8  # names that are searched for one by one
_IS_SMALL, _IS_LETTER = re.compile("[a-zà-ÿ]"), re.compile(r"[^\W\d_]")
NAME_WORD = re.compile(rf"[{UPPER}][^\W\d_]*")  # also from the middle of a word: `begins_word` tells


def completed(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return the spans, people's names with their honorifics, and further ones where the same names stand again."""
    named = [named for span in spans if (named := _named(text, span))]
    whole = [_with_honorific(text, span) if span.type == "PERSON" else span for span in with_numbers(text, named)]
    known = [span for span in whole if span.type in PROPAGATED and span.score >= SURE]
    return [*whole, *_repeated(text, known)] if known else whole


def _named(text: str, span: Span) -> Span | None:
    """Return a person's name without the party's role before it; nothing where there is no name, as in "Counsel"."""
    if span.type != "PERSON":
        return span
    nobody = _NOBODY.match(text, span.start, span.end)
    if nobody and nobody.end() == span.end:
        return None
    party = _PARTIES.match(text, span.start, span.end)
    return replace(span, start=party.end()) if party else span


def _with_honorific(text: str, span: Span) -> Span:
    """Return a person's name with the initials and honorifics before it, and `Jr.` after it."""
    start, end = span.start, span.end
    for before in (_INITIALS, _HONOURED):
        if (start and text[start - 1] in " \n.") and (match := before.search(text, max(0, start - _REACH), start)):
            start = match.start()
    if match := _SUFFIX.match(text, end):
        end = match.end()
    return replace(span, start=start, end=end)


def _repeated(text: str, known: Iterable[Span]) -> Iterator[Span]:
    """Yield the places of names that are known: parts of people's, others as a whole."""
    parts: dict[str, Span] = {}
    wholes: dict[str, dict[str, Span]] = {}  # by their first word
    ordinary = _Ordinary(text)
    for span in known:
        value = text[span.start : span.end]
        if span.type == "PERSON":
            parts |= {part: span for part in _parts(value) if part.lower() not in ordinary}
        elif first := NAME_WORD.search(value):
            name = value[first.start() :]
            if len(name) > _SHORTEST and name.lower() not in ordinary:
                wholes.setdefault(first.group(), {})[name] = span
    sizes = {word: sorted(set(map(len, names))) for word, names in wholes.items()}
    for start, word in _stand(text, parts.keys() | wholes.keys()):
        if (named := parts.get(word)) is not None:
            yield _again(named, start, start + len(word))
        for end in (start + size for size in sizes.get(word, ())):
            whole = wholes[word].get(text[start:end])
            if whole is not None and not text[end : end + 1].isalnum():
                yield _again(whole, start, end)


class _Ordinary:
    """The words of a text in lower case, looked for one by one while they are few."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._asked = 0
        self._all: frozenset[str] | None = None

    def __contains__(self, word: str) -> bool:
        if not _SMALL.fullmatch(word):
            return False
        self._asked += 1
        if self._asked > _FEW:
            self._all = self._all or frozenset(_SMALL.findall(self._text))
            return word in self._all
        return any(map(self._is_whole, _places(self._text, word), repeat(len(word))))

    def _is_whole(self, start: int, size: int) -> bool:
        end = start + size
        return not (_IS_SMALL.match(self._text, end) or (start and _IS_SMALL.match(self._text, start - 1)))


def _stand(text: str, words: Collection[str]) -> Iterator[tuple[int, str]]:
    """Yield where each of the capitalised `words` stands by itself; digits may follow it."""
    if len(words) > _FEW:
        for match in NAME_WORD.finditer(text):
            if match.group() in words and begins_word(text, match.start()):
                yield match.start(), match.group()
        return
    yield from sorted(
        (start, word)
        for word in words
        for start in _places(text, word)
        if begins_word(text, start) and not _IS_LETTER.match(text, start + len(word))
    )


def _places(text: str, word: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def _parts(name: str) -> Iterator[str]:
    """Yield the words of a person's name by which the person may be called elsewhere."""
    words = [match.group() for match in _WORD.finditer(re.sub(rf"^(?:{HONORIFIC}\s+)+", "", name))]
    for word in words:
        is_name = len(word) >= _SHORTEST and word[0].isupper() and word.lower() not in NO_NAME
        if is_name:
            yield word
            yield word.capitalize() if word.isupper() else word.upper()


def _again(span: Span, start: int, end: int) -> Span:
    return Span(start=start, end=end, type=span.type, score=span.score, source="propagation")
