"""A text as a detector should see it, with the way back to the text itself.

Full-width and other foreign digits, exotic blanks and dashes become their ASCII form, one character for one; zero-width
characters, soft hyphens and direction marks are left out. Nothing is stored from here: only offsets leave.
Not a full NFKC (ligatures and superscripts keep their place, `10²` stays) and no cure for encodings such as base64.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

# Unicode's format characters that show nothing (soft hyphen, zero-width, direction, joiners) and variation selectors.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_LINE_ENDS = "\x85\u2028\u2029"
_BLOCKS = (range(0x80, 0x10000), range(0x10D30, 0x10D3A), range(0x1D400, 0x1D800))  # the last: mathematical letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """`text` is the normal form; `removed` are the positions, within it, at which one source character was left out."""

    text: str
    removed: tuple[int, ...] = ()

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the source's [start, end) for a non-empty stretch of the normal form.

        Characters left out inside the stretch belong to it, those around it do not.
        """
        return self._source(start), self._source(end - 1) + 1

    def _source(self, index: int) -> int:
        return index + bisect_right(self.removed, index)


def normalise(text: str) -> Normalised:
    """Return the normal form of `text`. Cost: none for ASCII, else linear."""
    if text.isascii():
        return Normalised(text=text)
    replacements = _replacements()
    for character in sorted(set(text) & replacements.keys()):
        text = text.replace(character, replacements[character])
    removed = tuple(match.start() - count for count, match in enumerate(_INVISIBLE.finditer(text)))
    return Normalised(text=_INVISIBLE.sub("", text) if removed else text, removed=removed)


@functools.cache
def _replacements() -> dict[str, str]:
    """Return the ASCII form of each character that has one and is not ASCII itself."""
    pairs = ((chr(code), _ascii(chr(code))) for block in _BLOCKS for code in block)
    return {character: plain for character, plain in pairs if plain}


def _ascii(character: str) -> str:
    if character in _LINE_ENDS:
        return "\n"
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Zs":
            return " "
        case "Pd":
            return "-"
        case "No" | "Cs" | "Co" | "Cn":
            return ""
    if character == "\N{MINUS SIGN}":
        return "-"
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 and plain.isascii() else ""
