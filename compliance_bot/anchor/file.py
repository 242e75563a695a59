"""The anchor as a file: append a line durably, read the last one, read them all. It knows nothing of a database.

A line counts once its end is written. What a crash or a full disk left of one is passed over by readers and cut off by
the next writer, under the lock that every reader and writer takes for the moment of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from compliance_bot.anchor.faults import AnchorUnreadable, AnchorUnwritable
from compliance_bot.anchor.line import format_line, in_order, parse_line
from compliance_bot.keys import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.anchor.line import Line

_BLOCK_BYTES = 8192  # more than most lines have


class AnchorFile:
    """The file of one home's anchor, which need not be there yet."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path, self.key = path, key

    def state(self) -> tuple[int, int] | None:
        """Return what is another after each line; None where the file cannot be looked at."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size

    def last(self) -> Line | None:
        """Return the last line, None where there is none; reads the end of the file alone.

        Raises AnchorUnreadable and AnchorAltered.
        """
        with self._reading() as file:
            return None if file is None else self._last(file)

    def lines(self) -> Iterator[Line]:
        """Yield all lines in order, each checked against the one before. Raises AnchorUnreadable and AnchorAltered."""
        with self._reading() as file:
            if file is not None:
                with os.fdopen(os.dup(file), "rb") as text:
                    whole = (one for one in text if one.endswith(b"\n"))
                    yield from in_order(parse_line(one, self.key) for one in whole)

    def append(self, follow: Callable[[Line | None], Line]) -> Line:
        """Write the line that `follow` makes of the last one, durably, and return it.

        Raises AnchorUnwritable, and what `follow` raises: then the file is as before.
        """
        with self._writing() as file:
            end = _cut(file)
            line = follow(self._last(file))
            try:
                _write(file, format_line(line))
                if not end:
                    sync_folder(self.path.parent)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(file, end)
                raise
            return line

    def set_aside(self, name: str) -> None:
        """Let the file have another name in its folder, where there is one. Raises AnchorUnwritable."""
        try:
            with suppress(FileNotFoundError):
                self.path.rename(self.path.with_name(name))
                sync_folder(self.path.parent)
        except OSError as error:
            raise AnchorUnwritable(self.path, error) from error

    @contextmanager
    def _reading(self) -> Iterator[int | None]:
        try:
            file = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise AnchorUnreadable(self.path, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield file
        except OSError as error:
            raise AnchorUnreadable(self.path, error) from error
        finally:
            os.close(file)

    @contextmanager
    def _writing(self) -> Iterator[int]:
        try:
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise AnchorUnwritable(self.path, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        except OSError as error:
            raise AnchorUnwritable(self.path, error) from error
        finally:
            os.close(file)

    def _last(self, file: int) -> Line | None:
        """Return the last whole line of an open file."""
        end = _end_of_lines(file)
        if not end:
            return None
        begin = _after_newline(file, end - 1)
        return parse_line(os.pread(file, end - begin, begin), self.key)


def _write(file: int, text: bytes) -> None:
    """Write a line durably. Raises OSError: some of it may be written then."""
    if os.write(file, text) < len(text):
        raise OSError(errno.ENOSPC, "not all of a line could be written: the disk may be full")
    os.fsync(file)


def _cut(file: int) -> int:
    """Cut off what follows the last whole line, and return where that one ends."""
    end = _end_of_lines(file)
    if os.fstat(file).st_size > end:
        os.ftruncate(file, end)
    return end


def _end_of_lines(file: int) -> int:
    return _after_newline(file, os.fstat(file).st_size)


def _after_newline(file: int, before: int) -> int:
    """Return the place behind the last end of a line that stands before a place; the beginning, where there is none."""
    while before > 0:
        begin = max(0, before - _BLOCK_BYTES)
        if (found := os.pread(file, before - begin, begin).rfind(b"\n")) >= 0:
            return begin + found + 1
        before = begin
    return 0
