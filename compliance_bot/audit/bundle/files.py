"""Read the files of an export, from a folder or a ZIP archive, by names that an export may have. Nothing is unpacked.

A name is looked up and leads nowhere else: no links, no parent folders, no name twice. What is read is counted against
what a file of that name may have, whatever an archive says of its size.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from compliance_bot.audit.bundle.form import MAX_FILES, BundleMalformed, FileMissing, limit_bytes, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAST_HEADER = 30  # bytes before a member's name (APPNOTE.TXT 4.3.7)
_ENCRYPTED = 0x1  # bit of a member's flags
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_PIECE_BYTES = 1 << 18
_MOST_FOLDERS = 8  # deep; a tile of the largest tree stands less deep


class Files(Protocol):
    """The files of an export."""

    def names(self) -> frozenset[str]:
        """Return the names of all files, each one that an export may have."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file. Raises FileMissing or BundleMalformed."""


def open_files(path: Path) -> Files:
    """Return the files of a folder or an archive. Raises FileMissing and BundleMalformed."""
    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        raise FileMissing("there is no folder and no file of this name: give the export's")
    return Archive(path)


def read(files: Files, name: str) -> bytes:
    """Return what is in a file that is small. Raises FileMissing or BundleMalformed."""
    return b"".join(pieces(files, name))


def pieces(files: Files, name: str) -> Iterator[bytes]:
    """Yield what is in a file, piece by piece. Raises FileMissing or BundleMalformed."""
    left = limit_bytes(name)
    try:
        with files.open(name) as file:
            while piece := file.read(_PIECE_BYTES):
                left -= len(piece)
                if left < 0:
                    raise BundleMalformed(f"{name} is larger than such a file may be")
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise BundleMalformed(f"{name} cannot be read: it is damaged") from error


def lines(files: Files, name: str, *, limit: int, sha256: str) -> Iterator[bytes]:
    """Yield the lines of a file without their newlines.

    Raises FileMissing or BundleMalformed, at the end also where the file is another than the one with this hash.
    """
    rest, digest = b"", hashlib.sha256()
    for piece in pieces(files, name):
        digest.update(piece)
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > limit:
            raise BundleMalformed(f"{name} has a line that is longer than one may be")
    if rest:
        raise BundleMalformed(f"{name} ends within a line: it was cut")
    if digest.hexdigest() != sha256:
        raise BundleMalformed(f"{name} is not the file that the manifest lists")


class Folder:
    """An export that is a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names = frozenset(_walk(path, "", _MOST_FOLDERS))
        _require_names(self._names)

    def names(self) -> frozenset[str]:
        return self._names

    def open(self, name: str) -> IO[bytes]:
        if name not in self._names:
            raise FileMissing(f"{name} is missing")
        opened = os.open(self._path / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        return os.fdopen(opened, "rb")


class Archive:
    """An export that is a ZIP archive."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise BundleMalformed("this is neither a folder nor a ZIP archive that can be read") from error
        members = self._archive.infolist()
        if len(members) > MAX_FILES:
            raise BundleMalformed(f"an export has at most {MAX_FILES} files, and this one has {len(members)}")
        for member in members:
            _require_plain(member)
        placed = sorted((member.header_offset, member.compress_size) for member in members)
        if any(start + _LEAST_HEADER + size > following for (start, size), (following, _) in pairwise(placed)):
            raise BundleMalformed("two files of the archive share bytes: no program writes such a one")
        self._members = {member.filename: member for member in members if not member.is_dir()}
        if len({member.filename for member in members}) != len(members):
            raise BundleMalformed("the archive has two files of one name: which one is meant cannot be known")
        _require_names(frozenset(self._members))

    def names(self) -> frozenset[str]:
        return frozenset(self._members)

    def open(self, name: str) -> IO[bytes]:
        if name not in self._members:
            raise FileMissing(f"{name} is missing")
        return self._archive.open(self._members[name])


def _require_plain(member: zipfile.ZipInfo) -> None:
    """Raise BundleMalformed for a member that a file of an export cannot be."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (member.orig_filename != member.filename):
        raise BundleMalformed("the archive has a link or a name of two readings")
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
        raise BundleMalformed("the archive has a file that is encrypted or packed in an unusual way")
    if not member.is_dir() and member.file_size > limit_bytes(member.filename):
        raise BundleMalformed("the archive has a file that is larger than such a file may be")


def _require_names(names: frozenset[str]) -> None:
    for name in names:
        limit_bytes(name)


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[str]:
    if depth == 0:
        raise BundleMalformed("the export has folders within folders, more than one of ours")
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            count += 1
            if count > MAX_FILES:
                raise BundleMalformed(f"an export has at most {MAX_FILES} files")
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", depth - 1)
            elif entry.is_file(follow_symlinks=False):
                yield prefix + entry.name
            else:
                raise BundleMalformed("the export has a link or what is no file: " + shown(prefix + entry.name))
