"""Complete what was found of addresses: the numbers that belong to a place, before it and after it.

"12 Hauptgasse, Bern 3011": a street that no word gives away is found as a place, and its number and code by nothing. A
number belongs to a place where both stand as in an address: the place is of an address already, or numbers stand on
both sides, or a code of five digits follows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.redaction.spans import Span

_PLACES = frozenset({"LOCATION", "STREET_ADDRESS"})
_REACH = 24
_BEFORE = re.compile(r"(?<![\w.,/:$€£-])\d{1,6}[A-Za-z]?(?:[-/]\d{1,4})?,?[ ]\Z")
_UNIT = re.compile(r"[,\s]{1,4}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|No)\b\.?[ ]?#?\d{1,5}[A-Za-z]?(?!\w)")
_HOUSE = re.compile(r"[ ]\d{1,4}[A-Za-z]?(?!\w|[.,]\d|[ ]?%)")
_CODE = re.compile(r"(?:[,\s]{1,4}[A-Z]{2}(?![A-Za-z]))?[,\s]{1,4}\d{5,6}(?:-\d{4})?(?!\w|[.,]\d|[ ]?%)")
_YEAR = re.compile(r"[ ](?:19|20)\d\d\Z")


def with_numbers(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return the spans, places and addresses with the numbers that belong to them."""
    starts = frozenset(span.start for span in spans if span.type in _PLACES or span.type == "ZIP_CODE")
    return [_extended(text, span, starts) if span.type in _PLACES else span for span in spans]


def _extended(text: str, span: Span, starts: frozenset[int]) -> Span:
    before = _BEFORE.search(text, max(0, span.start - _REACH), span.start)
    end = span.end
    if unit := _UNIT.match(text, end):
        end = unit.end()
    code = _CODE.match(text, end)
    house = None if code else _HOUSE.match(text, end)
    if house and _YEAR.match(house.group()):
        house = None
    has_number = span.type == "STREET_ADDRESS" or any(map(str.isdigit, text[span.start : span.end])) or unit
    goes_on = any(place in starts for place in range(end + 1, end + 5))
    is_address = bool(has_number or code or (before and (house or goes_on)))
    if not is_address:
        return span
    return replace(
        span,
        start=before.start() if before else span.start,
        end=code.end() if code else house.end() if house else end,
    )
