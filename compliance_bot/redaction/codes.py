"""What stands for a single character, or for none: character references, percent and backslash codes, inline markup.

`&#64;`, `%40`, `=40`, `\\x40`, `\\u0040`, `\\@` and `(at)` are an at sign; `<b>`, `**` and a comment are nothing where
they stand inside a word or a number. Not base64 and the like (`encoded`), where a character has no place of its own.
All patterns are bounded and begin with what is rare; each is looked for only where the text has it at all.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from compliance_bot.redaction.rewritten import Swap, disjoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEX = "[0-9A-Fa-f]"


def _octets(sign: str, first: str) -> str:
    """Return a pattern of one UTF-8 character, each octet after `sign`; or of a single octet that is one of `first`."""
    then = f"{sign}[89ABab]{_HEX}"
    several = f"[C-Dc-d]{_HEX}{then}|[Ee]{_HEX}(?:{then}){{2}}|[Ff][0-4](?:{then}){{3}}"
    return f"{sign}(?:{several}|{first})"


_REFERENCE = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_PERCENT = re.compile(_octets("%", f"{_HEX}{{2}}"))
# Letters and digits need no code in quoted-printable, and `a=34` is no 4.
_PRINTABLE = re.compile(r"=\r?\n|" + _octets("=", "2[0-9A-F]|3[A-F]|40|5[B-F]|60|7[B-E]"))
_HEX_ESCAPE = re.compile(_octets(r"\\x", f"{_HEX}{{2}}"))
_ESCAPE = re.compile(
    rf"\\(?:u[dD][89ABab]{_HEX}{{2}}\\u[dD][C-Fc-f]{_HEX}{{2}}|u{_HEX}{{4}}|u\{{{_HEX}{{1,6}}\}}|U{_HEX}{{8}}"
    r"|[nrt]|\r?\n[ \t]{0,8}|[!-/:-@\[-`{-~])"
)
_SPELLED = {left: re.compile(rf"(?i)\{left} ?(?:at|dot) ?\{right} ?") for left, right in ("()", "[]", "{}")}

_TAG = (
    r"<(?:/?(?:a|abbr|b|big|br|code|del|em|font|i|ins|kbd|mark|s|small|span|strong|sub|sup|tt|u|wbr)"
    r"(?:[ /][^<>]{0,200})?|!--[^<>]{0,200}--)>"
)
_TAGS = re.compile(rf"(?i){_TAG}(?: ?{_TAG})*")
_STARS = re.compile(r"(?<!\*)\*{1,3}(?!\*)(?: \*{1,3}(?!\*))?")  # four and more hide the digits of a card
_UNDERLINES, _STRIKES, _TICKS = (re.compile(rf"{sign}(?: {sign})?") for sign in ("__", "~~", "`"))
_APART = re.compile(r"> <|[*_~`] [*_~`]")
_PAIR = 40  # characters from an opening mark to its closing one
_JOINING = frozenset("@._+-:/()#")


def codes(text: str) -> Iterator[Swap]:
    """Yield a swap for each code in `text` and what it stands for."""
    found = [
        Swap(*match.span(), plain)
        for sign, pattern, read in _CODES
        if sign in text
        for match in pattern.finditer(text)
        if (plain := read(match.group())) != match.group()
    ]
    for sign, pattern in _SPELLED.items():
        if sign in text:
            for match in pattern.finditer(text):
                start, end = match.span()
                is_apart = text[start - 1 : start] == " "
                found.append(Swap(start - is_apart, end, "@" if "a" in match.group().lower() else "."))
    return disjoint(found)


def markup(text: str) -> Iterator[Swap]:
    """Yield a swap for the markup inside a word or a number, and for what opens or closes it beside the word."""
    found = [
        (Swap(*match.span(), " " if _APART.search(match.group()) else ""), _is_inside(text, *match.span()))
        for sign, pattern in _MARKUP
        if sign in text
        for match in pattern.finditer(text)
    ]
    if not any(is_inside for _, is_inside in found):
        return iter(())
    found.sort()
    inside = [swap.start for swap, is_inside in found if is_inside]
    near = ((swap, bisect_left(inside, swap.start)) for swap, _ in found)
    return disjoint(
        [swap for swap, n in near if any(abs(start - swap.start) <= _PAIR for start in inside[max(0, n - 1) : n + 1])]
    )


def _is_inside(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    left, right = before[-1:], after[:1]
    if left != " " and right != " ":
        is_joined = all(side.isalnum() or side in _JOINING for side in (left, right))
        return bool(left and right) and is_joined and (left.isalnum() or right.isalnum())
    # Between the groups of a number: one blank, on one side.
    return before.strip(" ")[-1:].isdigit() and after.strip(" ")[:1].isdigit() and not (left == right == " ")


def _of_octets(code: str) -> str:
    octets = bytes.fromhex(re.sub(r"[%=]|\\x", "", code))
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _of_printable(code: str) -> str:
    return "" if code.endswith("\n") else _of_octets(code)


def _of_escape(code: str) -> str:
    if code[1] not in "uU":
        return {"n": "\n", "r": " ", "t": "\t", "\r": "", "\n": ""}.get(code[1], code[1])
    points = [int(point, 16) for point in re.findall(rf"{_HEX}+", code.replace("\\U", "\\u").replace("u", " "))]
    if len(points) == 2:
        return chr(0x10000 + (points[0] - 0xD800) * 0x400 + points[1] - 0xDC00)
    return chr(points[0]) if points[0] < 0xD800 or 0xDFFF < points[0] < 0x110000 else "\N{REPLACEMENT CHARACTER}"


_CODES: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("&", _REFERENCE, html.unescape),
    ("%", _PERCENT, _of_octets),
    ("=", _PRINTABLE, _of_printable),
    ("\\", _HEX_ESCAPE, _of_octets),
    ("\\", _ESCAPE, _of_escape),
)
_MARKUP = (("<", _TAGS), ("*", _STARS), ("_", _UNDERLINES), ("~", _STRIKES), ("`", _TICKS))
