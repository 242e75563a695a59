"""What stands with a card number and is worse to lose: the magnetic stripe, and expiry and security code in a row.

Card numbers are found by `detect`, and what has a word before it ("CVV 123", "exp 12/26") by `labelled`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.check_digits import is_luhn
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

# ISO/IEC 7813: %B number ^ name ^ expiry, service code, discretionary data ?
_TRACK_1 = re.compile(r"\^(?=[^\^\r\n]{2,30}\^[0-9]{4})[^\^\r\n]{2,30}\^[0-9]{4}[0-9A-Za-z ]{0,60}\??")
_HEAD_1 = re.compile(r"%?[Bb]([0-9]{12,19}|[0-9]{4}(?: [0-9]{4}){3})\Z")
# ; number = expiry, service code, discretionary data ?
_TRACK_2 = tuple(re.compile(rf"{sep}(?<=[0-9].)[0-9]{{7,23}}\??(?![0-9A-Za-z])") for sep in "=D")
_HEAD_2 = re.compile(r"(?<![0-9A-Za-z]);?([0-9]{12,19})\Z")
# After the number: month and year, then perhaps the code, "4111111111111111|12|2026|123"
_EXPIRY = tuple(
    re.compile(
        rf"{sep}(?<=[0-9].)[ ]?(?:20)?[2-4][0-9](?![0-9A-Za-z]|[-/.][0-9])"
        r"(?:[ ]?[|,;:/ \t][ ]?([0-9]{3,4})(?![0-9A-Za-z]|[-/.,][0-9]))?"
    )
    for sep in ("/", r"\|")  # each alone: a scan for one character is ten times as fast as one for two
)
_MONTH = re.compile(
    r"(?<![0-9A-Za-z])([0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{1,4}|[0-9]{4}([ -])[0-9]{6}\3[0-9]{5})"
    r"(?:[ ]?[|,;:/ \t][ ]?|\s{1,3}exp\.?:?\s)((?:0[1-9]|1[0-2])[ ]?)\Z"
)


def cards(text: str) -> Iterator[Found]:
    """Yield magnetic stripes, and expiries and codes that follow a card number."""
    if "^" in text:
        yield from _tracks(text, _TRACK_1, _HEAD_1)
    for track in _TRACK_2:
        yield from _tracks(text, track, _HEAD_2)
    for expiry in _EXPIRY:
        for after in expiry.finditer(text):
            head = text[max(0, after.start() - 32) : after.start()]
            month = _MONTH.search(head)
            if month and is_luhn("".join(filter(str.isdigit, month.group(1)))):
                start = after.start() - len(month.group(4))
                end = after.start(1) if after.group(1) else after.end()
                yield Found(start, start + len(text[start:end].rstrip(" \t|,;:/")), "CARD_EXPIRY", 0.85)
                if after.group(1):
                    yield Found(*after.span(1), "CVV", 0.8)


def _tracks(text: str, rest: re.Pattern[str], head: re.Pattern[str]) -> Iterator[Found]:
    """Yield stripes of which `rest` begins at the separator after the number, and `head` ends there."""
    for match in rest.finditer(text):
        number = head.search(text[max(0, match.start() - 21) : match.start()])
        if number:
            is_card = is_luhn(number.group(1).replace(" ", ""))
            yield Found(match.start() - len(number.group()), match.end(), "TRACK_DATA", 0.95 if is_card else 0.7)


CARDS = Scan(name="cards", types=("TRACK_DATA", "CARD_EXPIRY", "CVV"), found=cards)
