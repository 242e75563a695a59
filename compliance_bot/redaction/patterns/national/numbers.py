"""All national numbers in one pass: groups of letters and digits, then only the formats of their shape.

A value is what its check digits or its form say, and where these let too many others pass, what a word before it says.
Beside its own word a value with wrong check digits counts a little over the threshold: most are misprints, and the word
leaves no doubt what it is. Linear: a window is at most ten groups and 24 characters, a look back at most 60.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from compliance_bot.redaction.cues import MARKER
from compliance_bot.redaction.patterns.national import (
    britain,
    east,
    france,
    germany,
    iberia,
    italy,
    neighbours,
    nordics,
    world,
)
from compliance_bot.redaction.patterns.outline import outline
from compliance_bot.redaction.patterns.scan import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from compliance_bot.redaction.patterns.national.format import Format

REACH = 60  # characters before a value in which a word can speak for it
SHORT_REACH = 30  # and where no check digits do
MOST_GROUPS = 10
MIN_LENGTH, MAX_LENGTH = 6, 20
MIN_RUN = 4  # from the first digit on
FAR = 1 << 10
NAMED, MISPRINTED = 0.75, 0.55  # beside a word: without check digits, with wrong ones

COUNTRIES = (germany, france, iberia, italy, britain, neighbours, nordics, east, world)
_FORMATS: tuple[Format, ...] = tuple(one for country in COUNTRIES for one in country.FORMATS)
TYPES = tuple(dict.fromkeys(one.type for one in _FORMATS))
_WORDS = {one.words: re.compile(one.words) for one in _FORMATS}

# At most one mark and two blanks between groups, or the end of a line.
_GAP = r"(?:[ ]?[-./+][ ]?|[ ])(?:\r?\n[ ]{0,4})?|\r?\n[ ]{0,4}"
_RUN = re.compile(rf"0[0Aa]{{0,23}}(?:(?:{_GAP})(?:0[0Aa]{{0,23}}|A{{1,6}}(?:0[0Aa]{{0,17}}|(?![Aa]))))*".encode())
_AMOUNT = re.compile(r"[0-9][.,]\Z|[$€£¥]\s?\Z")
_DECIMALS = re.compile(r"[.,][0-9]|[ ]?%")
_HEAD_REVERSED = re.compile(r"[A-Za-z]{0,16}(?:(?:[ .-]|(?<=[A-Z]))[A-Z]{1,6}(?![A-Za-z0-9])){0,2}")
_GROUPS = re.compile(r"[0-9A-Za-z]+")
_TO_SHAPE = str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "9" * 10 + "A" * 26)
_LETTER = re.compile(r"[^\W\d_]")


class _Window(NamedTuple):
    """Consecutive groups read as one value."""

    start: int
    end: int
    groups: range  # their places in the run
    compact: str
    layout: str
    is_whole: bool  # no other number stands beside it in the run
    is_joined: bool  # by a mark to what stands beside it
    said: str  # before it; empty where that says nothing
    formats: tuple[Format, ...]  # what it can be


class _Claim(NamedTuple):
    """A reading of a window."""

    nearness: int  # of the word for it: the greater, the nearer
    groups: range
    found: Found


def national_numbers(text: str) -> Iterator[Found]:
    """Yield the national numbers in `text`, disjoint within a run of groups."""
    for run in _RUN.finditer(outline(text).shape):
        if run.end() - run.start() < MIN_RUN:
            continue  # most numbers of a text: a paragraph, an age
        claims = [claim for window in _windows(text, _groups(text, *run.span())) for claim in _claims(text, window)]
        taken: set[int] = set()
        for claim in sorted(claims, key=_rank, reverse=True):
            if taken.isdisjoint(claim.groups):
                taken.update(claim.groups)
                yield claim.found


def _rank(claim: _Claim) -> tuple[float, int, int, int]:
    return claim.found.score, claim.nearness, claim.found.end - claim.found.start, -claim.found.start


def _groups(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the groups of a run, with the letters before its first digit; none that is a piece of a longer word."""
    head = _HEAD_REVERSED.match(text[max(0, start - 24) : start][::-1])
    start -= head.end() if head else 0
    groups = [match.span() for match in _GROUPS.finditer(text, start, end)]
    if text[end : end + 1].isalnum():
        groups.pop()
    if start and text[start - 1].isalnum():
        groups = groups[1:]
    return groups


