"""Recognise what stands before the words of a list item, a clause or a heading: "•", "(a)", "iv.", "3.2.1"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BULLET = re.compile(r"[-–—*+•‣⁃▪▫◦●○■□❖➢➤✓\uf0a7\uf0b7\uf0d8·o]\s+(?=\S)")
_ENUMERATED = re.compile(
    r"(?P<open>\(?)(?P<value>\d{1,3}|[A-Za-z]|[ivxlcdm]{1,7}|[IVXLCDM]{1,7})(?P<close>[.)])\s+(?=\S)"
)
_CLAUSE = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3})+)\.?\s+(?=\S)")
_PARTED = re.compile(
    r"(?:(?P<word>part|chapter|title|section|article|rule|schedule|annex|appendix|exhibit)\s+|§+\s*)"
    r"(?:\d+[A-Z]?|[IVXLC]+|[A-Z])\b",
    re.IGNORECASE,
)
_PART_LEVELS = {"chapter": 2, "section": 3, "article": 3, "rule": 3}
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_LONGEST_HEADING = 110  # characters
_MOST_WORDS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A list marker's style and place in its list; `end` is where the item's words begin. A bullet has ordinal 0."""

    style: str
    ordinal: int
    end: int


def markers(line: str) -> tuple[Marker, ...]:
    """Return the readings of the marker that `line` begins with, likeliest first: "(i)" is a letter or a numeral."""
    bullet = _BULLET.match(line)
    if bullet:
        return (Marker(style=f"bullet {bullet.group()[0]}", ordinal=0, end=bullet.end()),)
    found = _ENUMERATED.match(line)
    if found is None or (found["open"] and found["close"] == "."):
        return ()
    value, shape = found["value"], f"{found['open']}{{}}{found['close']}"
    if value.isdigit():
        return (Marker(style=shape.format("1"), ordinal=int(value), end=found.end()),)
    case = "a" if value.islower() else "A"
    readings: list[Marker] = []
    if set(value.lower()) <= set(_ROMAN):
        roman = Marker(style=shape.format("i" if case == "a" else "I"), ordinal=_roman(value), end=found.end())
        readings.append(roman)
    if len(value) == 1:
        letter = Marker(style=shape.format(case), ordinal=ord(value.lower()) - ord("a") + 1, end=found.end())
        readings.insert(1 if value in "iI" else 0, letter)
    return tuple(readings)


def clause_depth(line: str) -> int:
    """Return how many numbers the clause number has that `line` begins with ("3.2.1 Fees": 3), or 0."""
    found = _CLAUSE.match(line)
    return found["number"].count(".") + 1 if found else 0


def part_level(line: str) -> int:
    """Return the level of a heading that names itself ("PART II", "Article 5"), or 0."""
    found = _PARTED.match(line)
    return _PART_LEVELS.get((found["word"] or "section").lower(), 1) if found and is_title_like(line) else 0


def numbered_level(line: str, following: str) -> int:
    """Return the level of a short, numbered title ("3.2 Record keeping": 3), or 0 for a clause or a list item.

    `following` is the line below: a title is not wrapped into it, and a list goes on in it.
    """
    depth = clause_depth(line)
    readings = markers(line)
    first = int(not depth and bool(readings) and readings[0].style in ("1.", "I."))
    if not is_title_like(line) or not (depth or first) or following[:1].islower():
        return 0
    if first and any(marker.style == readings[0].style for marker in markers(following)):
        return 0
    return 1 + (depth or first)


def is_title_like(line: str) -> bool:
    """Tell whether a line could be a heading by its words alone: short, begun with a capital, not a sentence."""
    if len(line) > _LONGEST_HEADING:
        return False
    words = line.split()
    begins = next((character for character in line if character.isalpha()), "")
    return len(words) <= _MOST_WORDS and begins.isupper() and line[-1] not in ".;:,!" and line.count("  ") == 0


def is_shouted(line: str) -> bool:
    """Tell whether a line is in capitals throughout, as old documents write headings."""
    if len(line) > _LONGEST_HEADING or not line.isupper() or line[-1] in ".;,":
        return False
    return sum(character.isalpha() for character in line) >= 4 and len(line.split()) <= _MOST_WORDS


def _roman(value: str) -> int:
    digits = [_ROMAN[character] for character in value.lower()]
    return sum(-a if a < b else a for a, b in zip(digits, [*digits[1:], 0], strict=True))
