"""The anchor as a file: its lines in order, each checked with the home's key. It knows nothing of a database.

How a line is written so that a crash cannot break the file is `append_only`.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from compliance_bot import append_only
from compliance_bot.anchor.faults import AnchorUnreadable, AnchorUnwritable
from compliance_bot.anchor.line import format_line, in_order, parse_line
from compliance_bot.keys import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.anchor.line import Line


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
                yield from in_order(parse_line(one, self.key) for one in append_only.whole_lines(file))

    def append(self, follow: Callable[[Line | None], Line]) -> Line:
        """Write the line that `follow` makes of the last one, durably, and return it.

        Raises AnchorUnwritable, and what `follow` raises: then the file is as before.
        """
        with self._writing() as file:
            line = follow(self._last(file))
            append_only.append_line(file, format_line(line), self.path.parent)
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
            with append_only.reading(self.path) as file:
                yield file
        except OSError as error:
            raise AnchorUnreadable(self.path, error) from error

    @contextmanager
    def _writing(self) -> Iterator[int]:
        try:
            with append_only.writing(self.path) as file:
                yield file
        except OSError as error:
            raise AnchorUnwritable(self.path, error) from error

    def _last(self, file: int) -> Line | None:
        """Return the last whole line of an open file."""
        line = append_only.last_line(file)
        return None if line is None else parse_line(line, self.key)
