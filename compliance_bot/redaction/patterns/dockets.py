"""Numbers of court cases by their shape: what a registry writes needs no word beside it.

Dockets of the United States (`1:21-cr-00345-ABC`, `No. 19-1234`), cases of the Court of Justice (`C-311/18`),
applications to the European Court of Human Rights (`no. 12345/67`), German registers (`VI ZR 123/20`). All else that
is called a case, a file or an Aktenzeichen is found by `labelled`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS_OF_CASE = "cv|cr|mc|md|mdl|mj|bk|ap|civ|crim|ml|po|sw|dp|wc|cf|cvs|crs|pf|dr|fa|ca|ct|mag"
_DOCKET = re.compile(
    rf"-(?<=[0-9]-)(?:{_KINDS_OF_CASE})-[0-9]{{2,7}}(?:-[A-Za-z]{{1,5}}){{0,4}}(?:-[0-9]{{1,3}})?(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_BEFORE_DOCKET = re.compile(r"(?<![0-9A-Za-z:-])(?:[0-9]{1,2}:)?[0-9]{2,4}\Z")
_SLASH = re.compile(r"/(?<=[0-9]/)[0-9]{2,4}(?![0-9A-Za-z/]|[.,-][0-9])(?:[ ](?:P|PPU|RENV|DEP)(?![0-9A-Za-z]))?")
_UNION = re.compile(r"(?<![0-9A-Za-z-])[CTF]-[0-9]{1,4}\Z")
_GERMAN = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9IVX]{1,5}[ ])(?:ZR|ZB|ZA|StR|ARs|BvR|BvL|BvE|BvF|AZR|AZB|UF|Js|UJs|KLs|Ks)[ ][0-9]{1,6}\Z"
)
_STRASBOURG = re.compile(
    r"(?<![A-Za-z])(?:[Nn]os?\.?|N[Oo][Ss]?\.?|n°s?)[ ]?"
    r"(?:[0-9]{2,5}/[0-9]{2}(?:,| and|, and| et)[ ]){0,9}([0-9]{2,5})\Z"
)
_RULE = re.compile(
    r"(?i)(?:regulation|directive|decision|resolution|\((?:EEC|EC|EU|ECSC|Euratom)\)|law|act|ordinance)[^.;]{0,20}\Z"
)
_YEAR_DASH = re.compile(r"-(?<=[0-9]{2}-)(?<![0-9A-Za-z.,/-][0-9]{2}-)[0-9]{3,5}(?![0-9A-Za-z-]|[.,/][0-9])")
_NUMBER = re.compile(
    r"(?:\A|[\n(,;:\[]|\b[Cc]ases?|\b[Dd]ocket|\b[Aa]ppeal|\b[Aa]ction)[ ]?Nos?\.[ ]?"
    r"(?:[0-9]{2}-[0-9]{3,5}(?:,| and|, and| &)[ ]){0,3}\Z"
)


def dockets(text: str) -> Iterator[Found]:
    """Yield numbers of cases."""
    for match in _DOCKET.finditer(text):
        before = _BEFORE_DOCKET.search(text, max(0, match.start() - 8), match.start())
        if before:
            yield Found(before.start(), match.end(), "CASE_NUMBER", 0.85)
    for match in _SLASH.finditer(text):
        yield from _with_slash(text, match)
    for match in _YEAR_DASH.finditer(text):
        start = match.start() - 2
        if _NUMBER.search(text[max(0, start - 48) : start]):
            yield Found(start, match.end(), "CASE_NUMBER", 0.6)


def _with_slash(text: str, match: re.Match[str]) -> Iterator[Found]:
    before = text[max(0, match.start() - 90) : match.start()]
    tail = before[-16:]
    origin = match.start() - len(before)
    case = _UNION.search(tail) or _GERMAN.search(tail)
    if case:
        yield Found(match.start() - len(tail) + case.start(), match.end(), "CASE_NUMBER", 0.75)
    elif match.end() - match.start() == 3:
        number = _STRASBOURG.search(before)
        if number and not _RULE.search(before[: number.start()]):
            yield Found(origin + number.start(1), match.end(), "CASE_NUMBER", 0.6)


DOCKETS = Scan(name="dockets", types=("CASE_NUMBER",), found=dockets)