def _windows(text: str, groups: Sequence[tuple[int, int]]) -> Iterator[_Window]:
    """Yield the stretches of groups whose letters and digits have the shape of some format."""
    for first, (start, _) in enumerate(groups):
        compact, sizes, said = "", [], _said(text, start)
        for last in range(first, min(first + MOST_GROUPS, len(groups))):
            end = groups[last][1]
            compact += text[groups[last][0] : end].upper()
            sizes.append(str(end - groups[last][0]))
            if len(compact) > MAX_LENGTH:
                break
            if len(compact) < MIN_LENGTH:
                continue
            shape, layout = compact.translate(_TO_SHAPE), " ".join(sizes)
            formats = _formats(shape) if said else _alone(shape, layout)
            if not formats:
                continue
            before = text[groups[first - 1][1] : start] if first else ""
            after = text[end : groups[last + 1][0]] if last + 1 < len(groups) else ""
            yield _Window(
                start=start,
                end=end,
                groups=range(first, last + 1),
                compact=compact,
                layout=layout,
                is_whole=not after and (not before or text[groups[first - 1][0] : groups[first - 1][1]].isalpha()),
                is_joined=_is_joined(text, start, before) or _is_joined(text, end, after),
                said=said,
                formats=formats,
            )


def _is_joined(text: str, place: int, gap: str) -> bool:
    """Say whether what stands at `place` is a part of a longer code, an amount or a decimal number."""
    if gap:
        return gap.strip() != "" and not gap.endswith((" ", "\n"))
    return _AMOUNT.search(text, max(0, place - 2), place) is not None or _DECIMALS.match(text, place) is not None


def _claims(text: str, window: _Window) -> Iterator[_Claim]:
    for one in window.formats:
        if one.form and not one.form(window.compact):
            continue
        distance = _distance(window.said, one.words)
        score = _score(one, window, distance, marks=text[window.start : window.end])
        if score:
            found = Found(window.start, window.end, one.type, score)
            yield _Claim(nearness=-distance, groups=window.groups, found=found)


def _score(one: Format, window: _Window, distance: int, *, marks: str) -> float:
    is_set = window.layout in one.layouts
    is_near = distance <= SHORT_REACH and (is_set or " " not in window.layout or window.is_whole)
    could_be_alone = is_set and not window.is_joined and (not one.marks or any(mark in marks for mark in one.marks))
    if distance > REACH and not (one.alone and could_be_alone):
        return 0.0
    if one.check and not _passes(one.check, window.compact):
        return MISPRINTED if is_near else 0.0
    by_word = 1.0 if one.check and distance <= REACH else NAMED if is_near else 0.0
    return max(by_word, one.alone if could_be_alone else 0.0)


def _passes(check: Callable[[str], bool], value: str) -> bool:
    try:
        return check(value)
    except (LookupError, ValueError):
        return False  # a few of stdnum's raise on a date or a place that does not exist


def _said(text: str, start: int) -> str:
    """Return what stands before a value; nothing where no letter does. Markers do not count."""
    before = text[max(0, start - REACH) : start]
    if "<" in before:
        before = MARKER.sub(lambda match: " " * len(match.group()), before)
    return before if _LETTER.search(before) else ""


def _distance(said: str, labels: str) -> int:
    """Return how far before its end the last label stands; beyond any reach when there is none."""
    ends = [match.end() for match in _WORDS[labels].finditer(said)] if said else []
    return len(said) - ends[-1] if ends else FAR


@lru_cache(maxsize=4096)
def _formats(shape: str) -> tuple[Format, ...]:
    """Return the formats that a string of 9 and A can be."""
    return tuple(one for one in _FORMATS if any(_is_of(shape, form) for form in one.shapes))


@lru_cache(maxsize=4096)
def _alone(shape: str, layout: str) -> tuple[Format, ...]:
    """Return those of the formats that need no word for a value set like this."""
    return tuple(one for one in _formats(shape) if one.alone and layout in one.layouts)


def _is_of(shape: str, form: str) -> bool:
    return len(shape) == len(form) and all(f in ("X", s) for f, s in zip(form, shape, strict=True))
