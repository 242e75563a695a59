"""Where a value of a type could stand: shape and surroundings only, in one pass over the text each.

Nothing here decides; the recognisers of `detect` do, with checksums and number plans. Every scan is linear: it starts
at a rare character (a digit, a colon, an at sign) and looks a bounded distance to either side.
Texts are in the normal form of `normalise`: digits, blanks and dashes are ASCII.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.outline import matches, outline

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

# Between two characters of one value: blanks, one dash or dot, and at most one end of a line.
# No tab: it parts the cells of a table.
_GAP = r"[ ]{0,2}(?:[-.][ ]?)?(?:\r?\n[ \t]{0,8})?"
# A value's first digit and its end. The digit leads and looks back, so that the scan can leap from digit to digit.
# Unlike \b, an underscore is a border: file names are masked too.
_FIRST, _END = r"[0-9](?<![0-9A-Za-z][0-9])", r"(?![0-9A-Za-z])"

_DIGITS = re.compile(r"[0-9]+")
_DIGIT_RUN = re.compile(rf"{_FIRST}(?<![0-9][.,][0-9])(?:{_GAP}[0-9]){{11,}}{_END}")
_IBAN = re.compile(
    rf"[0-9][0-9](?:(?<=[A-Za-z]{{2}}[0-9]{{2}})|(?<=[A-Za-z]{{2}}[ ][0-9]{{2}}))(?=((?:{_GAP}[0-9A-Za-z]){{11,30}}))"
)
_QUAD_SHAPE = re.compile(rb"0\.00?0?\.00?0?\.0")
_IBAN_DIGITS = re.compile(rb"00(?:(?<=[Aa][Aa]00)|(?<=[Aa][Aa] 00))")
_LOCAL_REVERSED = re.compile(r"[\w.!#$%&'*+=?^`{|}~-]{1,254}")
_QUOTED_REVERSED = re.compile(r'"[^"<>\r\n]{1,64}"')
_DOMAIN = re.compile(r"(?:[ \t]?\r?\n[ \t]{0,8})?((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,10}[^\W\d_][\w-]{0,60}[^\W_])")
_SSN = re.compile(
    rf"({_FIRST}(?<![0-9][-.][0-9])[0-9]{{2}})([-. ]?)\n?([0-9]{{2}})([-. ]?)\n?([0-9]{{4}}){_END}(?![-.][0-9])"
)
_QUAD = re.compile(
    rf"{_FIRST}(?<![0-9][.,][0-9])[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}}(?:/[0-9]{{1,2}}(?![0-9/]))?{_END}(?!\.[0-9])"
)
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_V6_REVERSED = re.compile(r"[0-9A-Fa-f:]{0,32}")
_V6 = re.compile(r"[0-9A-Fa-f:]{2,45}(?:\.[0-9]{1,3}){0,3}(?:%[0-9A-Za-z]{1,15})?(?:/[0-9]{1,3})?")
_PHONE_RUN = re.compile(
    rf"{_FIRST}(?<![0-9][.,-][0-9])(?:[ ().\-/]{{0,3}}(?:\r?\n[ \t]{{0,8}})?[0-9]){{6,17}}(?![0-9%]|(?!x)[A-Za-z])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stretch that has the shape of a value. `compact` is the value without what only sets it out."""

    start: int
    end: int
    compact: str


def digit_runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Yield runs of twelve and more digits, as their groups in order."""
    if outline(text).most_digits < 12:
        return
    for run in _DIGIT_RUN.finditer(text):
        yield list(_DIGITS.finditer(text, *run.span()))


def ibans(text: str, countries: Container[str]) -> Iterator[Candidate]:
    """Yield what begins as an account number does, up to the longest there is; the end is for the checksum to find."""
    seen = outline(text)
    for match in matches(_IBAN, text, (first.start() for first in _IBAN_DIGITS.finditer(seen.shape))):
        start = match.start() - (3 if text[match.start() - 1] == " " else 2)
        if (start and text[start - 1].isalnum()) or text[start : start + 2].upper() not in countries:
            continue  # "in 20 days" has the shape as well
        stretch = text[start : match.end(1)]
        yield Candidate(start=start, end=match.end(1), compact="".join(filter(str.isalnum, stretch)))


def emails(text: str) -> Iterator[Candidate]:
    """Yield addresses, `"quoted name"@host.tld` included. Any domain will do: a bank's own has no public suffix."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        if domain:
            reversed_head = text[max(0, at - 254) : at][::-1]
            quoted = _QUOTED_REVERSED.match(reversed_head)
            local = quoted or _LOCAL_REVERSED.match(reversed_head)
            name = local.group()[::-1] if local else ""
            start = at - len(name if quoted else name.lstrip("!#$%&'*+/=?^`{|}~-."))
            if start < at:
                yield Candidate(start=start, end=domain.end(), compact=text[start : domain.end()])
        at = text.find("@", at + 1)


def social_security_numbers(text: str) -> Iterator[Candidate]:
    """Yield nine digits set as 3-2-4; `compact` keeps the separators, which say how much the shape is worth."""
    if outline(text).most_digits < 9:
        return
    for match in _SSN.finditer(text):
        yield Candidate(start=match.start(), end=match.end(), compact="".join(match.groups()))


def dotted_quads(text: str) -> Iterator[Candidate]:
    """Yield four numbers with dots between, not part of a longer row; an address or a section number."""
    if not _QUAD_SHAPE.search(outline(text).shape):
        return
    for match in _QUAD.finditer(text):
        yield Candidate(start=match.start(), end=match.end(), compact=match.group())


def colon_groups(text: str) -> Iterator[Candidate]:
    """Yield runs of hexadecimal groups with colons: an IPv6 address, a hardware address, a time."""
    done = 0
    for match in _COLONS.finditer(text):
        if match.start() < done:
            continue
        head = _V6_REVERSED.match(text[max(0, match.start() - 32) : match.start()][::-1])
        start = match.start() - (len(head.group()) if head else 0)
        run = _V6.match(text, start)
        if run and not (start and (text[start - 1].isalnum() or text[start - 1] == ".")):
            done = run.end()
            yield Candidate(start=start, end=done, compact=run.group())


def phone_run(text: str, position: int) -> Candidate | None:
    """Return the next run of 7 to 18 digits in the punctuation of telephone numbers, over ends of lines.

    Two numbers may share one.
    """
    match = _PHONE_RUN.search(text, position) if outline(text).most_digits > 6 else None
    if match is None:
        return None
    before = text[max(position, match.start() - 2) : match.start()]
    start = match.start() - len(before) + len(before.rstrip("+("))
    if text[start] == "(" and text.count("(", start, match.end()) > text.count(")", start, match.end()):
        start += 1  # a remark in brackets, not an area code
    return Candidate(start=start, end=match.end(), compact=text[start : match.end()])
