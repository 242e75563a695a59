"""Passports, identity cards, residence permits and visas by the word before the number, whatever state issued them.

The states' own formats, with their check digits, are in `national`; the lines that machines read are in `mrz`.
A number here is a word of letters and digits with at least four digits: nothing else is common to all states.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.cues import MARKER
from compliance_bot.redaction.patterns.national.format import words
from compliance_bot.redaction.patterns.outline import matches, outline
from compliance_bot.redaction.patterns.scan import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

REACH = 45  # characters between the beginning of a word and the number
SCORE, CLOSE_SCORE = 0.6, 0.85  # somewhere before; right before, "no." and the like between

# What a number needs to be at all: capitals and digits, six to fourteen, in up to three groups. Starts at a digit.
_VALUE = re.compile(r"[0-9](?<![0-9][0-9])[0-9A-Z]{2,13}(?:[ -][0-9A-Z]{3,8}){0,2}(?![0-9A-Za-z])")
_HEAD_REVERSED = re.compile(r"[ -](?!(?:ON|RN|DI|MUN)[ :.])[A-Z]{1,4}(?![A-Za-z0-9_])|[A-Z]{1,4}(?![A-Za-z0-9_])")
_LABELS = (
    ("RESIDENCE_PERMIT", words(
        r"residence (?:permit|card|title)", r"green card", r"aufenthalts(?:titel|erlaubnis)\w{0,7}",
        r"titre de s[ée]jour", r"carte de s[ée]jour", r"(?:tarjeta|permiso) de residencia", r"permesso di soggiorno",
        r"carta di soggiorno", r"alien registration", r"uscis\w{0,2}", r"immigrant number",
    )),
    ("VISA_NUMBER", words(
        r"visa (?:number|no|nr|permit|grant|control number|id)", r"visum ?(?:nummer|nr)", r"num[ée]ro de visa",
        r"n[úu]mero de visado", r"numero (?:di|del) visto", r"schengen visa", r"student visa", r"work visa",
    )),
    ("PASSPORT", words(
        r"passports?", r"passnummer\w{0,2}", r"reisepass\w{0,7}", r"passeports?", r"pasaportes?", r"passaport[eio]",
        r"paspoort\w{0,7}", r"paszport\w{0,3}", r"travel documents?", r"reisedokument\w{0,3}", r"document de voyage",
    )),
    ("NATIONAL_ID", words(
        r"national (?:id|identity|identification)(?: card| document)?", r"(?:personal)?ausweis(?: nr|nummer)?",
        r"id(?:entity|entification)? (?:card|document)s?", r"carte (?:nationale )?d'identit[ée]", "cni",
        r"(?:tarjeta|documento) (?:nacional )?de identi\w{3,6}", r"c[ée]dula(?: de (?:identidad|ciudadan[íi]a))?",
        r"carta d'identit[àa]", r"documento d'identit[àa]", r"identiteitskaart\w{0,7}", r"citizen(?:ship)? card",
        r"id (?:number|no|nr)", r"citizen id",
    )),
)  # fmt: skip
_ALL = re.compile("|".join(f"(?:{label.removeprefix('(?i)')})" for _, label in _LABELS), re.IGNORECASE)
_TYPES = tuple((type_, re.compile(label)) for type_, label in _LABELS)
_BETWEEN = re.compile(
    r"(?i)[\s:#=.,(|*_-]{0,6}"
    r"(?:(?:is|was|ist|est|es|number|no|nr|n[°ºo]|nummer|num[ée]ro|n[úu]mero|numero|id)\b[\s:#=.(-]{0,4}){0,3}\Z"
)
_OTHER = re.compile(
    r"(?i)\b(?:sections?|articles?|art|rules?|clauses?|regulations?|directive|part|page|phone|tel|fax|invoice|account|konto"
    r"|date|datum)\b|§"
)
TYPES = tuple(type_ for type_, _ in _LABELS)


def passports(text: str) -> Iterator[Found]:
    """Yield numbers beside a word for a passport, an identity card, a residence permit or a visa."""
    for match in matches(_VALUE, text, outline(text).digits):
        start = match.start() - _head(text, match.start())
        end = _end(text, start, match)
        if end is None or (start and text[start - 1].isalnum()):
            continue
        before = text[max(0, start - REACH) : start]
        if not _ALL.search(before):
            continue
        before = MARKER.sub(lambda mark: " " * len(mark.group()), before)
        nearest = max(((m.end(), type_) for type_, label in _TYPES for m in label.finditer(before)), default=None)
        if nearest is None or _OTHER.search(before, nearest[0]):
            continue
        yield Found(start, end, nearest[1], CLOSE_SCORE if _BETWEEN.match(before, nearest[0]) else SCORE)


def _head(text: str, start: int) -> int:
    """Return how many characters before the first digit belong to the number: `AB 1234567`."""
    head = _HEAD_REVERSED.match(text[max(0, start - 6) : start][::-1])
    return head.end() if head else 0


def _end(text: str, start: int, match: re.Match[str]) -> int | None:
    """Return where the number ends: the most groups of a match that make six to fourteen characters."""
    ends = (*(match.start() + gap.start() for gap in re.finditer("[ -]", match.group())), match.end())
    for end in reversed(ends):
        value = [c for c in text[start:end] if c.isalnum()]
        if 6 <= len(value) <= 14 and sum(map(str.isdigit, value)) >= 4:
            return end
    return None
