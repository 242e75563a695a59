"""Values that layout takes apart: spaced out character by character, or broken by the end of a line.

There are two ways to read each, since nothing says where a word ended (`c a r d 4 1 1 1 …`), nor whether a hyphen at
the end of a line is one of the value's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.rewritten import Swap, disjoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Six and more single characters; up to three blanks part their groups, and punctuation may touch the ends.
_SPACED = re.compile(r"""(?<!\S)[(\["'<]?\S(?: {1,3}\S(?!\S)){4,} {1,3}\S[.,;:!?)\]>"']{0,3}(?!\S)""")
_EVERY_OTHER = "    "  # what a stretch spaced out has in every other place, and prose has not
_LEAST_SPACED = 5  # letters and digits; rows of dots lead to page numbers
_BLANKS = re.compile(r" +")


def _after(characters: str) -> str:
    return rf"(?:(?<=[{characters}]\n)|(?<=[{characters}]\r\n))"


# A line's end after or before what values go on with, or between two digits.
_BROKEN = re.compile(
    rf"\n(?:{_after('-@_')}[ \t]{{0,8}}(?=[0-9A-Za-z.@_(])|{_after('.')}[ \t]{{0,8}}(?=[0-9a-z])"
    rf"|{_after('0-9')}[ \t]{{0,8}}(?=[0-9])|[ \t]{{0,8}}(?=[.@_][0-9A-Za-z]))"
)
_HOST = re.compile(r"@[\w-]{1,60}(\r?\n[ \t]{0,8})(?=[\w-]{1,60}\.)")
_LETTER = re.compile(r"[^\W\d_]")
_VALUE = re.compile("[0-9@]")
_FRACTION = re.compile("[0-9][.][0-9]")
_REACH = 64


def spaced_out(text: str) -> tuple[Iterable[Swap], ...]:
    """Return the ways to take blanks out of stretches spaced out: all single ones, or not where digits meet letters."""
    if _EVERY_OTHER not in text[::2] and _EVERY_OTHER not in text[1::2]:
        return ()
    stretches = [*_spaced(text)]
    return _squeezed(text, stretches, has_borders=False), _squeezed(text, stretches, has_borders=True)


def _spaced(text: str) -> Iterator[tuple[int, int]]:
    for match in _SPACED.finditer(text):
        if sum(map(str.isalnum, match.group())) >= _LEAST_SPACED:
            start, end = match.span()
            # An end that asks for more takes the blank beside it along: `m a r i a @ bank.example`.
            is_open = text[end - 1] in "@." and text[end : end + 1] == " " and not text[end + 1 : end + 2].isspace()
            yield start, end + (is_open and end + 1 < len(text))


def _squeezed(text: str, stretches: Iterable[tuple[int, int]], *, has_borders: bool) -> Iterator[Swap]:
    for stretch in stretches:
        for blanks in _BLANKS.finditer(text, *stretch):
            start, end = blanks.span()
            before, after = text[start - 1], text[end]
            is_border = before.isalnum() and after.isalnum() and before.isdigit() != after.isdigit()
            yield Swap(start, end, " " if end - start > 1 or (has_borders and is_border) else "")


def broken(text: str) -> tuple[Iterable[Swap], ...]:
    """Return the ways to take the ends of lines out of values: a hyphen before them stays, or goes as well."""
    hosts = [Swap(*match.span(1), "") for match in _HOST.finditer(text)] if "@" in text else []
    ends = [
        Swap(start, match.end(), "")
        for match in _BROKEN.finditer(text)
        if (start := match.start() - (text[match.start() - 1 : match.start()] == "\r")) > 0
        and _is_within_value(text, start, match.end())
    ]
    hyphens = [Swap(end.start - 1, end.end, "") for end in ends if text[end.start - 1] == "-"]
    return disjoint(hosts + ends), hyphens


def _is_within_value(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - _REACH) : start], text[end : end + _REACH]
    if before[-1] == "-":
        return before[-2:-1].strip() != "" and _VALUE.search(before[-8:] + after[:8]) is not None
    if before[-1].isdigit() and after[0].isdigit():
        # Lines of nothing but numbers are a column of a table.
        return any(map(_LETTER.search, (before.rpartition("\n")[2], after.partition("\n")[0])))
    return _FRACTION.search(before[-2:] + after[:2]) is not None or "@" in before or "@" in after
