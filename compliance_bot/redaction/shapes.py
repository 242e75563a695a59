"""How much a number is set like a card or a telephone number, by itself: scores from 0.0 to 1.0.

Issuer ranges, the ways to group digits, and libphonenumber's plans. `detect` adds checksums and surroundings.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from collections.abc import Sequence

# ISO/IEC 7812 ranges by network, with the lengths each issues; Luhn alone lets one number in ten pass.
ISSUERS = re.compile(
    r"""4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|220[0-4]\d{12,15}
    |3[47]\d{13}|3(?:0[0-59]|[689]\d)\d{11,16}|35\d{14,17}|(?:50|5[6-8]|6\d)\d{10,17}|8[12]\d{14,17}|9792\d{12}
    |(?:2131|1800)\d{11}|1\d{14}""",
    re.VERBOSE,
)
_NORTH_AMERICAN = re.compile(r"(?:1[-. ])?(?:\([2-9]\d{2}\)[ -]?|[2-9]\d{2}[-. /])\d{3}[-. ]\d{4}")
_TRUNK_ZERO = re.compile(r"(?=.*[ ()\-/.])\(?0[1-9]\d{0,4}\)?\d*(?:[ \-/.]{1,3}\d{2,})*")
# Spain and the mobile numbers of Italy have no trunk zero: set in their own groups, and no part of a row of numbers.
_NO_TRUNK = re.compile(r"[6-9]\d\d([ .-])\d\d\1\d\d\1\d\d|3[2-9]\d[ ./]\d{6,7}")
SET_AS_PHONE = re.compile(rf"\(?(?:\+|0)|{_NORTH_AMERICAN.pattern}|(?<!\d[ .,-])(?:{_NO_TRUNK.pattern})(?!\d|[ .,-]\d)")
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d{2}"
_DATE_FIRST = re.compile(
    rf"(?:{_DAY}([-./ ]){_MONTH}\1(?:{_YEAR}|\d{{2}})|{_MONTH}([-./ ]){_DAY}\2(?:{_YEAR}|\d{{2}})"
    rf"|{_YEAR}([-./ ]){_MONTH}\3{_DAY}|{_YEAR}[ ]?-[ ]?{_YEAR})(?!\d|[-./]\d)"
)
_TRUNK_REGIONS = (
    "GB",
    "DE",
    "FR",
    "IL",
    "IN",
    "BR",
    "AT",
    "CH",
    "NL",
    "BE",
    "IE",
    "AU",
    "NZ",
    "ZA",
    "JP",
    "IT",
    "SE",
    "FI",
)


def card_score(text: str, run: Sequence[re.Match[str]], first: int, last: int) -> float:
    """Return how much the groups `first` to `last` of a run of numbers are set like a card number."""
    groups = run[first : last + 1]
    broken = {n for n, (a, b) in enumerate(pairwise(groups)) if "\n" in text[a.end() : b.start()]}
    sizes = [len(group.group()) for group in groups]
    is_set_as_card = all(size >= 3 or n in broken or n - 1 in broken for n, size in enumerate(sizes[:-1]))
    is_issued = ISSUERS.fullmatch("".join(group.group() for group in groups)) is not None
    # Short ones are grouped in threes and fours, as any row of numbers is: these must be the whole row.
    is_part_of_row = sum(sizes) < 14 and len(groups) not in (1, len(run))
    if not is_set_as_card and not is_issued:
        return 0.0
    if not is_set_as_card or not is_issued or is_part_of_row or len(broken) > 1:
        return 0.3
    return 0.6 if broken or sum(sizes) < 14 else 1.0


def phone_score(value: str) -> float:
    """Return how much `value` looks like a telephone number by itself; 0.0 for what none is set like."""
    digits = "".join(filter(str.isdigit, value))
    if not 7 <= len(digits) <= 15 or value.count("(") != value.count(")") or _DATE_FIRST.match(value):
        return 0.0
    if value.lstrip("(").startswith(("+", "00")):
        number = "".join(filter(str.isdigit, value.replace("(0)", ""))).removeprefix("00")
        return _international_score(number, has_plus="+" in value)
    if _NORTH_AMERICAN.fullmatch(value):
        return 0.6 if "." not in value or _is_valid(value, "US") else 0.1
    if len(digits) >= 9 and _TRUNK_ZERO.fullmatch(value):
        return 0.5 if any(_is_valid(value, region) for region in _TRUNK_REGIONS) else 0.1
    if _NO_TRUNK.fullmatch(value):
        return 0.45 if _is_valid(value, "IT" if value[0] == "3" else "ES") else 0.1
    return 0.1


def _international_score(digits: str, *, has_plus: bool) -> float:
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return 0.0
    if phonenumbers.is_valid_number(number):
        return 0.75
    return 0.45 if has_plus and phonenumbers.is_possible_number(number) else 0.1


def _is_valid(value: str, region: str) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(value, region)))
    except phonenumbers.NumberParseException:
        return False
