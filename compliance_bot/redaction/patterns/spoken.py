"""What the words before a number say that it is: from the end of a text backwards to one of the `labels`.

Two steps, since nearly all numbers have no label: `may_speak` looks at the last word alone, `labels_before` reads.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from compliance_bot.redaction.cues import MARKER
from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.patterns.labels import LABELS, LINKS, MOST_WORDS, NUMBER_WORDS, OF, SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compliance_bot.redaction.patterns.labels import Label

REACH = 72  # characters before a number that may speak for it
MOST_GAP = 12  # characters between the last word and the number
MOST_BETWEEN = 6  # words between a label and its colon: "Account number of Ms Maria Lopez: "

_LETTERS = "".join(map(chr, (*range(65, 91), *range(97, 123), *range(0xC0, 0x180))))
_GAP = " \t\r\n:;#№°.,=|*\"'`([{<>-~&)]/_"
_WORD = re.compile(r"[^\W\d_]{3,4}[12](?![^\W_])|[#№]|[^\W\d_]/[^\W\d_](?![^\W\d_])|[^\W\d_]+(?:['’]s(?![^\W_]))?")
# Backwards up to a number, an amount or a masked value: what is before speaks for that one. "CVV2" is no number.
_SPEAKING_REVERSED = re.compile(r"(?:[^0-9$€£¥%§\x00]|[12](?=[A-Za-z]{3,4}(?![0-9A-Za-z])))*")
_TAGS = re.compile(r"\s{0,4}</?[A-Za-z][^<>]{0,30}>\s{0,4}(?:<[A-Za-z][^<>]{0,30}>\s{0,4})?\Z")
_ENDS = frozenset(re.split("[ /]", phrase)[-1].rstrip("12") for phrase in LABELS) | NUMBER_WORDS | LINKS
_PREFIX = re.compile("[A-Z][A-Za-z]{0,4}")  # letters that belong to the number: "CH 123 456", "2 BvR 12/99"
MOST_PREFIXES = 2
_CURRENCIES = frozenset("AED AUD CAD CHF CNY DKK EUR GBP HKD INR JPY NOK PLN SAR SEK SGD USD".split())


class Spoken(NamedTuple):
    """A label, the least digits its value must have here, and how many letters of the value are before the number."""

    label: Label
    least: int
    letters: int
    is_numbered: bool


class _Word(NamedTuple):
    text: str  # lower case, without apostrophes
    start: int
    end: int


def plain(lead: str) -> str:
    """Return what stands before a number without masked values and without the tags of a table's cell.

    The end stays the end: places are counted from there.
    """
    if ">" not in lead:
        return lead
    lead = MARKER.sub(_blot, lead)
    tags = _TAGS.search(lead)
    return lead[: tags.start()] + "|" if tags and "/" in tags.group() else lead


def may_speak(lead: str, token: str) -> bool:
    """Say whether a number after `lead`, whose own token begins with `token`, can have a label. Cheap, and not sure."""
    words = lead.rstrip(_GAP)
    if ":" in lead[len(words) :]:
        return True
    if words[-1:] in ("1", "2") and words[-2:-1].isalpha():
        words = words[:-1]  # CVV2
    for _ in range(MOST_PREFIXES + 1):
        stem = words.rstrip(_LETTERS)
        word = words[len(stem) :]
        if _ends(word):
            return True
        if not _may_be_prefix(word):
            break
        words = stem.rstrip(_GAP)
    name = token.rstrip("-/_")
    return name != "" and _ends(name[len(name.rstrip(_LETTERS)) :])


def _ends(word: str) -> bool:
    word = word.lower()
    return word in _ENDS or word.endswith(SUFFIXES)


def _may_be_prefix(word: str) -> bool:
    return _PREFIX.fullmatch(word) is not None and not word[1:].islower() and word not in _CURRENCIES


def labels_before(text: str) -> Iterator[Spoken]:
    """Yield what the end of `text` says of a number that follows it, the likeliest first."""
    words = _words(text)
    start = len(text)
    for _ in range(MOST_PREFIXES + 1):
        if not words or len(gap := text[words[-1].end : start]) > MOST_GAP or gap.count("\n") > 2:
            return
        spoken = _spoken([word.text for word in words], gap)
        if spoken:
            label, least, is_numbered = spoken
            yield Spoken(label, least, len(text) - start, is_numbered)
        first = text[words[-1].start : words[-1].end]
        if (
            spoken
            or not _PREFIX.fullmatch(first)
            or first[1:].islower()
            or first in _CURRENCIES
            or gap not in (" ", "-", "")
        ):
            return
        start = words.pop().start


def _words(text: str) -> list[_Word]:
    """Return the words after the last number, amount or marker."""
    speaking = _SPEAKING_REVERSED.match(text[::-1])
    begin = len(text) - (speaking.end() if speaking else 0)
    words = _WORD.finditer(text, begin)
    return [_Word(word.group().lower().replace("’", "").replace("'", ""), *word.span()) for word in words]


def _blot(marker: re.Match[str]) -> str:
    return "\x00" * len(marker.group()) if marker.group()[1:-1] in KINDS else marker.group()


def _spoken(words: Sequence[str], gap: str) -> tuple[Label, int, bool] | None:
    """Return the label at the end of `words`, the least digits of its value, and whether a word for "number" stands."""
    end = len(words)
    while end and words[end - 1] in LINKS:
        end -= 1
    is_set_off = end < len(words) or any(character in gap for character in ':=|\t"')
    named = _named(words, end)
    if named is None and is_set_off:
        named = _named_before(words, end)
    if named is None:
        return None
    label, is_numbered = named
    least = label.least if is_numbered else label.colon if is_set_off else label.bare
    if not least or (not is_numbered and not is_set_off and "\n\n" in gap):
        return None
    return label, least, is_numbered


def _named(words: Sequence[str], end: int) -> tuple[Label, bool] | None:
    """Return the label of the phrase that ends before word `end`, and whether it has a word for "number"."""
    cut = end
    while cut and end - cut < 3 and words[cut - 1] in NUMBER_WORDS:
        cut -= 1
    for before in range(cut, end):
        if phrase := _longest(words, before):
            return phrase[0], True
    if phrase := _longest(words, end):
        label, begin = phrase
        begin -= begin > 0 and words[begin - 1] in OF
        return label, begin > 0 and words[begin - 1] in NUMBER_WORDS
    for suffix in SUFFIXES:
        stem = words[cut - 1].removesuffix(suffix) if cut and words[cut - 1].endswith(suffix) else ""
        if stem in LABELS:
            return LABELS[stem], True
    return None


def _longest(words: Sequence[str], end: int) -> tuple[Label, int] | None:
    for begin in range(max(0, end - MOST_WORDS), end):
        label = LABELS.get(" ".join(words[begin:end]))
        if label:
            return label, begin
    return None


def _named_before(words: Sequence[str], end: int) -> tuple[Label, bool] | None:
    """Return a label with its word for "number" and somebody's name between it and the colon."""
    for earlier in range(end - 1, max(0, end - 1 - MOST_BETWEEN), -1):
        if words[earlier] in NUMBER_WORDS or words[earlier] in LABELS:
            return None  # another number's
        named = _named(words, earlier)
        if named and named[1]:
            return named
    return None
