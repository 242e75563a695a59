"""Licence plates: forms of Germany, France, Italy, Spain, Britain and others, and any beside a word for a plate.

German and French plates set with hyphens are known alone; the other forms are amounts, dates and product codes too
(`2000 GBP`, `FY21 EPS`), so a word must stand before them. Starts at a number next to a capital.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.national.format import words
from compliance_bot.redaction.patterns.outline import matches, outline
from compliance_bot.redaction.patterns.plate_districts import DISTRICTS
from compliance_bot.redaction.patterns.scan import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = ("LICENSE_PLATE",)

REACH = 45
ALONE, NAMED, NEAR_VEHICLE = 0.55, 0.85, 0.7

# The digit leads, so that the scan can leap from digit to digit.
_NUMBER = re.compile(
    r"[0-9](?:(?<=[A-Z].)|(?<=[A-Z][ -].))(?<![A-Z]{4}.)[0-9]{0,5}(?![0-9])"
    r"(?:[ -]?[A-Z]{1,3}(?:[ -]?[0-9]{1,4})?)?(?![0-9A-Za-z])"
    r"|[0-9](?<![0-9A-Za-z].)[0-9]{0,3}[ -]?[A-Z]{2,3}(?:[ -]?[0-9]{1,4})?(?![0-9A-Za-z])"
)
_HEAD_REVERSED = re.compile(r"[ -]?[A-ZÄÖÜ]{1,3}(?:[ -][A-ZÄÖÜ]{1,3})?(?![0-9A-Za-zÄÖÜäöüß_])")
_GERMAN = re.compile(r"([A-ZÄÖÜ]{1,3})-[A-Z]{1,2}[ -][1-9][0-9]{1,3}[EH]?")
_GERMAN_LOOSE = re.compile(r"([A-ZÄÖÜ]{1,3})[ -][A-Z]{1,2}[ -]?[1-9][0-9]{0,3}[EH]?")
_SIV = re.compile(r"(?!SS|WW)[A-HJ-NP-TV-Z]{2}-(?!000)[0-9]{3}-(?!SS)[A-HJ-NP-TV-Z]{2}")
_FORMS = re.compile(
    r"""[A-HJ-NP-TV-Z]{2}[ -]?[0-9]{3}[ -]?[A-HJ-NP-TV-Z]{2}   # France, Italy
    |[0-9]{4}[ -]?[BCDFGHJKLMNPR-TV-Z]{3}                      # Spain
    |[A-Z]{2}[0-9]{2}[ ]?[A-Z]{3}|[A-Z][0-9]{1,3}[ ]?[A-Z]{3}|[A-Z]{3}[ ]?[0-9]{1,3}[A-Z]   # Britain
    |[0-9]{2,3}-[A-Z]{1,2}-[0-9]{1,6}                          # Ireland
    |[A-Z0-9]{1,3}-[A-Z0-9]{2,3}-[A-Z0-9]{1,3}                 # the Netherlands
    |[A-Z]{2}[ ]?[0-9]{1,2}[ ]?[A-Z]{1,3}[ ]?[0-9]{4}          # India""",
    re.VERBOSE,
)
_PLATE_WORDS = re.compile(
    words(
        r"(?:licen[cs]e|number|registration|vehicle) plates?", "plate (?:no|number)", "plates?:", "vr[mn]",
        "tag number", r"(?:kfz |auto )?kennzeichen", "nummernschild", "autonummer", r"immatricul\w{0,6}", "plaque",
        r"matr[íi]culas?(?: del? \w{4,9})?", "placas?", r"targ(?:a|he|at[ao])", "kenteken", "nummerplaat",
        r"vehicle registration(?: number| no| mark)?", "registration mark", r"car registration(?: number| no)?",
    )
)  # fmt: skip
_VEHICLE_WORDS = re.compile(
    words(
        "registration", "reg", "vehicles?", "cars?", "van", "driving", "driver", "parked", r"fahrzeug\w{0,3}", "pkw",
        "lkw", "wagen", "voitures?", "v[ée]hicules?", "coches?", "veh[íi]culos?", "auto(?:mobile|vettura)?",
        "veicol[oi]", "bmw", "vw", "volkswagen", "audi", "toyota", "ford", "renault", "peugeot", "seat", "fiat", "opel",
        "mercedes", "honda", "tesla",
    )
)  # fmt: skip
_REGULATIONS = re.compile(r"S-[KXTBP] ")  # of the SEC
_CURRENCIES = re.compile(
    r"(?:GBP|PLN|CHF|DKK|NKR|SKK|CZK|HRK|HKD|BGN|BND|BWP|CLP|CNY|RMB|KRW|MXN|PHP|THB|TRY|ZMK|EUR|USD|MM)\Z"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\Z")


def plates(text: str) -> Iterator[Found]:
    """Yield licence plates."""
    done = 0
    for start, end in _stretches(text):
        if start < done or (start and (text[start - 1].isalnum() or text[start - 1] in "_-/.")):
            continue
        score = _score(text, start, end)
        if score:
            done = end
            yield Found(start, end, "LICENSE_PLATE", score)


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Yield what letters and digits could be a plate, the longer reading first."""
    for match in matches(_NUMBER, text, outline(text).digits):
        head = _HEAD_REVERSED.match(text[max(0, match.start() - 9) : match.start()][::-1])
        if head:
            yield match.start() - head.end(), match.end()
            inner = re.search("[ -]", head.group()[1:])
            if inner:
                yield match.start() - inner.start() - 1, match.end()
        yield match.span()


def _score(text: str, start: int, end: int) -> float:
    value = text[start:end]
    if len(value) < 4 or value.isdigit() or _CURRENCIES.search(value) or _REGULATIONS.match(value):
        return 0.0
    german = _GERMAN.fullmatch(value)
    score = 0.0
    if _SIV.fullmatch(value) or (german and german[1] in DISTRICTS and len(value) >= 7 and not _YEAR.search(value)):
        score = ALONE
    before = text[max(0, start - REACH) : start]
    if _PLATE_WORDS.search(before):
        return NAMED
    loose = _GERMAN_LOOSE.fullmatch(value)
    is_formed = _FORMS.fullmatch(value) or (loose and loose[1] in DISTRICTS)
    return NEAR_VEHICLE if is_formed and _VEHICLE_WORDS.search(before) else score
