"""A text in octets, one for each character, and its words: what scans look into before they read the text itself.

Most texts have nothing of what most scans look for. To see that in octets takes a tenth of the time of a pattern: a
search leaps from one digit to the next. All answers err on one side: what is not in the outline is not in the text.
Outlines are made once for all scans of a text and kept for the last few texts only, until `forget`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEPT = 4  # texts: one for each thread, on most machines


def _table(**to: str) -> bytes:
    """Return a table for `bytes.translate`: what stands for digits, capitals, small letters and, if given, the rest."""
    kinds = (("digit", str.isdigit), ("upper", str.isupper), ("lower", str.islower))
    other = to.get("other")

    def form(code: int) -> int:
        kind = next((name for name, is_kind in kinds if code < 128 and is_kind(chr(code))), None)
        return ord(to[kind]) if kind and to[kind] else ord(other) if other and kind is None else code

    return bytes(map(form, range(256)))


_SHAPE = _table(digit="0", upper="A", lower="a")
_LETTERS = _table(digit=" ", upper="", lower="", other=" ")
_DIGITS = re.compile(b"00*")  # the first character alone: that is what is leapt to
_SPACED_DIGITS = re.compile(rb"0[0 ().+/\r\n\t-]*")


class Outline:
    """What a text is made of. All but `octets` and `shape` is made when it is first asked for."""

    __slots__ = ("_digits", "_longest", "_lower", "_lowered", "_words", "octets", "shape")

    def __init__(self, text: str) -> None:
        self.octets = text.encode("ascii", "replace")  # a question mark for what is not ASCII
        self.shape = self.octets.translate(_SHAPE)  # 0 for a digit, A for a capital, a for a small letter
        self._words: frozenset[bytes] | None = None
        self._lowered: frozenset[bytes] | None = None
        self._lower: bytes | None = None
        self._digits: tuple[int, ...] | None = None
        self._longest: int | None = None

    @property
    def words(self) -> frozenset[bytes]:
        """The rows of ASCII letters; of a word with others, its pieces."""
        if self._words is None:
            self._words = frozenset(self.octets.translate(_LETTERS).split())
        return self._words

    @property
    def lowered(self) -> frozenset[bytes]:
        """The words in lower case."""
        if self._lowered is None:
            self._lowered = frozenset(map(bytes.lower, self.words))
        return self._lowered

    @property
    def lower(self) -> bytes:
        """The octets in lower case."""
        if self._lower is None:
            self._lower = self.octets.lower()
        return self._lower

    @property
    def digits(self) -> tuple[int, ...]:
        """Where rows of digits begin."""
        if self._digits is None:
            self._digits = tuple(match.start() for match in _DIGITS.finditer(self.shape))
        return self._digits

    @property
    def most_digits(self) -> int:
        """How many digits there are at most in a row, over blanks, brackets, marks and ends of lines."""
        if self._longest is None:
            rows = _SPACED_DIGITS.findall(self.shape)
            self._longest = max((row.count(b"0") for row in rows), default=0)
        return self._longest


outline = lru_cache(maxsize=KEPT)(Outline)


def forget() -> None:
    """Let go of the texts that are kept."""
    outline.cache_clear()


def piece(word: str) -> bytes:
    """Return the longest piece of a word, as `Outline.words` has it."""
    return max(word.encode("ascii", "replace").translate(_LETTERS).split(), key=len)


def matches(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
    """Yield what `pattern.finditer` does, where `places` are all at which a match can begin, in order."""
    done = 0
    match = pattern.match
    for place in places:
        if place >= done and (found := match(text, place)):
            yield found
            done = found.end()


def places(octets: bytes, part: bytes) -> Iterator[int]:
    """Yield where `part` begins, each time it stands in `octets`."""
    at = octets.find(part)
    while at >= 0:
        yield at
        at = octets.find(part, at + len(part))


class Words:
    """Words to look for, by a piece of each: those that may be in a text are told at once, however many they are."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_piece: defaultdict[bytes, list[str]] = defaultdict(list)
        for word in words:
            self._by_piece[piece(word)].append(word)
        self._pieces = frozenset(self._by_piece)  # a set meets another in the time of the smaller one

    def among(self, pieces: frozenset[bytes]) -> list[str]:
        """Return the words that may be in a text with these pieces, sorted."""
        common = self._pieces & pieces
        return sorted(word for part in common for word in self._by_piece[part]) if common else []


def capitalised(text: str, seen: Outline, words: Words) -> list[tuple[int, str]]:
    """Return where the words stand by themselves, in order; digits may follow one."""
    found: list[tuple[int, str]] = []
    for word in words.among(seen.words):
        at = text.find(word)
        while at >= 0:
            end = at + len(word)
            after = text[end : end + 1]
            if not (at and text[at - 1].isalnum()) and (not after.isalnum() or after.isdecimal()):
                found.append((at, word))
            at = text.find(word, end)
    found.sort()
    return found
