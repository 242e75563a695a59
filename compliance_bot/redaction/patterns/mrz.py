"""The machine-readable zone of passports, identity cards and visas (ICAO Doc 9303): lines of capitals, digits and `<`.

The line of a name has no check digit and is known by its fill; the lines of numbers have them. Starts at `<<`, which
no other text has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.national.checks import icao_digit
from compliance_bot.redaction.patterns.scan import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = ("PASSPORT",)

_LINE = re.compile(r"[A-Z0-9<]{28,46}(?![A-Z0-9<])")
_FILL = re.compile("<+")
_LINE_REVERSED = re.compile(r"[A-Z0-9<]{0,46}")
# Document, state, surname, given names, fill; on a card without the first two.
_NAMES = re.compile(r"(?:[PVIAC][A-Z<][A-Z<]{3})?[A-Z]+(?:<[A-Z]+)*<<[A-Z]+(?:<[A-Z]+)*<*")
_SECOND = re.compile(r"[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9]{7}[MFX<][0-9]{7}[A-Z0-9<]*")  # TD2 and TD3
_CARD_FIRST = re.compile(r"[IAC][A-Z<][A-Z<]{3}[A-Z0-9<]{9}[0-9<][A-Z0-9<]*")  # TD1
_CARD_SECOND = re.compile(r"[0-9]{7}[MFX<][0-9]{7}[A-Z<]{3}[A-Z0-9<]*[0-9]")


def machine_readable_zones(text: str) -> Iterator[Found]:
    """Yield each line of a machine-readable zone."""
    done = 0
    place = text.find("<<")
    while place >= 0:
        if place >= done:
            head = _LINE_REVERSED.match(text[max(0, place - 46) : place][::-1])
            start = place - (len(head.group()) if head else 0)
            line = _LINE.match(text, start)
            score = _score(line.group()) if line and not text[start - 1 : start].isalnum() else 0.0
            if line and score:
                yield Found(start, line.end(), "PASSPORT", score)
            done = line.end() if line else _end(text, place)
        place = text.find("<<", max(done, place + 1))


def _end(text: str, place: int) -> int:
    """Return the end of the fill that begins at `place`, so that no fill is looked at twice."""
    fill = _FILL.match(text, place)
    return fill.end() if fill else place


def _score(line: str) -> float:
    if _SECOND.fullmatch(line):
        fields = (line[0:10], line[13:20], line[21:28])
        return 1.0 if all(map(_is_checked, fields)) else 0.7
    if _CARD_FIRST.fullmatch(line) and line[14] != "<":
        return 1.0 if _is_checked(line[5:15]) else 0.5
    if _CARD_SECOND.fullmatch(line):
        return 1.0 if _is_checked(line[0:7]) and _is_checked(line[8:15]) else 0.7
    return 0.8 if _NAMES.fullmatch(line) else 0.0


def _is_checked(field: str) -> bool:
    return icao_digit(field[:-1]) == int(field[-1])
