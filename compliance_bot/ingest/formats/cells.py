"""Write the value of a spreadsheet's cell as its reader sees it: percentages, decimals, thousands; dates in ISO 8601.

Of a number format (ECMA-376 part 1, 18.8.31) the first section counts: its decimals, thousands, percent sign and
literal words such as a currency. What is rarer (fractions, exponents, conditions) is left aside, and the number stands
with up to 15 digits, which is what a spreadsheet keeps.
"""

from __future__ import annotations

import datetime as dt
import re

_GENERAL = frozenset({"", "general", "@"})
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LITERAL = re.compile(r"\"([^\"]*)\"|\[\$([^\]-]*)(?:-[^\]]*)?\]|\\(.)|\[[^\]]*\]|_.|\*.")
_NUMBER = re.compile(r"[#0?,]*[#0?](?:,[#0?]+)*(?P<decimals>\.[0#?]+)?")
_PLAIN = re.compile(r"[\s%()+€$£¥-]*")
_MOST_DIGITS = 15


def format_value(value: object, number_format: str) -> str:
    """Return a cell's value as text; empty for None."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, number_format)
    if isinstance(value, dt.datetime):
        whole = value.time() == dt.time()
        return value.date().isoformat() if whole else value.replace(microsecond=0).isoformat(sep=" ")
    if isinstance(value, dt.time):
        return value.replace(microsecond=0).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return str(value)
    return "" if value is None else unescape(str(value))


def unescape(text: str) -> str:
    """Return a text with the characters that XML cannot hold, which Excel writes as `_x000D_`, put in their place."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _number(value: float, number_format: str) -> str:
    section = number_format.split(";")[0]
    if section.strip().casefold() in _GENERAL:
        return _general(value)
    words: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        words.append(next((group for group in found.groups() if group), ""))
        return "\0" if words[-1] else ""

    bare = _LITERAL.sub(put_aside, section)
    shape = _NUMBER.search(bare)
    if shape is None or not _PLAIN.fullmatch((bare[: shape.start()] + bare[shape.end() :]).replace("\0", "")):
        return _general(value)
    percent = "%" in bare
    decimals = shape["decimals"] or ""
    text = f"{value * 100 if percent else value:{',' if ',' in shape.group() else ''}.{max(0, len(decimals) - 1)}f}"
    if decimals.endswith("#"):
        text = text.rstrip("0").rstrip(".")
    around = bare[: shape.start()] + text + bare[shape.end() :]
    for word in words:
        if word:
            around = around.replace("\0", word, 1)
    return around.strip()


def _general(value: float) -> str:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 10**_MOST_DIGITS):
        return str(int(value))
    return f"{value:.{_MOST_DIGITS}g}"
