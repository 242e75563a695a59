"""Numbers that only the word beside them tells: accounts, records, cases, members, devices, card codes.

The scan leaps from digit to digit and looks back a bounded distance for one of the `labels`, over colons, a cell's
border or the end of a line. It asks nothing of a number without a label, and a label speaks for one number, or for a
list of numbers of one length. Check digits, where a type has them, make a finding sure; they are not required.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from compliance_bot.redaction.patterns.check_digits import CHECKS
from compliance_bot.redaction.patterns.labels import TYPES
from compliance_bot.redaction.patterns.outline import outline
from compliance_bot.redaction.patterns.scan import Found, Scan
from compliance_bot.redaction.patterns.spoken import REACH, labels_before, may_speak, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.redaction.patterns.labels import Label

LIST_REACH = 600  # how far an item of a list may be from the first
BESIDE = 120  # how far a card may be from its expiry
MOST_BETWEEN = 12  # characters between two of them
UNNUMBERED = 0.1  # what a label loses without a word for "number"

_IN_NUMBER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-/_"
_JOINERS = "-/_"
_BETWEEN = re.compile(
    r"(?i)\s?(?:[,;&/|]|and|or|und|oder|et|ou|y|o|e)(?:\s(?:and|or|und|oder|et|ou|y|o|e))?\s{0,2}(?:(?:no|nr)\.?\s?)?"
)
_NOT_A_NUMBER = re.compile(  # a version, a year, a span of years, a date, a time
    r"v?[0-9]{1,3}(?:\.[0-9]{1,3}){1,4}|(?:19|20)[0-9]{2}(?:[-/](?:19|20)?[0-9]{2})?|[0-9]{1,2}([-/.])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})"
    r"|(?:19|20)[0-9]{2}([-/.])[0-9]{1,2}\2[0-9]{1,2}|[0-9]{1,2}:[0-9]{2}"
)
_AMOUNT = re.compile(
    r"(?i)[ ]?(?:USD|EUR|GBP|CHF|JPY|AED|AUD|CAD|INR|CNY|dollars|euros?|pounds|francs|shares|people|patients|[€£$])"
)
_ANY_FOUR_DIGITS = frozenset({"PIN", "CVV", "CARD_EXPIRY", "BANK_CODE", "PHOTO_REFERENCE"})


class _Listed(NamedTuple):
    """A value that others may follow: `first` is where its list began."""

    found: Found
    label: Label
    digits: int
    first: int


def labelled(text: str) -> Iterator[Found]:
    """Yield the numbers that have a label. A number that passes its check digits scores 1.0."""
    last: _Listed | None = None
    done = 0
    for at in outline(text).digits:
        if at < done:
            continue
        head = text[max(0, at - REACH) : at]
        lead = head.rstrip(_IN_NUMBER)
        token = head[len(lead) :]
        begin = at - len(token.lstrip(_JOINERS))
        following = _next_of_list(text, begin, last) if last and begin - done < MOST_BETWEEN else None
        last = following
        if not following and may_speak(lead := plain(lead), token):
            last = _first(text, lead, token, at)
        if last:
            done = last.found.end
            yield last.found


def _first(text: str, lead: str, token: str, at: int) -> _Listed | None:
    """Return the number whose first digit is at `at` if it has a label: before its token, or in it, as in `MRN-123`."""
    own = token.lstrip(_JOINERS)
    ways = [(lead + token[: len(token) - len(own)], at - len(own)), *([(lead + token, at)] if own else [])]
    for before, begin in ways:
        for spoken in labels_before(before):
            found = _value(text, begin - spoken.letters, spoken.label, spoken.least)
            if found:
                if not spoken.is_numbered and found.score < 1.0:
                    found = found._replace(score=round(found.score - UNNUMBERED, 2))
                return _Listed(found, spoken.label, _digits(text, found), found.start)
    return None


def _next_of_list(text: str, begin: int, last: _Listed) -> _Listed | None:
    """Return the value at `begin` if it goes on a list: a comma or an "and" before it, and as many digits."""
    if begin - last.first > LIST_REACH or not _BETWEEN.fullmatch(text, last.found.end, begin):
        return None
    found = _value(text, begin, last.label, max(1, last.digits - 1))
    if found is None or _digits(text, found) > last.digits + 1:
        return None
    return last._replace(found=found)


def _value(text: str, start: int, label: Label, least: int) -> Found | None:
    """Return the value at `start` that has the label's shape and at least so many digits."""
    match = label.shape.match(text, start)
    if match is None:
        return None
    value = match.group()
    is_other = label.type not in _ANY_FOUR_DIGITS and _NOT_A_NUMBER.fullmatch(value)
    if is_other or sum(map(str.isdigit, value)) < least or (value.isdecimal() and _AMOUNT.match(text, match.end())):
        return None
    if label.beside and not label.beside.search(text, max(0, start - BESIDE), match.end() + BESIDE // 2):
        return None
    check = CHECKS.get(label.type)
    is_checked = check is not None and check("".join(filter(str.isalnum, value)).upper())
    return Found(start, match.end(), label.type, 1.0 if is_checked else label.score)


def _digits(text: str, found: Found) -> int:
    return sum(map(str.isdigit, text[found.start : found.end]))


LABELLED = Scan(name="labelled", types=TYPES, found=labelled)
