"""Addresses without a street: military and diplomatic mail of the United States, the numbers of flats and suites."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

# USPS Publication 28, 238: "PSC 4115, Box 7815 / APO AA 34039", "USS Harding / FPO AP 96667".
_POST = re.compile(r"[AFD]PO[,\s]{1,3}A[AEP](?![\w])(?:[,\s]{1,3}[0-9]{5}(?:-[0-9]{4})?(?![\w]))?")
_UNIT = re.compile(
    r"(?:(?:PSC|CMR|UNIT|Unit)[ ][0-9]{1,5}(?:,?[ ](?:BOX|Box)[ ][0-9]{1,5})?"
    r"|US(?:S|NS|CGC|NV|NR)[ ][A-Z][\w'-]{1,24}(?:[ ][A-Z][\w'-]{1,24})?)[,\s]{1,4}\Z"
)
_FLAT = re.compile(r"(?:Apt|Apartment|Suite|Ste|Flat)\b\.?[ ]#?[0-9]{1,5}[A-Za-z]?(?![\w])")
_SIGNS = ("Apt", "Apartment", "Suite", "Ste", "Flat")


def mail(text: str) -> Iterator[Found]:
    """Yield military mail with its unit or ship, and the numbers of flats."""
    if "PO" in text:
        for match in _POST.finditer(text):
            unit = _UNIT.search(text, max(0, match.start() - 64), match.start())
            yield Found(unit.start() if unit else match.start(), match.end(), "STREET_ADDRESS", 0.85)
    if any(sign in text for sign in _SIGNS):
        for match in _FLAT.finditer(text):
            if not text[match.start() - 1 : match.start()].isalnum():
                yield Found(match.start(), match.end(), "STREET_ADDRESS", 0.55)


MAIL = Scan(name="MilitaryMail", types=("STREET_ADDRESS",), found=mail)
