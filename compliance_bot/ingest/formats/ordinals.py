"""Write a number as lists do: 3, c, C, iii, III."""

from __future__ import annotations

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_ROMAN_ONES = ((9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_LARGEST_ROMAN = 9_999


def ordinal(number: int, form: str) -> str:
    """Return a number in one of the forms that WordprocessingML names; in an uncommon form as a decimal."""
    if form in ("lowerLetter", "upperLetter") and 0 < number <= _LARGEST_ROMAN:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)  # Word counts a … z, aa, bb
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < number <= _LARGEST_ROMAN:
        roman = ""
        for value, digits in (*_ROMAN, *_ROMAN_ONES):
            roman += digits * (number // value)
            number %= value
        return roman if form == "lowerRoman" else roman.upper()
    return f"{number:02d}" if form == "decimalZero" else str(number)
