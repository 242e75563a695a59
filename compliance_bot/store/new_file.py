"""A file that comes under its name whole or not at all, and never in the place of another.

It is written beside its name, under one of its own, which is gone after the block; `publish` links the finished file.
What the operating system raises is left as it is: who writes knows what the file is.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from compliance_bot.keys import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file on its way to a name."""

    path: Path
    partial: Path
    file: IO[bytes]

    def settle(self) -> None:
        """Let all that was written be on the disk. Raises OSError."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def publish(self) -> None:
        """Let the file have its name. Raises FileExistsError where somebody took it meanwhile, and OSError."""
        os.link(self.partial, self.path)  # unlike a rename, never in the place of another file
        sync_folder(self.path.parent)


@contextmanager
def new_file(path: Path) -> Iterator[NewFile]:
    """Begin a file that this account alone can read. Raises FileExistsError and OSError."""
    if path.exists() or path.is_symlink():
        raise FileExistsError(path)
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.partial")
    file = os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
    try:
        yield NewFile(path=path, partial=partial, file=file)
    finally:
        with suppress(OSError):
            file.close()
        partial.unlink(missing_ok=True)
