"""Identifiers known by their shape and check digits alone, without a word beside them.

What each is worth by itself is how seldom something else passes: one in 97 for an LEI, one in eleven for the mixed 17
characters of a vehicle number, one in ten for two letters and seven digits. `labelled` finds what lacks a check digit.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns import check_digits as checks
from compliance_bot.redaction.patterns.number_shapes import TAX_NUMBER
from compliance_bot.redaction.patterns.outline import matches, outline
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

# Capitals and digits in a row; the first leads and looks back, so that the scan can leap.
_CODE = re.compile(r"[0-9A-Z](?<![0-9A-Za-z_].)[0-9A-Z]{7,19}(?![0-9A-Za-z_])")
_EIGHT = re.compile(b"AAAAAAAAA*")
_ALIKE = bytes.maketrans(b"0A", b"aa")
_A = "AC-HJKMNP-RT-Y"  # Medicare's letters: not S, L, O, I, B, Z
_MBI_PLAIN = re.compile(f"[1-9][{_A}][0-9{_A}][0-9][{_A}][0-9{_A}][0-9][{_A}]{{2}}[0-9]{{2}}")
_MBI_DASHED = re.compile(r"-(?<=[0-9A-Z]{4}-)(?<![0-9A-Za-z][0-9A-Z]{4}-)[0-9A-Z]{3}-[0-9A-Z]{4}(?![0-9A-Za-z-])")
_MBI_WHOLE = re.compile(f"[1-9][{_A}][0-9{_A}][0-9]-[{_A}][0-9{_A}][0-9]-[{_A}]{{2}}[0-9]{{2}}")
_TAX_NUMBER = re.compile(r"9(?<![0-9A-Za-z.-]9)(?=[0-9]{2}-[0-9]{2}-)")
_IMEI = re.compile(r"-(?<=[0-9]{2}-)(?<![0-9A-Za-z.-][0-9]{2}-)[0-9]{6}-[0-9]{6}-[0-9](?![0-9A-Za-z]|[-.][0-9])")
_BASE58 = tuple(
    re.compile(rf"{first}(?<![0-9A-Za-z].)[1-9A-HJ-NP-Za-km-z]{{25,34}}(?![0-9A-Za-z])")
    for first in "13LDTX"  # each alone: a scan for one character is ten times as fast as one for six
)
_SEGWIT = re.compile(r"(?:bc1|tb1|BC1)[0-9A-Za-z]{11,71}(?![0-9A-Za-z])")
_ETHER = re.compile(r"0x[0-9A-Fa-f]{40}(?![0-9A-Za-z])")
_BIC = re.compile(r"[A-Z]{4}([A-Z]{2})[0-9A-Z]{2}(?:[0-9A-Z]{3})?")
_OF_BANK = re.compile(r"(?i)\b(?:swift|bic|iban|correspondent|beneficiary bank|wire|bankverbindung)\b")
_CALLED = re.compile(  # right before a code of letters alone: a word for it, or an IBAN
    r"(?:(?i:\b(?:swift|bic)\b)[^A-Za-z]{0,6}"
    r"(?:(?i:code|number|no|nr|address|id|is|ist|swift|bic|of|the bank)[^A-Za-z]{1,5}){0,4}"
    r"|[A-Z]{2}[0-9]{2}[0-9A-Z ]{10,32}[,;|/ \n]{1,3})\Z"
)
_COUNTRIES = frozenset(
    """AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN
    CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FR GA GB GD GE GG GH GI GM GN GQ GR GT GW GY HK HN HR HT
    HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG
    MK ML MM MN MO MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NZ OM PA PE PG PH PK PL PR PS PT PY QA RO RS RU RW SA SB
    SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT TW TZ UA UG US UY UZ VA VC VE VG VN VU
    WS XK YE ZA ZM ZW""".split()
)


def checked(text: str) -> Iterator[Found]:
    """Yield the identifiers that their own characters prove."""
    seen = outline(text)
    rows = _EIGHT.finditer(seen.shape.replace(b"0", b"A"))
    for match in matches(_CODE, text, (row.start() for row in rows)):
        found = _judged(text, match)
        if found:
            yield found
    yield from _with_dashes(text)
    yield from _addresses(text)


def _judged(text: str, match: re.Match[str]) -> Found | None:
    code = match.group()
    type_, score = "", 0.0
    match len(code):
        case 8 | 11 if (bic := _BIC.fullmatch(code)) and bic.group(1) in _COUNTRIES:
            score = _bic_score(text, match.start(), code)
            type_ = "SWIFT_CODE" if score else ""
        case 11 if _MBI_PLAIN.fullmatch(code):
            type_, score = "US_MBI", 0.7
        case 9 if checks.is_dea(code):
            type_, score = "MEDICAL_LICENSE", 0.5
        case 17 if not code.isalpha() and not code.isdecimal() and checks.is_vin(code):
            type_, score = "VIN", 0.7
        case 20 if not code.isalpha() and not code.isdecimal() and checks.is_lei(code):
            type_, score = "LEI", 1.0
    return Found(match.start(), match.end(), type_, score) if type_ else None


def _bic_score(text: str, start: int, code: str) -> float:
    """Return what a bank's code is worth. REGISTER and CUSTOMER have the shape too, with the letters of a country."""
    before = text[max(0, start - 60) : start]
    if code.isalpha():
        return 0.85 if _CALLED.search(before) else 0.0
    if _OF_BANK.search(before):
        return 0.85
    return 0.5 if len(code) == 11 else 0.0


def _with_dashes(text: str) -> Iterator[Found]:
    for match in _MBI_DASHED.finditer(text):
        start = match.start() - 4
        if _MBI_WHOLE.fullmatch(text, start, match.end()):
            yield Found(start, match.end(), "US_MBI", 0.8)
    most = outline(text).most_digits
    for first in _TAX_NUMBER.finditer(text) if most >= 9 else ():
        number = TAX_NUMBER.match(text, first.start())
        if number and not re.search(
            r"(?i)\b(?:ssn|social security)\b", text[max(0, first.start() - 40) : first.start()]
        ):
            yield Found(*number.span(), "US_ITIN", 0.55)
    for match in _IMEI.finditer(text) if most >= 15 else ():
        start = match.start() - 2
        if checks.is_imei("".join(filter(str.isdigit, text[start : match.end()]))):
            yield Found(start, match.end(), "IMEI", 1.0)


def _addresses(text: str) -> Iterator[Found]:
    """Yield addresses of cryptocurrencies; an Ethereum address needs no check digits: forty digits are enough."""
    is_long = b"a" * 26 in outline(text).shape.translate(_ALIKE)
    for match in itertools.chain.from_iterable(first.finditer(text) for first in _BASE58) if is_long else ():
        if checks.is_base58_address(match.group()):
            yield Found(*match.span(), "CRYPTO", 1.0)
    if "bc1" in text or "tb1" in text or "BC1" in text:
        for match in _SEGWIT.finditer(text):
            if checks.is_segwit_address(match.group()):
                yield Found(*match.span(), "CRYPTO", 1.0)
    if "0x" in text:
        for match in _ETHER.finditer(text):
            yield Found(*match.span(), "CRYPTO", 0.85)


CHECKED = Scan(
    name="checked",
    types=("SWIFT_CODE", "US_MBI", "MEDICAL_LICENSE", "VIN", "LEI", "US_ITIN", "IMEI", "CRYPTO"),
    found=checked,
)
