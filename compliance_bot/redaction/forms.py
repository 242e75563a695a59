"""What a single character becomes in the normal form, wherever it stands: itself, another, several, or nothing.

NFKC less what it would spoil. It makes 102 of `10²`, letters of the sign that ends a number (`…1111ª`), and words of
symbols that may stand at a value's edge: what would hide a border is left as it is, and read as `RAISED` only where it
is a number or a word of its own.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from compliance_bot.redaction.lookalikes import FANCY

CONTROLS = "".join(map(chr, (*range(9), *range(0x0E, 0x1C), 0x7F)))  # of ASCII; what ends lines and pages apart
# Unicode's format characters that show nothing (soft hyphen, zero-width, direction, joiners), fillers, variation
# selectors and tags; a class of a pattern.
INVISIBLE = (
    f"{CONTROLS}\x80-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    "\U000e0100-\U000e01ef"
)
MARKS = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # of no script
_SHOWS_NOTHING = re.compile(f"[{INVISIBLE}{MARKS}]")
_OWN = {
    **dict.fromkeys("\x85\u2028\u2029", "\n"),
    **dict.fromkeys("‘’‛ʼ", "'"),
    **dict.fromkeys("“”‟", '"'),
    **dict.fromkeys("⁄∕⧸", "/"),
    **dict.fromkeys("∶꞉", ":"),
    **dict.fromkeys("。｡․", "."),  # the dots that host names may be written with (UTS #46), and a leader
    **dict.fromkeys("−˗➖⁃", "-"),
    "℡": "Tel ",
    "№": "No ",
    **FANCY,
}
_LONGEST = 4  # characters that one becomes; Arabic has phrases of eighteen


@functools.lru_cache(maxsize=1 << 14)
def form(character: str) -> str:
    """Return what `character` becomes. What shows nothing and accents of their own become nothing."""
    if character in _OWN:
        return _OWN[character]
    if _SHOWS_NOTHING.match(character):
        return ""
    if character.isascii() or character in RAISED:
        return character
    category = unicodedata.category(character)
    match category:
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Zs":
            return " "
        case "Pd":
            return "-"
        case "Cs":
            return "\N{REPLACEMENT CHARACTER}"  # half of a pair, which no library downstream would take
        case "No" | "Co" | "Cn":
            return character
    plain = unicodedata.normalize("NFKC", character)
    is_written_out = category[0] == "L" and len(plain) <= _LONGEST
    return plain if len(plain) == 1 or is_written_out else character


def _plain_of_raised(character: str) -> str:
    """Return the ASCII letter or digit that is raised, lowered, circled or boxed; else nothing."""
    match unicodedata.category(character):
        case "No":
            return str(unicodedata.digit(character, ""))
        case "Lm" | "Lo" | "So" | "Lu" | "Ll":
            plain = unicodedata.normalize("NFKC", character)
            return plain if len(plain) == 1 and plain.isascii() and plain.isalpha() else ""
    return ""


_RAISED = (range(0xAA, 0xBB), range(0x2B0, 0x2E4), range(0x1D2C, 0x1DC0), range(0x2070, 0x209D))
_CIRCLED = (range(0x2460, 0x2500), range(0x2776, 0x2794), range(0x1F130, 0x1F14A))
_WHITE_ON_BLACK = {chr(block + n): chr(ord("A") + n) for block in (0x1F150, 0x1F170) for n in range(26)}
RAISED = {
    chr(code): plain for block in (*_RAISED, *_CIRCLED) for code in block if (plain := _plain_of_raised(chr(code)))
} | _WHITE_ON_BLACK
