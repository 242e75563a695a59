"""Places on the globe: decimal degrees, degrees with minutes and seconds, and Plus Codes.

Pairs of plain decimals count by their precision and by a word for them; intervals and rows of figures are none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.cues import near
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP = r"[ ]{0,2}[,;/|]?[ ]{0,2}(?:\n[ ]{0,8})?"
_LABEL = r"(?:[\"']?(?i:lon(?:gitude)?|lng|long|länge|o|e|w)\.?[\"']?[ ]?[:=]?[ ]{0,2})?"
_HERE, _PRECISE = r"(?<![0-9A-Za-z.,])", r"\.[0-9]{3,12}"
_PAIR = re.compile(
    rf"{_HERE}(?P<north>[-+]?[0-9]{{1,2}}{_PRECISE})(?P<hemisphere>[ ]?°?[ ]?[NS](?![A-Za-z])|[ ]?°)?(?P<gap>{_GAP})"
    rf"{_LABEL}(?P<east>[-+]?[0-9]{{1,3}}{_PRECISE})(?:[ ]?°?[ ]?[EWOL](?![A-Za-z])|[ ]?°)?"
    r"(?![0-9A-Za-z]|\.[0-9]|,[ ]?[-+]?[0-9])"
)
_DOT = re.compile(r"\.[0-9]{3}(?<=[0-9]\.[0-9]{3})")
_MINUTES = (
    r"[ ]?°[ ]?[0-9]{1,2}(?:\.[0-9]{1,8})?[ ]?['’′´m](?:[ ]?[0-9]{1,2}(?:\.[0-9]{1,8})?[ ]?(?:[\"”″s]|''|’’|′′))?"
)
_DEGREES = re.compile(
    rf"(?:[NS][ ]?)?(?<![0-9A-Za-z.,])[-+]?[0-9]{{1,2}}{_MINUTES}[ ]?[NSns]?{_GAP}"
    rf"(?:[EWO][ ]?)?[-+]?[0-9]{{1,3}}{_MINUTES}(?:[ ]?[EWOew](?![A-Za-z]))?"
    rf"|(?<![0-9A-Za-z.,])[-+]?[0-9]{{1,3}}{_MINUTES}[ ]?[NSEWO](?![A-Za-z])"
)
_PLUS = re.compile(r"\+(?<=[2-9CFGHJMPQRVWX]{4}\+)[2-9CFGHJMPQRVWX]{2,3}(?![0-9A-Za-z])")
_PLUS_AT_END = re.compile(r"(?<![0-9A-Za-z])(?:[2-9CFGHJMPQRV][2-9CFGHJMPQRVWX])?(?:[2-9CFGHJMPQRVWX]{2}){2,3}\Z")
_WORDS = re.compile(
    r"(?i)(?:\b(?:gps|lat(?:itude)?|lon(?:gitude)?|lng|geo|coordinates?|coords?|location|located|position|map|maps|waypoint|koordinaten"
    r"|breite|coordonnées|coordenadas|coordinate|ubicación|posizione|standort)\b|geo:|[?&@]q?=?\Z)"
)


def coordinates(text: str) -> Iterator[Found]:
    """Yield pairs of coordinates as one span, and single ones where a hemisphere is named."""
    done = 0
    for dot in _DOT.finditer(text):
        if dot.start() < done:
            continue
        if (match := _PAIR.search(text, max(done, dot.start() - 3), dot.start() + 80)) and match.start() <= dot.start():
            done = match.end()
            if score := _pair_score(text, match):
                yield Found(match.start(), match.end(), "GPS_COORDINATES", score)
    if "°" in text:
        for match in _DEGREES.finditer(text):
            yield Found(match.start(), match.end(), "GPS_COORDINATES", 0.85)
    for match in _PLUS.finditer(text):
        if head := _PLUS_AT_END.search(text[max(0, match.start() - 9) : match.start()]):
            start = match.start() - len(head.group())
            short = 0.6 if near(text, start, _WORDS) else 0.2  # without the first four, beside a town
            yield Found(start, match.end(), "GPS_COORDINATES", 0.8 if len(head.group()) == 8 else short)


def _pair_score(text: str, match: re.Match[str]) -> float:
    north, east = float(match["north"]), float(match["east"])
    if abs(north) > 90 or abs(east) > 180:
        return 0.0
    if (match["hemisphere"] or "").strip() or near(text, match.start(), _WORDS, 40):
        return 0.9
    is_precise = min(len(match["north"].partition(".")[2]), len(match["east"].partition(".")[2])) >= 4
    is_row = re.search(r"[0-9][,;]?[ ]\Z", text[max(0, match.start() - 3) : match.start()]) is not None
    is_small = abs(north) < 1 and abs(east) < 1  # an interval of confidence
    if not is_precise or is_row or is_small or "," not in match["gap"]:
        return 0.2
    return 0.6


COORDINATES = Scan(name="coordinates", types=("GPS_COORDINATES",), found=coordinates)
