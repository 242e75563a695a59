"""A text as a detector should see it, with the way back to the text itself.

Full-width and foreign digits, exotic blanks, dashes and quotes become ASCII; ligatures become their letters (`forms`);
an accent of its own joins its letter, or goes where no letter has it; what shows nothing is left out; letters that
stand for Latin ones become Latin (`lookalikes`); a word that the end of a line parts becomes one.

What undoes an encoding, markup or spacing is a reading beside this one (`views`): those may be wrong, this may not.
Nothing is stored from here: only offsets leave.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

from compliance_bot.redaction.forms import CONTROLS, MARKS, RAISED, form
from compliance_bot.redaction.lookalikes import LOOKALIKES, read_lookalikes
from compliance_bot.redaction.rewritten import Rewritten, Swap, disjoint, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASCII = re.compile("[\x00-\x7f]+")
_PAGE_ENDS = "\v\f\x1c\x1d\x1e\x1f"
_PAGE_END_TABLE = str.maketrans(_PAGE_ENDS, "\n\n\n\n\n ")
_IS_MARK = re.compile(f"[{MARKS}]")
_MOST_MARKS = 4  # Vietnamese has two on a letter; composing takes quadratic time in them
_HYPHEN_LAST = re.compile(r"-\r?\n")
_DIVIDED = re.compile(r"(?:(?<=[^\W\d_])-\r?\n[ \t]{0,8}(?=[^\W\d_])|\u00ad\r?\n[ \t]{0,8})(?=\S)")
_MIDDLE_DOTS = "·∙⋅•"
_MIDDLE_DOT = re.compile(f"(?<=[0-9])[{_MIDDLE_DOTS}](?=[0-9])")
_DIGITS = "".join(character for character, plain in RAISED.items() if plain.isdigit())
# No footnote and no power has seven digits, or letters in a row.
_RAISED = re.compile(f"(?:[{_DIGITS}][ .-]?){{7,}}|[{''.join(RAISED.keys() - set(_DIGITS))}]{{2,}}")
_RAISED_TABLE = str.maketrans(RAISED)
_TAGS = re.compile("[\U000e0020-\U000e007e]{7,}")  # a flag has six; more is text that only machines read
_TAG_TABLE = {0xE0000 + code: code for code in range(0x20, 0x7F)}


def normalise(text: str) -> Rewritten:
    """Return the normal form of `text`. Cost: next to none for ASCII, else linear."""
    if any(end in text for end in _PAGE_ENDS):
        text = text.translate(_PAGE_END_TABLE)
    present = frozenset() if text.isascii() else frozenset(_ASCII.sub("", text))
    text, others = _in_place(text, present)
    others += "".join([control for control in CONTROLS if control in text])
    swaps = [*_recomposed(text, others)] if others else []
    if "\u00ad" in present or _HYPHEN_LAST.search(text):
        swaps += _rejoined(text)
    normal = rewrite(text, disjoint(swaps)) if swaps else Rewritten(text=text)
    return _read_together(normal, present) if present else normal


def _in_place(text: str, present: frozenset[str]) -> tuple[str, str]:
    """Return `text` with each character in its form, where that is one; and the characters whose form is not."""
    forms = {character: form(character) for character in present}
    singles = {character: plain for character, plain in forms.items() if len(plain) == 1 and plain != character}
    if len(singles) > 16:  # each `replace` reads the whole text
        text = text.translate({ord(character): plain for character, plain in singles.items()})
    else:
        for character, plain in singles.items():
            text = text.replace(character, plain)
    if max(present, default="") >= "\U000e0020":
        text = _TAGS.sub(lambda tags: tags.group().translate(_TAG_TABLE), text)
    return text, "".join(sorted(character for character, plain in forms.items() if len(plain) != 1))


def _recomposed(text: str, others: str) -> Iterator[Swap]:
    """Yield swaps that put accents on their letters, write out ligatures, and leave out what shows nothing."""
    for match in _any_of(others).finditer(text):
        start, end = match.span()
        base, run = match[1] or "", match[2] or match[3] or ""
        if not base and _IS_MARK.search(run) and start:
            start -= 1
            base = text[start]
        plain = form(base) if base else ""
        if run and plain:
            marks = "".join(_IS_MARK.findall(run[: 16 * _MOST_MARKS])[:_MOST_MARKS])
            plain = _IS_MARK.sub("", unicodedata.normalize("NFC", plain + marks))
        yield Swap(start, end, plain)


@functools.lru_cache(maxsize=64)
def _any_of(others: str) -> re.Pattern[str]:
    """Return a pattern of (ligature, what follows it and shows nothing) or of (…, …, what else shows nothing)."""
    ligatures = "".join(filter(form, others))
    hidden = "".join(other for other in others if not form(other)) or "\0"
    return re.compile(f"([{ligatures}])([{hidden}]*)|([{hidden}]+)" if ligatures else f"()()([{hidden}][{hidden}]*)")


def _rejoined(text: str) -> Iterator[Swap]:
    """Yield swaps that join a word over the end of a line; `Smith-\\nJones` keeps its hyphen."""
    for match in _DIVIDED.finditer(text):
        start, end = match.span()
        is_name = text[start] == "-" and text[end].isupper() and text[end + 1 : end + 2].islower()
        yield Swap(start + is_name, end, "")


def _read_together(normal: Rewritten, present: frozenset[str]) -> Rewritten:
    """Return the normal form with look-alikes, dots and raised characters read by what is beside them; none moves."""
    text = normal.text
    if not present.isdisjoint(LOOKALIKES):
        text = read_lookalikes(text)
    if not present.isdisjoint(_MIDDLE_DOTS):
        text = _MIDDLE_DOT.sub(".", text)
    if not present.isdisjoint(RAISED):
        text = _RAISED.sub(lambda run: run.group().translate(_RAISED_TABLE), text)
    return Rewritten(text=text, at=normal.at, size=normal.size, begin=normal.begin, until=normal.until)
