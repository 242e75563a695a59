"""Ways to write a value so that a search for its shape misses it. `EVERYWHERE` change all of it, `AT` a place in it."""

from __future__ import annotations

import base64
import quopri
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CYRILLIC = str.maketrans("aeopcxyijsADEKMTBHCPOX", "аеорсхуіјѕАDЕКМТВНСРОХ")
_MATHEMATICAL = str.maketrans(
    {chr(97 + n): chr(0x1D41A + n) for n in range(26)} | {chr(48 + n): chr(0x1D7CE + n) for n in range(10)}
)
_NAMED = {"@": "&commat;", ".": "&period;", " ": "&nbsp;", "-": "&hyphen;", "+": "&plus;"}


def _base64(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


def _each(pattern: str) -> Callable[[str], str]:
    return lambda value: "".join(pattern.format(ord(character)) for character in value)


EVERYWHERE: dict[str, Callable[[str], str]] = {
    # Of characters: the normal form
    "full width": lambda value: value.translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)} | {0x20: 0x3000}),
    "mathematical": lambda value: value.translate(_MATHEMATICAL),
    "Arabic digits": lambda value: value.translate({0x30 + n: 0x660 + n for n in range(10)}),
    "look-alikes": lambda value: value.translate(_CYRILLIC),
    "exotic blanks and dashes": lambda value: value.replace(" ", "\u2009").replace("-", "‑").replace("+", "＋"),
    "zero width": "\u200b".join,
    "direction marks": "\u200f".join,
    "struck out": lambda value: "".join(character + "\u0336" for character in value),
    "keycaps": lambda value: re.sub("([0-9])", "\\1\ufe0f\u20e3", value),
    "tags": lambda value: "".join(chr(0xE0000 + ord(character)) for character in value),
    # Of layout
    "spaced out": " ".join,
    "spaced out, groups run together": lambda value: " ".join(value.replace(" ", "")),
    # Of codes
    "decimal references": _each("&#{};"),
    "hexadecimal references": _each("&#x{:X};"),
    "references without end": lambda value: re.sub("[^A-Za-z0-9]", lambda match: f"&#{ord(match[0])};", value),
    "named references": lambda value: "".join(_NAMED.get(character, character) for character in value),
    "percent, what must": lambda value: quote(value, safe=""),
    "percent, all": _each("%{:02x}"),
    "percent, twice": lambda value: quote(quote(value, safe=""), safe=""),
    "escapes, two digits": _each(r"\x{:02x}"),
    "escapes, four digits": _each(r"\u{:04x}"),
    "escapes in braces": _each(r"\u{{{:x}}}"),
    "markdown escapes": lambda value: re.sub(r"([^\w ])", r"\\\1", value),
    "quoted-printable": lambda value: quopri.encodestring(f"{value[:5]}{value[5:]}".encode(), quotetabs=True).decode(),
    # Of encodings
    "base64": _base64,
    "base64, without padding": lambda value: _base64(value).rstrip("="),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(f"{value} ~~~ ???".encode()).decode(),
    "base64, UTF-16": lambda value: _base64(value, "utf-16-le"),
    "base64, UTF-16 of the other order": lambda value: _base64(value, "utf-16-be"),
    "base64, Latin-1": lambda value: _base64(f"Kündigung an {value}", "latin-1"),
    "base64, wrapped": lambda value: base64.encodebytes(f"{'Dear all, ' * 9}{value} {'so ' * 50}".encode()).decode()[
        :-1
    ],
    "base64, twice": lambda value: _base64(_base64(value)),
    "base64 of percent": lambda value: _base64(quote(value, safe="")),
    "percent of base64": lambda value: quote(_base64(value), safe=""),
    "base64 of full width": lambda value: _base64(EVERYWHERE["full width"](value)),
    "hexadecimal": lambda value: value.encode().hex(),
    "hexadecimal, upper": lambda value: "0x" + value.encode().hex().upper(),
    # One in another
    "spaced out at zero width": lambda value: " \u200b".join(value),
    "look-alikes at zero width": lambda value: "\u200b".join(value.translate(_CYRILLIC)),
    "references of full width": lambda value: _each("&#{};")(EVERYWHERE["full width"](value)),
}


def _insert(what: str) -> Callable[[str, int], str]:
    return lambda value, place: value[:place] + what + value[place:]


INSERTED = {
    "bold": "**",
    "bold and italic": "***",
    "underlined": "__",
    "struck": "~~",
    "code": "`",
    "a tag": "<b>",
    "tags with attributes": "</span><span class='x' data-n=\"1\">",
    "a line's end in HTML": "<br/>",
    "a comment": "<!-- x -->",
    "a place to break": "<wbr>",
    "a soft hyphen": "&shy;",
    "a zero-width reference": "&#8203;",
    "a zero-width escape": r"\u200b",
    "nothing": "\0",
    "a soft line end": "=\n",
    "a continued line": "\\\n   ",
    "a soft hyphen at a line's end": "\u00ad\n  ",
    "a hyphen at a line's end": "-\n   ",
    "a hyphen at a line's end, CRLF": "-\r\n",
    "a line's end": "\n  ",
    "a line's end, CRLF": "\r\n",
}
AT: dict[str, Callable[[str, int], str]] = {name: _insert(what) for name, what in INSERTED.items()}


def places(name: str, value: str) -> Iterable[int]:
    """Return where the disguise is promised to be seen through.

    Between two letters or digits. A bare end of a line only between digits, or beside a dot or an at sign between
    others: after a whole word it may end the sentence.
    """
    for place in range(1, len(value)):
        before, after = value[place - 1], value[place]
        if name.startswith("a line's end") and name != "a line's end in HTML":
            if (before.isdigit() and after.isdigit()) or "@" in before + after:
                yield place
        elif before.isalnum() and after.isalnum():
            yield place
