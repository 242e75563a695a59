"""Named members, one after the other, in one stream of bytes: their sizes need not be known before they are written.

    a member    2 bytes: length of its name, big-endian; its name in UTF-8; its blocks; 4 bytes 0
    a block     4 bytes: its length, big-endian, from 1 to 16 MiB; its bytes
    the end     2 bytes 0, and nothing behind them

Names are relative paths in POSIX form. Reading trusts nothing: lengths are bounded, and a name that leads elsewhere is
refused, though who can write such a stream has the keys of the home.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from compliance_bot.recovery.sealed_file import SealBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAME_BYTES, _LENGTH_BYTES = 2, 4
_MOST_BLOCK_BYTES = 1 << 24


class Sink(Protocol):
    """What takes bytes."""

    def write(self, block: bytes) -> None:
        """Take some."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What a member was when it was written, or read."""

    name: str
    size_bytes: int
    sha256: str


def write_member(sink: Sink, name: str, blocks: Iterable[bytes]) -> Member:
    """Write a member from its bytes, in blocks of any size."""
    digest, size, encoded = hashlib.sha256(), 0, name.encode()
    sink.write(len(encoded).to_bytes(_NAME_BYTES, "big") + encoded)
    for block in _bounded(blocks):
        digest.update(block)
        size += len(block)
        sink.write(len(block).to_bytes(_LENGTH_BYTES, "big"))
        sink.write(block)
    sink.write(bytes(_LENGTH_BYTES))
    return Member(name=name, size_bytes=size, sha256=digest.hexdigest())


def _bounded(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), _MOST_BLOCK_BYTES):
            yield block[start : start + _MOST_BLOCK_BYTES]


def write_end(sink: Sink) -> None:
    """Say that there are no more members."""
    sink.write(bytes(_NAME_BYTES))


class MemberReader:
    """The blocks of one member, and what it was once they are read. They are read once, in their turn."""

    def __init__(self, name: str, source: _Source) -> None:
        self.name = name
        self._source = source
        self._digest, self._size, self._is_over = hashlib.sha256(), 0, False

    def __iter__(self) -> Iterator[bytes]:
        while not self._is_over:
            length = self._source.number(_LENGTH_BYTES)
            if length > _MOST_BLOCK_BYTES:
                raise SealBroken
            if length == 0:
                self._is_over = True
                return
            block = self._source.take(length)
            self._digest.update(block)
            self._size += length
            yield block

    def drained(self) -> Member:
        """Read what is left, and return what the member was."""
        for _ in self:
            pass
        return Member(name=self.name, size_bytes=self._size, sha256=self._digest.hexdigest())


def read_members(stream: Iterator[bytes]) -> Iterator[MemberReader]:
    """Yield the members in the order they were written; what is not read of one is passed over. Raises SealBroken."""
    source = _Source(stream)
    while length := source.number(_NAME_BYTES):
        member = MemberReader(_name(source.take(length)), source)
        yield member
        member.drained()
    source.require_end()


def _name(encoded: bytes) -> str:
    """Return a name that stays below the folder it is put into."""
    try:
        name = encoded.decode()
    except UnicodeDecodeError as error:
        raise SealBroken from error
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or str(path) != name or "\0" in name:
        raise SealBroken
    return name


class _Source:
    """Bytes in the pieces that are asked for."""

    def __init__(self, stream: Iterator[bytes]) -> None:
        self._stream, self._held = stream, bytearray()

    def take(self, length: int) -> bytes:
        while len(self._held) < length:
            try:
                self._held += next(self._stream)
            except StopIteration:
                raise SealBroken from None
        taken = bytes(self._held[:length])
        del self._held[:length]
        return taken

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def require_end(self) -> None:
        if self._held or next(self._stream, None) is not None:
            raise SealBroken
