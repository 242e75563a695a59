"""Find what is to be ingested under the paths that a user named, and what each file is called.

Nothing is parsed here. Files are taken in the order of their names; hidden ones, links out of a folder and special
files are left out. A document's identity is where it came from: the file's resolved path, or its path relative to
`base`, so that a corpus may be mounted elsewhere and still be the same; a ready passage is known by its `_id`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.errors import UsageError
from compliance_bot.records import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_PASSING = (".tmp", ".part", ".partial", ".crdownload", ".swp", ".swx")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file: where it is, what it is called in messages and attribute lists, and what identifies its document."""

    path: Path
    name: str
    identity: str
    root: str  # identity of the path that was named, under which it lies


def find_files(paths: Sequence[Path], *, base: Path | None = None) -> Iterator[SourceFile | Rejected]:
    """Yield each file under the paths once. Raises UsageError for a path outside `base`; absent ones are rejected."""
    root = base.resolve() if base else None
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            yield Rejected(path=_shown(path), reason="there is no such file or folder")
            continue
        for file in _walk(path):
            if isinstance(file, Rejected):
                yield file
                continue
            resolved = file.resolve()
            if resolved in seen:
                continue
            seen.add(resolved)
            yield SourceFile(
                path=file,
                name=_name(file, path, root),
                identity=identity_of(resolved, root),
                root=identity_of(path, root),
            )


def _walk(path: Path) -> Iterator[Path | Rejected]:
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        yield Rejected(path=_shown(path), reason="neither a file nor a folder")
        return
    unreadable: list[OSError] = []
    for folder, folders, names in os.walk(path, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if not _is_passing(name) and not file.is_symlink() and file.is_file():
                yield file
        while unreadable:
            yield _unreadable(unreadable.pop())
    while unreadable:
        yield _unreadable(unreadable.pop())


def _is_passing(name: str) -> bool:
    """Return whether a name is that of a hidden file, or of what a program keeps while it works on another."""
    return name.startswith((".", "~$", ".~lock")) or name.endswith(("~", *_PASSING))


def _unreadable(error: OSError) -> Rejected:
    return Rejected(path=_shown(error.filename), reason=f"the folder cannot be read: {error.strerror}")


def _name(file: Path, named: Path, base: Path | None) -> str:
    """Return the name by which an attribute list knows a file: relative to the base, or to the folder given."""
    if base:
        return _shown(file.resolve().relative_to(base))
    return _shown(file.relative_to(named) if named.is_dir() else file.name)


def _shown(path: Path | str) -> str:
    """Return a path as text: bytes in a name that are not UTF-8 cannot be written down."""
    return os.fsencode(path).decode("utf-8", "replace")


def identity_of(path: Path, base: Path | None) -> str:
    """Return what identifies a path: itself resolved, or what it is under the resolved base. Raises UsageError."""
    resolved = path.resolve()
    if base is None:
        return f"file:{resolved}"
    try:
        return f"base:{resolved.relative_to(base)}"
    except ValueError:
        raise UsageError(f"{resolved} is not under the base {base}") from None
