"""A file of lines that only grows: add one durably, read the last one, read them all. What a line says is not known.

A line counts once its end is written. What a crash or a full disk left of one is passed over by readers and cut off by
the next writer, under the lock that every reader and writer takes for the moment of it. All of it raises OSError.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from compliance_bot.keys import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK_BYTES = 8192  # more than most lines have


@contextmanager
def reading(path: Path) -> Iterator[int | None]:
    """Open the file for reading while nobody writes; None where there is none."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield file
    finally:
        os.close(file)


@contextmanager
def writing(path: Path) -> Iterator[int]:
    """Open the file while nobody else reads or writes, made for its owner alone where there is none."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def whole_lines(file: int) -> Iterator[bytes]:
    """Yield the lines of a file that was just opened, each with its end."""
    with os.fdopen(os.dup(file), "rb") as text:
        yield from (line for line in text if line.endswith(b"\n"))


def last_line(file: int) -> bytes | None:
    """Return the last whole line with its end, None where there is none; reads the end of the file alone."""
    end = _end_of_lines(file)
    if not end:
        return None
    begin = _after_newline(file, end - 1)
    return os.pread(file, end - begin, begin)


def append_line(file: int, line: bytes, folder: Path) -> None:
    """Write a line, with its end, durably into a file of this folder. Where that fails the file is as before."""
    end = _end_of_lines(file)
    if os.fstat(file).st_size > end:
        os.ftruncate(file, end)
    try:
        _write(file, line)
        if not end:
            sync_folder(folder)
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, end)
        raise


def _write(file: int, line: bytes) -> None:
    if os.write(file, line) < len(line):
        raise OSError(errno.ENOSPC, "not all of a line could be written: the disk may be full")
    os.fsync(file)


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
