"""Split the bytes of an RTF file into control words, text and the braces of groups (RTF 1.9.1, "Conventions").

Nothing is interpreted but `\\bin`, whose bytes may look like anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?[0-9]{1,10})? ?|\\'(?P<hex>[0-9A-Fa-f]{2})|\\(?P<symbol>[^A-Za-z])"
    rb"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)


class Kind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    WORD = auto()  # `word`, and `number` where it has one
    TEXT = auto()  # `raw`, bytes in the encoding that holds at this place


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token. A control symbol such as `\\~` is a word of one character."""

    kind: Kind
    word: str = ""
    number: int | None = None
    raw: bytes = b""


_OPEN, _CLOSE = Token(kind=Kind.OPEN), Token(kind=Kind.CLOSE)


def tokens(data: bytes) -> Iterator[Token]:
    """Yield the tokens in order."""
    position, length = 0, len(data)
    while position < length:
        found = _TOKEN.match(data, position)
        if found is None:
            return
        position = found.end()
        kind = found.lastgroup
        if kind == "brace":
            yield _OPEN if found["brace"] == b"{" else _CLOSE
        elif kind == "text":
            yield Token(kind=Kind.TEXT, raw=found["text"])
        elif kind == "hex":
            yield Token(kind=Kind.TEXT, raw=bytes.fromhex(found["hex"].decode()))
        elif kind == "symbol":
            yield Token(kind=Kind.WORD, word=found["symbol"].decode("latin-1"))
        elif found["word"]:
            word, number = found["word"].decode(), found["number"]
            if word == "bin":
                position += max(0, int(number or 0))
            else:
                yield Token(kind=Kind.WORD, word=word, number=None if number is None else int(number))
