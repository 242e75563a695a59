"""Text inside base64 and hexadecimal: whole stretches that stand for other text.

A stretch counts only if it decodes to text that people write (UTF-8, UTF-16 as Windows has it, or Latin-1); what is
found inside is for the detector to say, so that a hash, an id or a long word is left alone. The standard alphabet and
the one for URLs, with padding or without, in one line or wrapped. Linear, and never longer than what it stands for.
"""

from __future__ import annotations

import binascii
import re
import string
from typing import TYPE_CHECKING

from compliance_bot.redaction.rewritten import Swap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LEAST = 14  # characters of base64 without padding: ten of text
_LEAST_HEX = 20
_SHAPE = bytes(ord("x") if chr(code) in f"{string.ascii_letters}{string.digits}+/-_" else 32 for code in range(256))
_LONG = b"x" * _LEAST
_WORD = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_MORE = re.compile(r"(?:\s{1,8}[A-Za-z0-9+/_-]{14,})*(?:\r?\n[ \t]{0,8}[A-Za-z0-9+/_-]+)?={0,2}")  # further lines
_PART = re.compile(r"[A-Za-z0-9]{14,}=*")
_HEX = re.compile(r"(?:0[xX])?((?:[0-9A-Fa-f]{2})+)")
_STANDARD = str.maketrans("-_", "+/")
_UNWRITTEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_MOST_UNWRITTEN = 0.1  # of the characters: a few do not hide the rest


def encoded(text: str) -> Iterator[Swap]:
    """Yield a swap for each stretch that stands for text, with blanks around it: it may touch what is beside it."""
    shape = text.encode("ascii", "replace").translate(_SHAPE)
    start = shape.find(_LONG)
    while start >= 0:
        word = _WORD.match(text, start)
        assert word is not None  # it is as long as _LONG, of the same alphabet
        end = word.end()
        if not _is_plain(word.group()):
            more = _MORE.match(text, end)
            end = more.end() if more and text[end - 1] != "=" else end
            yield from _of_lines(text, [line.span() for line in _WORD.finditer(text, start, end)])
        start = shape.find(_LONG, end)


def _is_plain(word: str) -> bool:
    """Say whether `word` is a word as it stands: base64 of a text has letters of both cases."""
    return (word[1:].islower() or word.isupper()) and _HEX.fullmatch(word) is None


def _of_lines(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[Swap]:
    """Yield the swaps of lines of base64, which may be several pieces or words of the text."""
    done = 0
    while done < len(lines):
        size = _lines_of_one(lines, done)
        # The last line, a shorter one, may be the next word of the text; and all of them may be words.
        for count, is_strict in ((size, True), (size - 1, True), (size, False), (size - 1, False)):
            plain = _decoded("".join(text[a:b] for a, b in lines[done : done + count]), is_strict=is_strict)
            if plain:
                yield Swap(lines[done][0], lines[done + count - 1][1], f" {plain} ")
                break
        else:
            count = max(1, size - 1)
            for start, end in lines[done : done + count]:
                yield from _of_parts(text, start, end)
        done += count


def _lines_of_one(lines: Sequence[tuple[int, int]], first: int) -> int:
    """Return how many lines from `first` are wrapped alike: equally long, but for a shorter last one."""
    length = lines[first][1] - lines[first][0]
    last = first
    while last + 1 < len(lines) and lines[last][1] - lines[last][0] == length:
        last += 1
    is_longer = lines[last][1] - lines[last][0] > length
    return last - first + 1 - is_longer


def _of_parts(text: str, start: int, end: int) -> Iterator[Swap]:
    """Yield the swaps of a stretch, or of its parts: in a path or a name it is one between others."""
    plain = _decoded(text[start:end])
    if plain:
        yield Swap(start, end, f" {plain} ")
        return
    for part in _PART.finditer(text, start, end):
        plain = _decoded(part.group()) if part.span() != (start, end) else ""
        if plain:
            yield Swap(*part.span(), f" {plain} ")


def _decoded(token: str, *, is_strict: bool = False) -> str:
    """Return the text that `token` stands for; nothing where that is none, or with `is_strict` no clean UTF."""
    token = token.rstrip("=")
    if len(token) < _LEAST:
        return ""
    octets = _HEX.fullmatch(token) if len(token) >= _LEAST_HEX else None
    if octets and (plain := _written(bytes.fromhex(octets[1]), is_strict=is_strict)):
        return plain
    if _is_plain(token):
        return ""
    whole = token[: len(token) - (len(token) % 4 == 1)]
    return _written(binascii.a2b_base64(whole.translate(_STANDARD) + "=="), is_strict=is_strict)


def _written(octets: bytes, *, is_strict: bool) -> str:
    encoding = "utf-8"
    if octets.count(0) * 3 > len(octets):
        encoding = "utf-16-le" if octets[1::2].count(0) > octets[::2].count(0) else "utf-16-be"
    try:
        plain = octets.decode(encoding)
    except UnicodeDecodeError:
        if is_strict:
            return ""
        plain = octets.decode("latin-1")
        if len(plain) - len(plain.encode("ascii", "ignore")) > _MOST_UNWRITTEN * len(plain):
            return ""
    most = 0 if is_strict else _MOST_UNWRITTEN * len(plain)
    return plain if len(_UNWRITTEN.findall(plain)) <= most else ""
