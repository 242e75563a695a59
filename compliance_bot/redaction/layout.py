"""Values that layout takes apart: spaced out character by character, or broken by the end of a line.

Each function yields the swaps of one way to read such stretches. There are two ways for each, since nothing says where
a word ended (`c a r d 4 1 1 1 …`) and whether a hyphen at the end of a line is one of the value's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.rewritten import Swap, disjoint

if TYPE_CHECKING:
    from collections.abc import Iterator

# Six and more single characters; up to three blanks part their groups.
_SPACED = re.compile(r"(?<!\S)\S(?: {1,3}\S(?!\S)){5,}")
_SEEMS_SPACED = b" x x x x"
_SHAPE = bytes(ord(" ") if chr(code).isspace() else ord("x") for code in range(256))
_LEAST_SPACED = 6  # letters and digits; rows of dots lead to page numbers
_BLANKS = re.compile(r" +")

# A line's end after or before what values go on with, or between two digits.
_BROKEN = re.compile(
    r"\n(?:(?:(?<=[-0-9.@_]\n)|(?<=[-0-9.@_]\r\n))[ \t]{0,8}(?=[0-9A-Za-z.@_:(])|[ \t]{0,8}(?=[.@_][0-9A-Za-z]))"
)
_HOST = re.compile(r"@[\w-]{1,60}(\r?\n[ \t]{0,8})(?=[\w-]{1,60}\.)")
_LETTER = re.compile(r"[^\W\d_]")
_VALUE = re.compile("[0-9@]")
_FRACTION = re.compile("[0-9][.][0-9]")
_REACH = 64


def squeezed(text: str) -> Iterator[Swap]:
    """Yield swaps that take the single blanks out of stretches spaced out; more blanks than one become one."""
    for match in _spaced(text):
        for blanks in _BLANKS.finditer(text, *match):
            yield Swap(*blanks.span(), " " if len(blanks.group()) > 1 else "")


def squeezed_into_words(text: str) -> Iterator[Swap]:
    """Yield the swaps of `squeezed`, but leave a blank where digits meet letters."""
    for match in _spaced(text):
        for blanks in _BLANKS.finditer(text, *match):
            before, after = text[blanks.start() - 1], text[blanks.end()]
            is_border = before.isalnum() and after.isalnum() and before.isdigit() != after.isdigit()
            yield Swap(*blanks.span(), " " if is_border or len(blanks.group()) > 1 else "")


def _spaced(text: str) -> Iterator[tuple[int, int]]:
    shape = text.encode("ascii", "replace").translate(_SHAPE)
    if _SEEMS_SPACED not in shape:
        return
    for match in _SPACED.finditer(text):
        if sum(map(str.isalnum, match.group())) >= _LEAST_SPACED:
            start, end = match.span()
            # An end that asks for more takes the blank beside it along: `m a r i a @ bank.example`.
            is_open = text[end - 1] in "@." and text[end : end + 1] == " " and not text[end + 1 : end + 2].isspace()
            yield start, end + (is_open and end + 1 < len(text))


def joined(text: str) -> Iterator[Swap]:
    """Yield swaps that take out the ends of lines within a value, and keep a hyphen before them."""
    hosts = [Swap(*match.span(1), "") for match in _HOST.finditer(text)] if "@" in text else []
    return disjoint([*hosts, *(Swap(start, end, "") for start, end in _broken(text))])


def joined_without_hyphen(text: str) -> Iterator[Swap]:
    """Yield swaps that take out a hyphen with the end of the line."""
    return (Swap(start - 1, end, "") for start, end in _broken(text) if text[start - 1] == "-")


def _broken(text: str) -> Iterator[tuple[int, int]]:
    for match in _BROKEN.finditer(text):
        start, end = match.start(), match.end()
        start -= text[start - 1 : start] == "\r"
        if start > 0 and _is_within_value(text, start, end):
            yield start, end


def _is_within_value(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - _REACH) : start], text[end : end + _REACH]
    if before[-1] == "-":
        return before[-2:-1].strip() != "" and _VALUE.search(before[-8:] + after[:8]) is not None
    if before[-1].isdigit() and after[0].isdigit():
        # Lines of nothing but numbers are a column of a table.
        return any(map(_LETTER.search, (before.rpartition("\n")[2], after.partition("\n")[0])))
    return _FRACTION.search(before[-2:] + after[:2]) is not None or "@" in before or "@" in after
